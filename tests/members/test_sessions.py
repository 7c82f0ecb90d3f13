"""Signing in and out: what ends together, and that a revoked session's sockets are told."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from allauth.usersessions.models import UserSession
from django.contrib.auth import SESSION_KEY
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from members import services
from members.adapters import MFAAdapter
from members.availability import set_availability
from members.errors import Invalid, TooMany
from members.models import Account, Availability, Device, Token
from members.second_factor import has_second_factor
from members.tokens import MOST, create_token, find_token, token_ref
from realtime.models import Revocation
from realtime.sealing import Unsealable
from realtime.tickets import subject_of
from tests.members.browser import Browser
from tests.members.people import code_of, make_member
from tests.members.test_views import PUSH

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


@pytest.fixture
def member() -> Account:
    return services.create_member("ada@example.org", PASSWORD, verified=True, name="Ada", role="physician",
                                  specialty="cardiology", languages=["en"])


def revoked(**who: str) -> bool:
    return Revocation.objects.filter(subject=subject_of(**who)).exists()


def sign_in(password: str = PASSWORD, email: str = "ada@example.org", browser: Browser | None = None) -> Browser:
    browser = browser or Browser()
    browser.call("GET", "/_allauth/browser/v1/config")
    response = browser.call("POST", "/_allauth/browser/v1/auth/login", {"email": email, "password": password})
    browser.status = response.status_code
    return browser


def test_an_email_and_a_password_sign_in_and_the_session_is_seen(member: Account) -> None:
    browser = sign_in(email="Ada@Example.org")
    assert browser.get("/me")["name"] == "Ada"
    (session,) = browser.get("/sessions")
    assert session["current"] is True
    assert str(browser.client.session.session_key) not in str(session)


def test_signing_out_ends_the_session_its_sockets_and_its_devices(member: Account) -> None:
    browser = sign_in()
    browser.call("POST", "/devices", PUSH)
    (session,) = browser.get("/sessions")
    assert browser.call("DELETE", "/_allauth/browser/v1/auth/session").status_code == 401
    assert browser.call("GET", "/me").status_code == 401
    assert revoked(session=session["id"])
    assert not revoked(member=str(member.pk))
    assert not Device.objects.exists()
    assert not UserSession.objects.exists()


def test_a_session_is_ended_from_another(member: Account) -> None:
    here, there = sign_in(), sign_in()
    other = next(s["id"] for s in here.get("/sessions") if not s["current"])
    assert here.call("DELETE", f"/sessions/{other}").status_code == 204
    assert there.call("GET", "/me").status_code == 401
    assert here.get("/me")
    assert revoked(session=other)


@pytest.mark.parametrize("path", ["/staff/admin/login/", "/staff/admin/", "/staff/admin/login/?next=/staff/admin/"])
def test_the_admin_takes_no_password_and_goes_round_no_second_factor(member: Account, path: str) -> None:
    Account.objects.filter(pk=member.pk).update(is_staff=True, is_superuser=True)
    TOTP.activate(member, generate_totp_secret())
    client = Client()
    wanted = {"username": member.email, "password": PASSWORD, "next": "/staff/admin/"}
    answer = client.post(path, wanted, follow=True)
    assert "/sign-in" in [address for address, _ in answer.redirect_chain]
    assert SESSION_KEY not in client.session and not UserSession.objects.exists()


def test_who_signed_in_in_the_client_comes_into_the_admin_if_they_are_staff(member: Account) -> None:
    browser = sign_in()
    assert browser.client.get("/staff/admin/", follow=True).status_code == 403
    Account.objects.filter(pk=member.pk).update(is_staff=True)
    assert browser.client.get("/staff/admin/").status_code == 200
    assert browser.client.get("/staff/admin/login/").headers["Location"] == "/staff/admin/"


def test_ending_ones_own_session_signs_out(member: Account) -> None:
    browser = sign_in()
    (session,) = browser.get("/sessions")
    assert browser.call("DELETE", f"/sessions/{session['id']}").status_code == 204
    assert browser.call("GET", "/me").status_code == 401


def test_a_wrong_password_and_an_unknown_email_are_answered_alike(member: Account) -> None:
    wrong = Browser()
    wrong.call("GET", "/_allauth/browser/v1/config")
    answers = [
        wrong.call("POST", "/_allauth/browser/v1/auth/login", {"email": email, "password": "not the password"})
        for email in ("ada@example.org", "nobody@example.org")]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()


def test_a_suspension_shuts_out_everywhere(member: Account) -> None:
    browser = sign_in()
    browser.call("POST", "/devices", PUSH)
    program = Browser(token=create_token(member, "cli")[1])
    set_availability(member, True, ["cardiology"], timezone.now())
    services.suspend(member, timezone.now())

    assert browser.call("GET", "/me").status_code == 401
    assert program.call("GET", "/me").status_code == 401
    assert revoked(member=str(member.pk))
    assert not Availability.objects.get(account=member).on
    assert not Device.objects.exists()
    assert sign_in().call("GET", "/me").status_code == 401

    services.reinstate(member)
    assert program.call("GET", "/me").status_code == 200
    assert sign_in().call("GET", "/me").status_code == 200


def test_a_phone_signs_in_by_allauths_app_client_and_makes_its_token(member: Account) -> None:
    phone = Browser()
    answer = phone.client.post("/_allauth/app/v1/auth/login", {"email": "ada@example.org", "password": PASSWORD},
                               content_type="application/json")
    headers = {"X-Session-Token": answer.json()["meta"]["session_token"]}
    made = phone.client.post("/api/v1/tokens", {"name": "My phone"}, content_type="application/json", headers=headers)
    assert made.status_code == 201
    assert Browser(token=made.json()["token"]).get("/me")["name"] == "Ada"
    wrong = phone.client.get("/api/v1/me", headers={"X-Session-Token": "wrong"})
    assert wrong.status_code == 401


def test_a_token_is_kept_as_a_digest_and_ends(member: Account) -> None:
    token, secret = create_token(member, "cli", days=2)
    assert secret not in str(Token.objects.values().get())
    now = timezone.now()
    found = find_token(secret, now)
    assert found is not None
    assert found.account == member
    assert Token.objects.get().last_used_at == now
    assert find_token(secret, token.expires_at) is None
    assert find_token(secret[:-1], now) is None
    assert find_token("cbs_" + "a" * 500, now) is None


def test_a_token_that_is_used_often_is_written_seldom(member: Account) -> None:
    _, secret = create_token(member, "cli")
    now = timezone.now()
    find_token(secret, now)
    find_token(secret, now + timedelta(minutes=1))
    assert Token.objects.get().last_used_at == now


def test_removing_a_token_closes_its_sockets(member: Account) -> None:
    token, secret = create_token(member, "cli")
    program = Browser(token=secret)
    assert program.get("/tokens")[0]["current"] is True
    assert program.call("DELETE", f"/tokens/{token.pk}").status_code == 204
    assert program.call("GET", "/me").status_code == 401
    assert revoked(session=token_ref(token))


def test_a_member_has_a_limited_number_of_tokens_with_sensible_lives(member: Account) -> None:
    for n in range(MOST):
        create_token(member, f"t{n}")
    with pytest.raises(TooMany):
        create_token(member, "one more")
    for name, days in (("", 1), ("n" * 81, 1), ("n", 0), ("n", 366)):
        with pytest.raises(Invalid):
            create_token(member, name, days=days)


def test_a_totp_secret_is_sealed_at_rest_and_works(member: Account) -> None:
    secret = generate_totp_secret()
    TOTP.activate(member, secret)
    stored = str(Authenticator.objects.values().get())
    assert secret not in stored
    assert MFAAdapter().decrypt(Authenticator.objects.get().data["secret"]) == secret
    assert sign_in().call("GET", "/me").status_code == 401
    with pytest.raises(Unsealable):
        MFAAdapter().decrypt("bm90IHNlYWxlZCBhdCBhbGw=")


def test_an_authenticator_app_is_added_once_the_password_was_said_again(member: Account) -> None:
    browser = sign_in()
    totp, again = "/_allauth/browser/v1/account/authenticators/totp", "/_allauth/browser/v1/auth/reauthenticate"
    secret = browser.call("GET", totp).json()["meta"]["secret"]
    refused = browser.call("POST", totp, {"code": code_of(secret)})
    assert refused.status_code == 401
    assert [flow["id"] for flow in refused.json()["data"]["flows"]] == ["reauthenticate"]
    assert browser.call("POST", again, {"password": "not the password"}).status_code == 400
    assert browser.call("POST", again, {"password": PASSWORD}).status_code == 200
    assert browser.call("POST", totp, {"code": code_of(secret)}).status_code == 200
    codes = browser.get("/_allauth/browser/v1/account/authenticators/recovery-codes")["data"]["unused_codes"]
    assert len(codes) == 10
    assert has_second_factor(str(member.pk))


def test_a_member_and_a_token_are_made_from_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CURBSIDE_PASSWORD", PASSWORD)
    call_command("create_member", "New@Example.org", "--name", "New", "--specialty", "nephrology", "--verified")
    call_command("create_token", "new@example.org")
    secret = capsys.readouterr().out.splitlines()[-1]
    assert Browser(token=secret).get("/me")["specialty"] == "nephrology"
    assert sign_in(email="new@example.org").get("/me")["verified"] is True
    with pytest.raises(CommandError):
        call_command("create_member", "new@example.org", "--name", "Again")
    with pytest.raises(CommandError):
        call_command("create_token", "nobody@example.org")
    monkeypatch.setenv("CURBSIDE_PASSWORD", "password")
    with pytest.raises(CommandError):
        call_command("create_member", "weak@example.org", "--name", "Weak")


def test_an_email_belongs_to_one_account_however_it_is_cased(member: Account) -> None:
    with pytest.raises(Invalid):
        services.create_member("ADA@example.org", None, name="Twin", role="nurse")
    assert make_member().email.islower()
