"""Numbers by their check digits, and mapping files of other registries."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members import taxonomy
from members.registry.layouts import NPPES, NUCC, LayoutError, bare, is_npi, read_layout
from tests.members.registry.nppes import npi

SWEDEN = """
registry = "se-hosp"
country = "SE"
delimiter = ";"
[columns]
number = "Kod"
family = "Efternamn"
given = "Förnamn"
field = ["Specialitet 1", "Specialitet 2"]
[specialties]
"Kardiologi" = "cardiology"
[active]
Status = "Aktiv"
"""


def test_the_check_digit_of_an_npi_is_that_of_the_authoritys_own_example() -> None:
    assert is_npi("1234567893")  # Source: CMS, "Requirements for National Provider Identifier Check Digit"
    assert not is_npi("1234567890")
    assert not is_npi("3234567893")
    assert not is_npi("١٢٣٤٥٦٧٨٩٣")


@given(st.integers(0, 99_999_999), st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(n: int, place: int, more: int) -> None:
    number = npi(n)
    wrong = number[:place] + str((int(number[place]) + more) % 10) + number[place + 1 :]
    assert is_npi(number)
    assert not is_npi(wrong)


def test_every_code_of_a_field_stands_for_a_specialty_that_there_is() -> None:
    assert set(NUCC.values()) <= set(taxonomy.SPECIALTIES)
    assert NPPES.specialty("207RC0000X") == "cardiology"
    assert NPPES.specialty("207RA0401X") == "general_medicine"  # by its beginning
    assert NPPES.specialty("332B00000X") == ""


def test_a_number_is_kept_in_one_form() -> None:
    assert bare(" ab-12 34 ") == "AB1234"


def test_a_mapping_describes_another_countrys_file() -> None:
    layout = read_layout(SWEDEN)
    assert (layout.registry, layout.columns["number"], layout.active["Status"]) == ("se-hosp", ("Kod",), ("Aktiv",))
    assert layout.specialty("Kardiologi") == "cardiology"


@pytest.mark.parametrize(("was", "becomes"), [
    ("registry", "registri"), ('"se-hosp"', '"us-npi"'), ('number = "Kod"\n', ""), ('"SE"', '"Sweden"'),
    ("given =", "forename ="), ('delimiter = ";"', 'check = "guess"'), ("[columns]", "[columns"),
    ('"se-hosp"', '"a registry with a long name"'),
])  # fmt: skip
def test_a_mapping_that_is_not_right_is_refused_with_a_reason(was: str, becomes: str) -> None:
    with pytest.raises(LayoutError, match="mapping"):
        read_layout(SWEDEN.replace(was, becomes))
