"""Numbers as values: what may be dialled, what may be shown, what is an emergency, and what is shown of them."""

from __future__ import annotations

import json
from pathlib import Path

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat

from voice.numbers import (
    DIALLED,
    EMERGENCY,
    SHOWN,
    TYPES,
    Unreadable,
    find_emergency,
    formatted,
    is_region,
    mask,
    read_number,
    zones_of,
)

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
EXAMPLES = [
    number for region in REGIONS for kind in TYPES
    if (number := phonenumbers.example_number_for_type(region, kind)) is not None
]  # fmt: skip
FORMS = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL, PhoneNumberFormat.RFC3966)


@pytest.mark.parametrize(
    "raw",
    ["911", "9-1-1", " 911 ", "+1911", "+1 911", "1911", "1 911", "9911", "9 911", "*911", "#911", "911;ext=1", "9111",
     "988", "+1988", "1988", "112", "+46112", "00112", "011 44 999", "+44 999", "999", "000", "110", "15", "17",
     "９１１", "٩١١", "९११", "(911)", "tel:911"],
)  # fmt: skip
def test_an_emergency_number_is_found_however_it_is_typed(raw: str) -> None:
    assert find_emergency(raw, "US") in EMERGENCY


@pytest.mark.parametrize(("raw", "tel"), [("+1911", "911"), ("9 911", "911"), ("+44 999", "999"), ("9112", "911")])
def test_what_the_handset_has_to_dial_is_the_number_itself(raw: str, tel: str) -> None:
    assert find_emergency(raw, "US") == tel


@pytest.mark.parametrize(
    ("raw", "region", "tel"),
    [("9⑪", "US", "911"), ("⑪2", "US", "112"), ("*67 911", "US", "911"), ("*67911", "US", "911"),
     ("*671 911", "US", "911"), ("#31#112", "DE", "112"), ("*31#+44 999", "US", "999"), ("9 1 911", "US", "911"),
     ("8 112", "US", "112"), ("9 0 112", "US", "112"), ("9,911", "US", "911"), ("911,,1", "SE", "911"),
     ("911 ext 5", "SE", "911"), ("tel:911;phone-context=+1", "SE", "911"), ("TEL:112", "SE", "112")],
)  # fmt: skip
def test_a_disguise_is_answered_with_the_number_to_dial(raw: str, region: str, tel: str) -> None:
    assert find_emergency(raw, region) == tel


TYPED = json.loads((Path(__file__).parents[1] / "client" / "core" / "emergency.json").read_text("utf-8"))


@pytest.mark.parametrize(("raw", "tel"), TYPED.items())
def test_the_service_says_what_the_client_says_at_once(raw: str, tel: str | None) -> None:
    assert find_emergency(raw, "US") == tel


@given(
    st.sampled_from(["911", "112"]),
    st.sampled_from(["", "9 ", "9,", "0", "8 ", "9 1 ", "9 0 ", "*67 ", "*67", "#31#", "*82,", "tel:"]),
    st.sampled_from(["", ",,1", " ext 5", " x7", ";ext=1", ";phone-context=+1", " #", "*"]),
    st.sampled_from(["0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "𝟘𝟙𝟚𝟛𝟜𝟝𝟞𝟟𝟠𝟡", "⓪①②③④⑤⑥⑦⑧⑨"]),
    st.sampled_from(REGIONS),
)
def test_no_way_of_writing_hides_an_emergency_number(
    tel: str, ahead: str, behind: str, figures: str, region: str
) -> None:
    raw = ahead + "".join(figures[int(digit)] for digit in tel) + behind
    found = find_emergency(raw, region)
    try:  # where it is somebody's number, that is what is dialled
        read_number(raw, region)
    except Unreadable:
        assert found is not None
    if not ahead and behind != "*":
        assert found == tel


@pytest.mark.parametrize(
    ("raw", "region", "tel"),
    [("030 110", "DE", "110"), ("+49 89 112", "DE", "112"), ("02742 144", "AT", "144"), ("031 119", "KR", "119"),
     ("+82 31 119", "US", "119")],
)  # fmt: skip
def test_an_area_code_before_an_emergency_number_changes_nothing(raw: str, region: str, tel: str) -> None:
    assert read_number(raw, region), "it could be dialled"
    assert find_emergency(raw, region) == tel


@pytest.mark.parametrize("raw", ["030 1300", "+49 30 110110", "*67 617 555 0100", "617 555 0100 ext 911", "913",
                                 "+1 913 555 0100", "912 555 0100"])  # fmt: skip
def test_what_only_looks_like_an_emergency_number_is_none(raw: str) -> None:
    assert find_emergency(raw, "DE" if raw[:1] == "0" else "US") is None


@given(st.sampled_from(EXAMPLES), st.sampled_from(FORMS))
def test_nobodys_number_is_taken_for_an_emergency(number: phonenumbers.PhoneNumber, form: int) -> None:
    region = phonenumbers.region_code_for_number(number) or "ZZ"
    raw = phonenumbers.format_number(number, form)
    if phonenumbers.is_valid_number(number):
        assert find_emergency(raw, region) is None


def test_every_example_number_of_the_world_is_no_emergency() -> None:
    found = [
        number for number in EXAMPLES if phonenumbers.is_valid_number(number)
        and find_emergency(phonenumbers.format_number(number, PhoneNumberFormat.E164),
                           phonenumbers.region_code_for_number(number) or "ZZ")
    ]  # fmt: skip
    assert len(EXAMPLES) > 1_000
    assert found == []


@pytest.mark.parametrize(
    ("raw", "kind"),
    [("+1 900 555 1234", "premium"), ("+1 212 976 1234", "premium"), ("+1 617 555 1212", "premium"),
     ("+1 500 555 0006", "personal"), ("+44 70 1234 5678", "personal"), ("+44 76 4012 3456", "pager"),
     ("+44 843 123 4567", "premium"), ("+49 180 1 123456", "shared_cost"),
     ("+881 612 345 678", "global"), ("+979 123 456 789", "global"),
     ("+883 5100 1234 5678", "global"), ("+800 1234 5678", "global"), ("+870 773 111 632", "global"),
     ("+878 10 1234567890", "global"), ("+49 900 1 123456", "premium"), ("+33 899 00 00 00", "premium")],
)  # fmt: skip
def test_what_costs_more_than_a_call_is_not_dialled(raw: str, kind: str) -> None:
    try:
        number = read_number(raw, "US")
    except Unreadable:
        assert kind == "global"  # a range of which no number is in use
        return
    assert number.type == kind
    assert kind not in DIALLED | SHOWN


@pytest.mark.parametrize(
    ("raw", "region"),
    [("+1 617 555 0100", "US"), ("+1 876 555 1234", "JM"), ("+1 416 555 0123", "CA"), ("+1 809 555 1234", "DO"),
     ("+44 20 7946 0123", "GB"), ("+44 1481 256789", "GG"), ("+7 701 123 4567", "KZ"), ("+7 495 123 4567", "RU")],
)  # fmt: skip
def test_a_region_is_more_than_its_country_code(raw: str, region: str) -> None:
    assert read_number(raw, "US").region == region


@pytest.mark.parametrize(
    "raw", ["", "abc", "123", "+", "0" * 41, "+1 617 555 0100 ext. 5", "+999 123 456 789", "5550100"]
)
def test_what_is_no_number_is_unreadable_and_is_not_repeated(raw: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_number(raw, "US")
    assert str(refused.value) == "no telephone number"
    assert refused.value.__suppress_context__ or refused.value.__context__ is None, "a traceback would show the number"


@given(st.text(max_size=60), st.sampled_from(REGIONS))
def test_any_text_is_read_or_is_no_number(raw: str, region: str) -> None:
    find_emergency(raw, region)
    try:
        number = read_number(raw, region)
    except Unreadable:
        return
    assert number.e164[1:].isascii() and number.e164[1:].isdigit()
    assert number.e164 not in repr(number)


@given(st.sampled_from([n for n in EXAMPLES if phonenumbers.is_valid_number(n)]), st.sampled_from(FORMS))
def test_every_way_of_writing_a_number_reads_as_the_same(number: phonenumbers.PhoneNumber, form: int) -> None:
    region = phonenumbers.region_code_for_number(number) or "ZZ"
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    read = read_number(phonenumbers.format_number(number, form), region)
    assert read.e164 == e164
    assert (read.region, read.type == "unknown") == (region if is_region(region) else "001", False)


@given(st.sampled_from(EXAMPLES))
def test_a_mask_holds_two_digits_and_no_more(number: phonenumbers.PhoneNumber) -> None:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    assert [c for c in mask(e164) if c.isdigit()] == list(e164[-2:])


def test_a_number_is_written_as_people_do_and_knows_its_time() -> None:
    assert formatted("+16175550100") == "+1 617-555-0100"
    assert zones_of("+16175550100") == ("America/New_York",)
    assert len(zones_of("+16175550100"[:2] + "8005550100")) != 1
