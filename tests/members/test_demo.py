"""The people of the demo: there after one call and after ten, and nowhere but in a demo."""

import pytest
from pytest_django import Settings

from members import availability, demo
from members.demo_views import WINDOWS
from members.models import Account, Token
from tests.members.browser import Browser
from tests.members.people import code_of

pytestmark = pytest.mark.django_db


def test_the_demos_people_are_made_once_and_their_clocks_refreshed() -> None:
    first, again = demo.create_people(), demo.create_people()
    assert first == again
    assert Account.objects.count() == len(demo.PEOPLE)
    assert {"okafor", "lind", "diaz", "tanaka"} <= set(first)


def test_a_cardiologist_and_others_are_available_from_the_start() -> None:
    from django.utils import timezone

    people = demo.create_people()
    now = timezone.now()
    found = availability.find_available(specialty="cardiology", language="en", ring=0, exclude=set(), now=now)
    assert found == [str(people["lind"].pk)]
    assert availability.find_available(specialty="nephrology", language="en", ring=0, exclude=set(), now=now)


def test_one_click_signs_in_and_a_second_clinician_can_stand_beside() -> None:
    demo.create_people()
    browser = Browser()
    shown = browser.get("/demo")
    assert [person["name"] for person in shown["people"]][:2] == ["Dr Amara Okafor", "Dr Jonas Lind"]
    assert "No real patients" in shown["banner"]
    answer = browser.call("POST", "/demo/sign-in", {"who": "okafor"})
    assert answer.json() == {"name": "Dr Amara Okafor", "token": None}
    assert browser.get("/me")["name"] == "Dr Amara Okafor"
    assert len(browser.get("/sessions")) == 1

    for _ in range(WINDOWS + 2):
        beside = browser.call("POST", "/demo/sign-in", {"who": "lind", "beside": True}).json()
    assert Browser(token=beside["token"]).get("/me")["name"] == "Dr Jonas Lind"
    assert browser.get("/me")["name"] == "Dr Amara Okafor"
    assert Token.objects.count() == WINDOWS


def test_one_click_counts_as_having_said_the_password_so_a_second_factor_can_be_set_up() -> None:
    demo.create_people()
    browser = Browser()
    browser.get("/demo")
    browser.call("POST", "/demo/sign-in", {"who": "ferreira"})
    totp = "/_allauth/browser/v1/account/authenticators/totp"
    secret = browser.call("GET", totp).json()["meta"]["secret"]
    assert browser.call("POST", totp, {"code": code_of(secret)}).status_code == 200


def test_one_may_change_who_one_is_by_another_click() -> None:
    demo.create_people()
    browser = Browser()
    browser.get("/demo")
    browser.call("POST", "/demo/sign-in", {"who": "okafor"})
    browser.get("/demo")
    browser.call("POST", "/demo/sign-in", {"who": "lind"})
    assert browser.get("/me")["name"] == "Dr Jonas Lind"


def test_a_stranger_and_a_missing_csrf_token_are_refused() -> None:
    demo.create_people()
    browser = Browser()
    assert browser.call("POST", "/demo/sign-in", {"who": "lind"}).status_code == 403
    browser.get("/demo")
    assert browser.call("POST", "/demo/sign-in", {"who": "adeyemi"}).status_code == 404
    assert browser.call("POST", "/demo/sign-in", {"who": "nobody"}).status_code == 404


def test_where_there_is_no_demo_its_addresses_do_not_exist(settings: Settings) -> None:
    demo.create_people()
    settings.CURBSIDE_DEMO = False
    browser = Browser()
    assert browser.call("GET", "/demo").status_code == 404
    assert browser.call("POST", "/demo/sign-in", {"who": "lind"}).status_code == 404


def test_the_demos_password_signs_in_too() -> None:
    demo.create_people()
    browser = Browser()
    browser.call("GET", "/_allauth/browser/v1/config")
    browser.call("POST", "/_allauth/browser/v1/auth/login",
                 {"email": "lind@demo.curbside.example", "password": demo.PASSWORD})
    assert browser.get("/me")["name"] == "Dr Jonas Lind"
