"""Identity and conversation share no join: the schema is read, not trusted.

Whatever stands in the tables of the wire and of the consults is looked at by type, by name and by foreign key, and
then, after members have used them, by content.
"""

import itertools
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import connection, models
from django.utils import timezone

from members import availability, vault
from members.models import Account, Vault
from realtime.log import create_stream, writing
from realtime.models import Seat
from tests.members.people import make_member

CONVERSATIONS = ("realtime", "consults")
PEOPLE = {"members", "account", "auth", "mfa", "usersessions", "admin"}
NAMES_OF_PEOPLE = {"account", "member", "user", "owner_id", "email", "phone", "person", "clinician", "physician",
                   "session", "author"}

pytestmark = pytest.mark.django_db


def conversation_models() -> list[type[models.Model]]:
    found = [model for label in CONVERSATIONS
             for model in apps.get_app_config(label).get_models(include_auto_created=True)]
    assert {model._meta.db_table for model in found} >= {"realtime_stream", "realtime_seat", "realtime_event"}
    return found


def conversation_columns() -> list[tuple[str, Any]]:
    return [(model._meta.db_table, field) for model in conversation_models() for field in model._meta.local_fields]


def test_no_conversation_table_points_to_an_account() -> None:
    for table, field in conversation_columns():
        target = field.related_model
        if target is not None:
            assert target is not get_user_model(), (table, field.name)
            assert target._meta.app_label not in PEOPLE, (table, field.name)


def test_no_database_key_of_a_conversation_table_leads_to_a_table_of_people() -> None:
    tables = {model._meta.db_table for model in conversation_models()}
    people = {model._meta.db_table for model in apps.get_models() if model._meta.app_label in PEOPLE}
    with connection.cursor() as cursor:
        for table in tables:
            for name, key in connection.introspection.get_constraints(cursor, table).items():
                reached = (key["foreign_key"] or ("", ""))[0]
                assert reached not in people, (table, name)
        for table in people:
            for name, key in connection.introspection.get_constraints(cursor, table).items():
                assert (key["foreign_key"] or ("", ""))[0] not in tables, (table, name)


def test_no_column_of_a_conversation_table_could_hold_an_accounts_key_by_type() -> None:
    for table, field in conversation_columns():
        assert not isinstance(field, models.UUIDField | models.EmailField | models.GenericIPAddressField), (
            table, field.name)


def test_no_column_of_a_conversation_table_is_named_after_a_person() -> None:
    for table, field in conversation_columns():
        words = {*field.name.split("_"), *(field.column or "").split("_"), field.name}
        assert not words & NAMES_OF_PEOPLE, (table, field.name)


def test_every_table_in_the_database_is_known_to_the_models_looked_at() -> None:
    known = {model._meta.db_table for model in conversation_models()}
    with connection.cursor() as cursor:
        there = set(connection.introspection.table_names(cursor))
    assert {table for table in there if table.split("_")[0] in CONVERSATIONS} <= known


def rows_of(tables: list[str]) -> dict[str, list[dict[str, Any]]]:
    with connection.cursor() as cursor:
        found = {}
        for table in tables:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            found[table] = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        return found


def used(member: Account) -> list[str]:
    """Let a member do what a member does, and return the threads."""
    availability.set_availability(member, True, ["cardiology"], timezone.now())
    availability.count_offer(str(member.pk), timezone.now())
    threads = [create_stream("consult") for _ in range(2)]
    for thread in threads:
        seat = vault.take_seat(str(member.pk), thread, joined_seq=0)
        with writing(thread) as log:
            log.append(thread, "message", {"text": "hello"}, seat=seat.id)
    return threads


def as_bytes(value: object) -> bytes:
    return bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode()


def test_nothing_that_names_a_member_is_stored_in_a_conversation_table() -> None:
    member = make_member(name="Planted Name")
    used(member)
    planted = [str(member.pk).encode(), member.pk.hex.encode(), member.pk.bytes, member.email.encode(), b"Planted"]
    for table, rows in rows_of([model._meta.db_table for model in conversation_models()]).items():
        for row in rows:
            for column, value in row.items():
                assert not any(word in as_bytes(value) for word in planted), (table, column)


def test_two_threads_of_one_member_share_no_value_without_the_key() -> None:
    one, two = make_member(), make_member()
    first, second = used(one)
    third, _ = used(two)

    def values(thread: str) -> set[bytes]:
        seats = Seat.objects.filter(stream=thread)
        found = {as_bytes(v) for seat in seats.values("id", "name", "stream_id") for v in seat.values()}
        for seat in seats:
            for row in rows_of(["members_vault"])["members_vault"]:
                if any(seat.id in as_bytes(v).decode("latin-1") for v in row.values()):
                    found |= {as_bytes(v) for v in row.values()}
        return found

    for a, b in itertools.combinations((first, second, third), 2):
        assert not values(a) & values(b)


def test_the_vault_holds_no_seat_stream_or_account_in_the_clear() -> None:
    member = make_member()
    threads = used(member)
    seats = list(Seat.objects.filter(stream__in=threads).values_list("id", flat=True))
    secrets = [word.encode() for word in (*threads, *seats, str(member.pk), member.pk.hex)]
    for row in rows_of(["members_vault"])["members_vault"]:
        for column, value in row.items():
            assert not any(secret in as_bytes(value) for secret in secrets), column


def test_the_vaults_rows_stand_in_no_order_of_time() -> None:
    member = make_member()
    for _ in range(12):
        vault.take_seat(str(member.pk), create_stream("consult"), joined_seq=0)
    field = Vault._meta.pk
    assert not isinstance(field, models.AutoField)
    assert not any(isinstance(f, models.DateTimeField | models.AutoField) for f in Vault._meta.local_fields)


def test_another_key_finds_nothing(settings: Any) -> None:
    member = make_member()
    threads = used(member)
    pairs = [(str(member.pk), thread) for thread in threads]
    assert all(vault.find_seats(pairs))
    settings.CURBSIDE_KEYS = {**settings.CURBSIDE_KEYS, "vault": uuid.uuid4().bytes * 2}
    assert not any(vault.find_seats(pairs))
    assert vault.seats_of(str(member.pk)) == []
