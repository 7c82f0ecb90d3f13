"""What the generator says: messages as clinicians write them, none of which the gate stops."""

from __future__ import annotations

from typing import Final

MESSAGES: Final = (
    "Patient in the late sixties on apixaban 5 mg, fell from standing, no loss of consciousness. CT head is clean. "
    "Would you hold tonight's dose or simply observe?",
    "Troponin went from 14 to 61 over three hours, ECG shows T wave inversion in V2 to V4, pain free now. "
    "Cath lab today or heparin and the morning list?",
    "Potassium 6.4 with peaked T waves, calcium gluconate is in, insulin and dextrose running. Creatinine 412, "
    "anuric since the night. I would dialyse; do you agree?",
    "Thank you, that is what I needed. We will hold metformin, repeat lactate in two hours and call again if it "
    "is above 4.",
    "Febrile neutropenia on day nine, MASCC 18, pressure 92 over 55 after 30 ml per kg. Starting piperacillin with "
    "tazobactam; add vancomycin from the start?",
    "Rash began on the trunk, now palms and soles as well, no mucosal lesions. New drugs are lamotrigine for two "
    "weeks and nothing else. Stop it today?",
    "Agree. Give tranexamic acid 1 g now, keep the fibrinogen above 2, and let us look again at the drain output in "
    "one hour.",
    "Left arm drift and a mild facial droop, NIHSS 6, last seen well about three hours ago, glucose 7.1. CT and "
    "angiography are being read now.",
)
