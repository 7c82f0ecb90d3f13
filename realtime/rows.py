"""Rows of models in statements written by hand: read as instances, and stored several at a time.

Django puts every query together anew, which costs more than the query itself. Here the text of a statement is a
constant, while the models stay the one place that knows columns and how each database keeps their values.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

from realtime import sql
from realtime.sql import on_postgresql

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Part:
    """One of several statements that are sent together. `name`: by what others call the rows that it returns."""

    text: str
    params: Sequence[Any] = field(default=(), repr=False)
    name: str = ""


@cache
def columns(model: type[Model], alias: str) -> str:
    """Return all columns of a model, for a SELECT from which `read` takes them again."""
    return ", ".join(f'{alias}."{column.column}"' for column in model._meta.concrete_fields)


@cache
def _reading(model: type[Model], vendor: str) -> tuple[list[str], list[tuple[int, Any, Any]], int]:
    """The names of the fields, what turns a database's values into Python's, and the place of the key."""
    fields = model._meta.concrete_fields
    turns = []
    for place, one in enumerate(fields):
        column = one.get_col(model._meta.db_table)
        turning = [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
        turns += [(place, turn, column) for turn in turning]
    assert model._meta.pk is not None
    return [one.attname for one in fields], turns, [one.attname for one in fields].index(model._meta.pk.attname)


def width(model: type[Model]) -> int:
    """Return how many columns `columns` names."""
    return len(model._meta.concrete_fields)


def read(model: type[M], values: Sequence[Any]) -> M | None:
    """Return the instance of a row's columns in the order of `columns`, None where a LEFT JOIN found none."""
    names, turns, key = _reading(model, connection.vendor)
    if values[key] is None:
        return None
    turned = list(values)
    for place, turn, column in turns:
        turned[place] = turn(turned[place], column, connection)
    return model.from_db(connection.alias, names, turned)


def value(model: type[Model], name: str, kept: Any) -> Any:
    """Return the value of one column by the name of its field, as `read` does for all of them."""
    names, turns, _ = _reading(model, connection.vendor)
    for place, turn, column in turns:
        if names[place] == name:
            kept = turn(kept, column, connection)
    return kept


def split(row: Sequence[Any], *models: type[Model]) -> list[Any]:
    """Return an instance (or None) for each model, whose columns stand in the row behind each other, and the rest."""
    found: list[Any] = []
    at = 0
    for model in models:
        found.append(read(model, row[at : at + width(model)]))
        at += width(model)
    return [*found, *row[at:]]


def given(*values: Any) -> list[Any]:
    """Return parameters as the database in use takes them: instants and UUIDs are text on SQLite."""
    if on_postgresql():
        return list(values)
    return [_on_sqlite(value) for value in values]


def _on_sqlite(value: Any) -> Any:
    if hasattr(value, "tzinfo"):
        return connection.ops.adapt_datetimefield_value(value)
    return value.hex if hasattr(value, "hex") and hasattr(value, "urn") else value


def insert(*instances: Model, put: Mapping[str, Part] | None = None, also: str = "", name: str = "") -> Part:
    """Return what stores new rows of one model; a key that the database counts up is left to it.

    `put` stands in the place of a column's value; `also` is what follows (ON CONFLICT, RETURNING).
    """
    model, known = type(instances[0]), put or {}
    fields = [one for one in model._meta.concrete_fields if one is not model._meta.auto_field]
    rows, params = [], list[Any]()
    for instance in instances:
        marks = []
        for one in fields:
            part = known.get(one.column or "")
            marks.append("%s" if part is None else part.text)
            value = getattr(instance, one.attname)
            params += [one.get_db_prep_save(value, connection)] if part is None else part.params
        rows.append(f"({', '.join(marks)})")
    names = ", ".join(f'"{one.column}"' for one in fields)
    text = f"INSERT INTO {model._meta.db_table} ({names}) VALUES {', '.join(rows)} {also}".rstrip()
    return Part(text, params, name)


def update(instance: Model, names: Sequence[str]) -> Part:
    """Return what stores these columns of a row."""
    meta = instance._meta
    assert meta.pk is not None
    fields = [*(meta.get_field(name) for name in names), meta.pk]
    params = [one.get_db_prep_save(getattr(instance, one.attname), connection) for one in fields]  # type: ignore[union-attr]  # no relation from elsewhere
    sets = ", ".join(f'"{one.column}" = %s' for one in fields[:-1])  # type: ignore[union-attr]  # as above
    return Part(f'UPDATE {meta.db_table} SET {sets} WHERE "{meta.pk.column}" = %s', params)


def send(parts: Sequence[Part]) -> None:
    """Carry out statements in the caller's transaction: PostgreSQL all in one, SQLite, which is near, one by one.

    None may look for what another of them stores, but by the `name` of a part before it, nor change its row.
    Source: PostgreSQL, 7.8.4 "Data-Modifying Statements in WITH". Raises django.db.Error.
    """
    if not parts:
        return
    with sql.prepared() as cursor:
        if not on_postgresql():
            for part in parts:
                cursor.execute(part.text, part.params)
            return
        *first, last = parts
        before = ", ".join(f"{part.name or f'part{place}'} AS ({part.text})" for place, part in enumerate(first))
        text = f"WITH {before} {last.text}" if first else last.text
        cursor.execute(text, [value for part in parts for value in part.params])
