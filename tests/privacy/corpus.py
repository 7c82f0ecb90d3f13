"""Lines as clinicians write them: those with what may not stay (between angle quotes), and those that are clean.

A hit is ``(category, line)``, or ``(category, line, rewrite)``. All numbers are made up; check digits are right where
a form has them.
"""

HITS: list[tuple[str, ...]] = [
    # phone and fax
    ("phone", "Call her on ‹617-555-0100›"),
    ("phone", "Her mobile is ‹(617) 555-0123›, evenings"),
    ("phone", "‹617.555.0199› is the daughter"),
    ("phone", "reachable at ‹617 555 0100› after six"),
    ("phone", "‹+1 617 555 0100› is her son"),
    ("phone", "‹+46 70 123 45 67›"),
    ("phone", "ring ‹+44 (0)20 7946 0958›"),
    ("phone", "‹0046 70 123 45 67› at work"),
    ("phone", "GP on ‹020 7946 0958›"),
    ("phone", "next of kin ‹07700 900123›"),
    ("phone", "next of kin ‹07700900123›"),
    ("phone", "‹06 12 34 56 78› is the ward"),
    ("phone", "Handy ‹0171/1234567›"),
    ("phone", "her number: ‹070-123 45 67›"),
    ("phone", "tel ‹5550123›"),
    ("phone", "Fax: ‹555 0123›"),
    ("phone", "please call the daughter at ‹555-0123›"),
    ("phone", "pager ‹1234567›"),
    ("phone", "whatsapp ‹98765 43210›"),
    ("phone", "‹617\u2011555\u20110100› copied from a letter"),
    ("phone", "‹+1\u00a0617\u00a0555\u00a00100›"),
    ("phone", "‹٠٧٧٠٠ ٩٠٠١٢٣› in other digits"),
    # email
    ("email", "write to ‹maria.lopez@example.com› please"),
    ("email", "‹MARIA_1958@mail.example.co.uk›"),
    ("email", "‹josé.díaz@example.org›"),
    ("email", "‹maria (at) example.com›"),
    ("email", "‹maria [at] example [dot] com›"),
    ("email", "‹a+b@sub.example.org›."),
    # web and network addresses
    ("url", "photos at ‹https://photos.example.net/album/77?x=1›."),
    ("url", "(see ‹http://example.org/a›)"),
    ("url", "‹www.example.se/patient›"),
    ("url", "her blog ‹maria-lopez.com›"),
    ("url", "listed on ‹riverside.nhs.uk/wards›"),
    ("ip", "monitor at ‹192.168.10.44› drops"),
    ("ip", "pump ‹10.0.0.7›, no alarm"),
    ("ip", "gateway ‹2001:db8::8a2e:370:7334›"),
    ("ip", "‹fe80:0:0:0:202:b3ff:fe1e:8329›"),
    # dates
    ("date", "born ‹12/03/1958›", "1958"),
    ("date", "DOB ‹1958-03-12›", "1958"),
    ("date", "dob: ‹19580312›", "1958"),
    ("date", "seen ‹12.03.2024› with rash", "2024"),
    ("date", "MRI on ‹12 March 2024›", "2024"),
    ("date", "CT ‹March 12, 2024› clear", "2024"),
    ("date", "‹12th of March 2024›", "2024"),
    ("date", "‹Mar 12 2024›", "2024"),
    ("date", "‹3 Sept. 2023› echo", "2023"),
    ("date", "admitted ‹03/12/24›"),
    ("date", "op ‹03-12-24›"),
    ("date", "since ‹5/6/24› worse"),
    ("date", "fever since ‹March 12th›"),
    ("date", "admitted on ‹12 March›"),
    ("date", "on ‹May 5› she fell"),
    ("date", "‹May 5th› she fell"),
    ("date", "at ‹2024-03-12›T10:20 the troponin rose", "2024"),
    ("date", "‹2024/03/12›", "2024"),
    ("date", "‹12/31/2023›", "2023"),
    # record numbers
    ("record_number", "MRN ‹00482913›"),
    ("record_number", "MRN: ‹A-482913›"),
    ("record_number", "her medical record number is ‹4829134›"),
    ("record_number", "patient no. ‹12345›"),
    ("record_number", "Hospital number ‹H482913›"),
    ("record_number", "Patient ID ‹88-1234›"),
    ("record_number", "account # ‹55512345›"),
    ("record_number", "accession number ‹CT24001234›"),
    ("record_number", "policy number ‹AB 1234567›"),
    ("record_number", "health card ‹1234-567-897›"),
    # national identity numbers
    ("national_id", "SSN ‹219-09-9998›"),
    ("national_id", "‹219-09-9998› on the wristband"),
    ("national_id", "social security number ‹219099998›"),
    ("national_id", "personnummer ‹811218-9876›"),
    ("national_id", "‹811218-9876›"),
    ("national_id", "‹19811218-9876›"),
    ("national_id", "CPR ‹211062-5629›"),
    ("national_id", "NHS ‹943 476 5919›"),
    ("national_id", "‹9434765919›"),
    ("national_id", "‹131052-308T›"),
    ("national_id", "‹44051401359›"),
    ("national_id", "‹85.07.30-033.28›"),
    ("national_id", "‹390.533.447-05›"),
    ("national_id", "‹756.9217.0769.85›"),
    ("national_id", "‹54362315K›"),
    ("national_id", "‹X2482300W›"),
    ("national_id", "‹RCCMNL83S18D969H›"),
    ("national_id", "national insurance number ‹QQ123456C›"),
    ("national_id", "‹AB123456C› on the card"),
    ("national_id", "passport ‹C01X00T47›"),
    ("national_id", "BSN ‹111222333›"),
    ("national_id", "Aadhaar ‹2341 2341 2346›"),
    # ages and postal codes
    ("age", "‹92›-year-old with AF", "90+"),
    ("age", "‹90› yo woman", "90+"),
    ("age", "‹101› y/o", "90+"),
    ("age", "aged ‹93›, frail", "90+"),
    ("age", "‹95› years old", "90+"),
    ("zip", "lives in zip ‹02115›", "021"),
    ("zip", "Boston, MA ‹02115-1234›", "021"),
    ("zip", "Rutland, VT ‹05901›", "000"),
]

CLEAN = """
New fast AF, BP 104/60, on apixaban. Rate or rhythm control tonight?
62-year-old, new AF on apixaban 5 mg bd, HR 148, K 4.1, lactate 1.8, pH 7.35
Hyperkalaemia on spironolactone: K 6.4, creatinine 182, eGFR 31, no ECG changes
troponin 14 then 18 then 22 at 0, 1 and 3 h
trop 14/18/22, CK 300/450/1200
Hb 12/11/10 over three days
Hb 10.2 -> 9.8 -> 8.4 over 24/48/72 h
ABG: pH 7.21, pCO2 8.1, pO2 9.4, HCO3 16, BE -9.8, lactate 4.2
BP 180/110, 176/104, 168/98 over 30 minutes
on call 24/7 this week
GCS 14/15 (E4 V4 M6), pupils 3+ 3+
mRS 3, NIHSS 14, CHA2DS2-VASc 4, HAS-BLED 3
APGAR 7/9/10
visual acuity 6/9 right, 6/12 left; 20/40 corrected
amiodarone 300 mg iv over 60 min, then 900 mg over 24 h
Heparin 5000 units bolus, then 1000-1200 units/h
heparin 25000 units in 500 ml
titrate gabapentin 300-600-1200 mg
pregabalin 75-150-300
escalate 250-500-1000 mg
ferritin 300 450 1200, CRP 120 88 40
Plt 250 300 280, WBC 12.4 11.0 9.8
WBC 12000-15000, platelets 450000
CK 12500, then 8200; myoglobin 1200
paracetamol 1 g at 06:00, 12:00, 18:00 and 24:00
aciclovir at 06 10 14 18 22
doses at 0800 1200 1600 2000
0800 1400 2000 2 puffs
0600-1400 shift
at 10:20:30 the rhythm changed, 12:30:45 again
ECG: HR 48, PR 220, QRS 118, QT 480, QTc 512, axis -30
PR 220 ms, QRS 118 ms
12-lead ECG at 02:12, ST 2 mm in V2-V4
echo: EF 35-40 %, LVIDd 62 mm, E/e' 14, TAPSE 17, RVSP 45
CT: 12 x 14 x 9 mm nodule, HU 45
BRCA1 c.5266dupC, p.Gln1756Profs*74
JAK2 V617F, EGFR exon 19, KRAS G12D, HER2 3+
HLA-B*57:01 negative, HLA-A*02:01:01:02L
EC 3.4.21.5 activity normal
EC 2.7.11.1 inhibitor
TNM T2N1M0, Gleason 4+3=7, PI-RADS 4/5, BI-RADS 4
ICD-10 I48.0, CPT 93306, SNOMED 49436004
NCT01234567 allowed eGFR down to 20
ISRCTN 12345678
Guideline 2023, section 7.3.2
ESC 2020 says class IIa, level B
see the 2019 update, p. 1234-1245
doi 10.1056/NEJMoa1911303
ratio 1:2.5:4, INR 2.5 (2.0-3.0)
Na+ 140 138 142 139, K+ 4.2
reflexes 2+ 2+ 3+ 3+
insulin 10-8-12-20 units
prednisolone 40-30-20-10 mg, 3 days each
sliding scale 2/4/6/8
vancomycin trough 15-20 mcg/mL
noradrenaline 0.05-0.1 mcg/kg/min
IV 0.9% NaCl 1000 ml over 8 h, then 5% dextrose 500 ml
weight 92 kg, height 176 cm, BMI 29.7
92 kg man, 90 mg daily
95% on 2 L, 92 % on air
over 90 days, after 100 days, 120 months
aged 89, 89-year-old, 89 yo
patients aged 65-90
90+ and frail
temp 101F, 98.6F, 39.4 C
visit in 2 weeks, case 3 of 10, chart below
case series 2019-2023
patient 4 of 12
account for 1200 ml of loss
call if K above 5.5 or BP below 90/60
call me if lactate is over 4.0
cell count 1200, CD4 cell 350
text 2 of them
contact time 20 min
May 10 mg help?
may 5 be too much
march fracture, 3 weeks
OCT 3 layers, Oct 4 normal
Dec 5 mg, Jan 2023
since March 2024, in May, last January
in the spring of 2021
5 June apples were eaten
2024 was a bad year
section 12.3.4 of the handbook
v1.2.3.4 of the pump software
version 10.0.0.7
q6h, q.d.s., b.d., t.d.s., p.r.n.
mcg.kg/min and mL.kg-1
e.g. digoxin, i.e. 62.5 mcg
stable.No fever. given.Then nothing
5 mg @ 8 am, 10 mg @ night
2mg@8.30, then nothing
she is on 3 L/min @ 28 %
co-amoxiclav 875/125, co-codamol 30/500, Seretide 250/25
sacubitril/valsartan 49/51, salbutamol 100
trimethoprim/sulfamethoxazole 160/800
insulin 30/70
1/2 tablet, 3/4 strength, 5/5 power
power 5/5, 4/5, 3/5
10/10 pain, 7/10 after morphine
HbA1c 48 mmol/mol (6.5 %)
vitamin D 25000 IU weekly, 50000 IU once
100000 units/mL growth, >100000 CFU
DNA 1234567 copies/ml
viral load 1200000, then 45000
10 000 000 platelets
1 200 000 IU benzathine
RR 24, SpO2 91, HR 132, BP 88/52, T 39.1, GCS 13
BP 120/80 118/76 122/84 119/79
obs 0800 120/80 98 18 36.6
PT 12 13 14, APTT 30 32 35
HR 80 95 60, BP 100 98 95
T11-L2, L4/5, C5/6/7, S1
Crohn, Parkinson, Addison, Hodgkin
G6PD, CYP2C19*2, SLC6A4, TP53, FBN1
NT-proBNP 12345, D-dimer 1234
PaO2/FiO2 180, FiO2 0.6, PEEP 10-12-14
FEV1/FVC 0.62, DLCO 54 %
2-0 Vicryl, 14 Fr, 18G, 7.5 tube at 22 cm
45 XX, 46 XY, 47,XXY, t(9;22)(q34;q11)
first line, 2nd dose, 3rd degree, 5th day
day 14 of 21, cycle 3 of 6, week 32+4
G2P1001, 38+2
C3 0.6, C4 0.08, ANA 1:640, anti-dsDNA 120
""".strip().splitlines()
