"""Roles, specialties, languages and regions, as data. Pure: no Django.

Codes are our own, in lower case with underscores, and stand on the wire; names are shown. A specialty's `doctor` is
the noun of a badge. `related` names the specialties that are asked when the first ring does not answer.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """What a member does. `clinical` roles ask and answer; `noun` stands in a badge with a specialty before it."""

    code: str
    name: str
    noun: str
    clinical: bool = True


@dataclass(frozen=True, slots=True)
class Specialty:
    """A field of medicine: its name, the noun for its physicians, its neighbours and its subspecialties."""

    code: str
    name: str
    doctor: str
    related: tuple[str, ...]
    subspecialties: tuple[str, ...] = ()


ROLES = {
    role.code: role
    for role in (
        Role("physician", "Physician", "physician"),
        Role("resident", "Resident", "resident"),
        Role("nurse_practitioner", "Nurse practitioner", "nurse practitioner"),
        Role("physician_assistant", "Physician assistant", "physician assistant"),
        Role("nurse", "Nurse", "nurse"),
        Role("pharmacist", "Pharmacist", "pharmacist"),
        Role("laboratory_technician", "Laboratory technician", "laboratory technician"),
        Role("administrator", "Administrator", "administrator", clinical=False),
        Role("moderator", "Moderator", "moderator", clinical=False),
    )
}

SPECIALTIES = {
    specialty.code: specialty
    for specialty in (
        Specialty("allergy", "Allergy and immunology", "Allergist", ("dermatology", "pulmonology", "general_medicine")),
        Specialty("anaesthesiology", "Anaesthesiology", "Anaesthesiologist", ("critical_care", "pain_medicine")),
        Specialty("cardiology", "Cardiology", "Cardiologist", ("general_medicine", "critical_care", "cardiac_surgery"),
                  ("interventional_cardiology", "electrophysiology", "heart_failure", "paediatric_cardiology")),
        Specialty("cardiac_surgery", "Cardiac surgery", "Cardiac surgeon", ("cardiology", "thoracic_surgery")),
        Specialty("clinical_pharmacology", "Clinical pharmacology", "Clinical pharmacologist",
                  ("toxicology", "general_medicine")),
        Specialty("critical_care", "Critical care", "Intensivist",
                  ("anaesthesiology", "emergency_medicine", "pulmonology")),
        Specialty("dermatology", "Dermatology", "Dermatologist", ("allergy", "rheumatology", "infectious_disease")),
        Specialty("emergency_medicine", "Emergency medicine", "Emergency physician",
                  ("critical_care", "general_medicine", "toxicology"), ("paediatric_emergency_medicine",)),
        Specialty("endocrinology", "Endocrinology", "Endocrinologist", ("general_medicine", "nephrology"),
                  ("diabetology",)),
        Specialty("ent", "Ear, nose and throat", "ENT surgeon", ("general_surgery", "allergy")),
        Specialty("family_medicine", "Family medicine", "Family physician", ("general_medicine", "paediatrics")),
        Specialty("gastroenterology", "Gastroenterology", "Gastroenterologist",
                  ("general_medicine", "hepatology", "general_surgery")),
        Specialty("general_medicine", "General medicine", "General physician",
                  ("family_medicine", "emergency_medicine", "geriatrics")),
        Specialty("general_surgery", "General surgery", "General surgeon", ("gastroenterology", "vascular_surgery"),
                  ("colorectal_surgery", "trauma_surgery")),
        Specialty("genetics", "Medical genetics", "Geneticist", ("paediatrics", "neurology")),
        Specialty("geriatrics", "Geriatrics", "Geriatrician", ("general_medicine", "family_medicine")),
        Specialty("gynaecology", "Obstetrics and gynaecology", "Obstetrician and gynaecologist",
                  ("family_medicine", "endocrinology"), ("maternal_foetal_medicine",)),
        Specialty("haematology", "Haematology", "Haematologist", ("oncology", "general_medicine")),
        Specialty("hepatology", "Hepatology", "Hepatologist", ("gastroenterology",)),
        Specialty("infectious_disease", "Infectious disease", "Infectious disease physician",
                  ("microbiology", "general_medicine", "tropical_medicine")),
        Specialty("laboratory_medicine", "Laboratory medicine", "Laboratory physician",
                  ("haematology", "microbiology", "pathology")),
        Specialty("microbiology", "Microbiology", "Microbiologist", ("infectious_disease", "laboratory_medicine")),
        Specialty("neonatology", "Neonatology", "Neonatologist", ("paediatrics",)),
        Specialty("nephrology", "Nephrology", "Nephrologist",
                  ("general_medicine", "critical_care", "endocrinology"), ("dialysis", "transplant_nephrology")),
        Specialty("neurology", "Neurology", "Neurologist", ("general_medicine", "neurosurgery"),
                  ("stroke", "epilepsy")),
        Specialty("neurosurgery", "Neurosurgery", "Neurosurgeon", ("neurology", "orthopaedics")),
        Specialty("nuclear_medicine", "Nuclear medicine", "Nuclear medicine physician", ("radiology", "endocrinology")),
        Specialty("occupational_medicine", "Occupational medicine", "Occupational physician",
                  ("general_medicine", "toxicology")),
        Specialty("oncology", "Oncology", "Oncologist", ("haematology", "palliative_care", "radiotherapy")),
        Specialty("ophthalmology", "Ophthalmology", "Ophthalmologist", ("neurology", "emergency_medicine")),
        Specialty("orthopaedics", "Orthopaedics", "Orthopaedic surgeon", ("rheumatology", "rehabilitation")),
        Specialty("paediatrics", "Paediatrics", "Paediatrician", ("family_medicine", "neonatology")),
        Specialty("pain_medicine", "Pain medicine", "Pain physician", ("anaesthesiology", "palliative_care")),
        Specialty("palliative_care", "Palliative care", "Palliative physician", ("oncology", "geriatrics")),
        Specialty("pathology", "Pathology", "Pathologist", ("laboratory_medicine", "haematology")),
        Specialty("plastic_surgery", "Plastic surgery", "Plastic surgeon", ("general_surgery", "dermatology")),
        Specialty("psychiatry", "Psychiatry", "Psychiatrist", ("neurology", "general_medicine"),
                  ("child_psychiatry", "addiction")),
        Specialty("public_health", "Public health", "Public health physician",
                  ("infectious_disease", "occupational_medicine")),
        Specialty("pulmonology", "Pulmonology", "Pulmonologist", ("general_medicine", "critical_care")),
        Specialty("radiology", "Radiology", "Radiologist", ("nuclear_medicine",), ("neuroradiology",)),
        Specialty("radiotherapy", "Radiation oncology", "Radiation oncologist", ("oncology",)),
        Specialty("rehabilitation", "Rehabilitation", "Rehabilitation physician", ("orthopaedics", "neurology")),
        Specialty("rheumatology", "Rheumatology", "Rheumatologist", ("general_medicine", "dermatology")),
        Specialty("sports_medicine", "Sports medicine", "Sports physician", ("orthopaedics", "cardiology")),
        Specialty("thoracic_surgery", "Thoracic surgery", "Thoracic surgeon", ("pulmonology", "cardiac_surgery")),
        Specialty("toxicology", "Toxicology", "Toxicologist", ("emergency_medicine", "clinical_pharmacology")),
        Specialty("tropical_medicine", "Tropical medicine", "Tropical medicine physician",
                  ("infectious_disease", "general_medicine")),
        Specialty("urology", "Urology", "Urologist", ("nephrology", "general_surgery")),
        Specialty("vascular_surgery", "Vascular surgery", "Vascular surgeon", ("general_surgery", "cardiology")),
    )
}

SUBSPECIALTIES = {
    "addiction": ("Addiction psychiatry", "Addiction psychiatrist"),
    "child_psychiatry": ("Child psychiatry", "Child psychiatrist"),
    "colorectal_surgery": ("Colorectal surgery", "Colorectal surgeon"),
    "diabetology": ("Diabetology", "Diabetologist"),
    "dialysis": ("Dialysis", "Dialysis physician"),
    "electrophysiology": ("Electrophysiology", "Electrophysiologist"),
    "epilepsy": ("Epilepsy", "Epileptologist"),
    "heart_failure": ("Heart failure", "Heart failure cardiologist"),
    "interventional_cardiology": ("Interventional cardiology", "Interventional cardiologist"),
    "maternal_foetal_medicine": ("Maternal and foetal medicine", "Maternal and foetal medicine physician"),
    "neuroradiology": ("Neuroradiology", "Neuroradiologist"),
    "paediatric_cardiology": ("Paediatric cardiology", "Paediatric cardiologist"),
    "paediatric_emergency_medicine": ("Paediatric emergency medicine", "Paediatric emergency physician"),
    "stroke": ("Stroke medicine", "Stroke physician"),
    "transplant_nephrology": ("Transplant nephrology", "Transplant nephrologist"),
    "trauma_surgery": ("Trauma surgery", "Trauma surgeon"),
}

REGIONS = ("Africa", "Asia", "Europe", "Latin America", "Middle East", "North America", "Oceania")

LANGUAGES = {
    "ar": "Arabic", "bn": "Bengali", "cs": "Czech", "da": "Danish", "de": "German", "el": "Greek", "en": "English",
    "es": "Spanish", "fa": "Persian", "fi": "Finnish", "fr": "French", "he": "Hebrew", "hi": "Hindi",
    "hu": "Hungarian", "id": "Indonesian", "it": "Italian", "ja": "Japanese", "ko": "Korean", "nl": "Dutch",
    "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian", "sv": "Swedish",
    "sw": "Swahili", "ta": "Tamil", "th": "Thai", "tl": "Filipino", "tr": "Turkish", "uk": "Ukrainian",
    "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
}


def related_to(specialty: str) -> tuple[str, ...]:
    """Return the specialties that are asked next to `specialty`; none for one that is unknown."""
    found = SPECIALTIES.get(specialty)
    return found.related if found else ()
