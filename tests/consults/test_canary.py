"""Planted names, emails and ids: none may appear in anything that this app stores or serves to a peer."""

from __future__ import annotations

import json

from django.apps import apps
from django.db import connection
from django.test import Client

from tests.consults.ward import Ward


def journey(ward: Ward) -> str:
    """Everything that a consult can go through."""
    ward.add_available("renal", "nephrology")
    r = ward.ask("okafor")
    ward.do("lind", "offer.decline", {"offer": ward.offer("lind"), "why": "not_now"})
    ward.accept("berg")
    target = ward.say("berg", r)
    ward.do("okafor", "consult.invite", {"specialty": "nephrology"}, r)
    ward.accept("renal")
    ward.do("berg", "edit", {"target": target, "text": "Changed."}, r)
    ward.do("berg", "consult.report", {"r": r, "reason": "Rude."})
    ward.do("renal", "consult.leave", {}, r)
    ward.do("okafor", "consult.close", {"outcome": "answered"}, r)
    ward.do("okafor", "consult.reopen", {}, r)
    ward.do("berg", "consult.reopen", {}, r)
    ward.do("berg", "redact", {"target": target}, r)
    ward.do("okafor", "consult.close", {"outcome": "partly"}, r)
    ward.ask("okafor")
    return r


def planted(ward: Ward) -> list[str]:
    """What must never be seen: names, emails, ids in both spellings."""
    words = []
    for account in ward.accounts.values():
        words += [account.name, account.email, str(account.pk), account.pk.hex]
    return words


def test_no_event_and_no_answer_to_a_peer_holds_a_planted_word(ward: Ward) -> None:
    r = journey(ward)
    seen = json.dumps([ward.events(r), *[ward.inbox(who) for who in ward.accounts]])
    for who in ("okafor", "berg", "lind"):
        client = Client()
        client.force_login(ward.accounts[who])
        for path in ("/consults", f"/consults/{r}", f"/consults/{r}/summary", "/offers", "/wait?specialty=cardiology"):
            answer = client.get("/api/v1" + path)
            seen += answer.content.decode() + str(answer.headers)
    for word in planted(ward):
        assert word not in seen


def test_no_row_of_consults_or_of_the_wire_holds_a_planted_word(ward: Ward) -> None:
    journey(ward)
    with connection.cursor() as cursor:
        for app in ("consults", "realtime"):
            for model in apps.get_app_config(app).get_models():
                cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')
                rows = b"".join(
                    bytes(v) if isinstance(v, (bytes, memoryview)) else str(v).encode()
                    for row in cursor.fetchall()
                    for v in row
                )
                for word in planted(ward):
                    assert word.encode() not in rows, model


def test_no_table_of_consults_has_a_key_of_a_member() -> None:
    for model in apps.get_app_config("consults").get_models():
        for field in model._meta.get_fields():
            related = getattr(field, "related_model", None)
            assert related is None or related._meta.app_label != "members", field


def test_two_consults_of_one_pair_share_no_word_but_the_badges(ward: Ward) -> None:
    first = ward.open("okafor", "lind")
    ward.do("lind", "consult.hand_back", {}, first)
    ward.do("okafor", "consult.withdraw", {}, first)
    second = ward.open("okafor", "lind")
    names = [{e["u"] for e in ward.events(r) if "u" in e} for r in (first, second)]
    assert not names[0] & names[1]
    assert first not in json.dumps(ward.events(second))
