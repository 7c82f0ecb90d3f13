"""Planted words in every place of a log record: nothing but what the allow-list names gets out."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from settings.logs import ALLOWED, LOGGING, AllowListFormatter

WORD = "plantedword"
OURS, FOREIGN = "realtime.planted", "somebody.planted"


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """What two loggers write, one of ours and one of a library, as the service has them written."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(AllowListFormatter())
    loggers = [logging.getLogger(OURS), logging.getLogger(FOREIGN)]
    for logger in loggers:
        logger.addHandler(handler)
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
    yield out
    for logger in loggers:
        logger.removeHandler(handler)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """Every line is one JSON object."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def fail_with(word: str) -> None:
    """Raise with the word in the text, in a local variable, in a cause and in a note."""
    secret = word  # a traceback with variables would show it
    try:
        raise KeyError(secret)
    except KeyError as cause:
        error = ValueError(f"could not read {secret!r}")
        error.add_note(secret)
        raise error from cause


@pytest.mark.parametrize("name", [OURS, FOREIGN])
def test_arguments_do_not_get_out(written: io.StringIO, name: str) -> None:
    logger = logging.getLogger(name)
    logger.warning("no room for %s", WORD)
    logger.warning("no room for %(what)s", {"what": WORD})
    assert WORD not in written.getvalue()
    assert len(lines(written)) == 2


@pytest.mark.parametrize("name", [OURS, FOREIGN])
def test_an_exception_is_a_class_and_places(written: io.StringIO, name: str) -> None:
    try:
        fail_with(WORD)
    except ValueError:
        logging.getLogger(name).exception("it failed", stack_info=True)
    [line] = lines(written)
    assert WORD not in written.getvalue()
    assert line["error"] == "ValueError"
    assert any("test_logs.py" in at and at.endswith("fail_with") for at in line["at_lines"])


@pytest.mark.parametrize("name", [OURS, FOREIGN])
def test_fields_that_nobody_allowed_and_requests_do_not_get_out(written: io.StringIO, name: str) -> None:
    request = RequestFactory().get(f"/consults/{WORD}?q={WORD}", HTTP_AUTHORIZATION=WORD)
    more = {"request": request, "member": WORD, "stream": WORD, "seat": WORD, "text": WORD, "url": WORD, "user": WORD}
    logging.getLogger(name).info("asked", extra=more)
    assert WORD not in written.getvalue()


def test_a_librarys_message_does_not_get_out_at_all(written: io.StringIO) -> None:
    logging.getLogger(FOREIGN).error(f"Not Found: /consults/{WORD}")
    [line] = lines(written)
    assert WORD not in written.getvalue()
    assert line["message"].startswith("test_logs:")


def test_a_message_that_is_no_text_does_not_get_out(written: io.StringIO) -> None:
    logging.getLogger(OURS).error(ValueError(WORD))
    logging.getLogger(OURS).error({"text": WORD})
    assert WORD not in written.getvalue()


def test_an_allowed_field_gets_out_but_not_a_thing_in_it(written: io.StringIO) -> None:
    logger = logging.getLogger(OURS)
    logger.info("a batch", extra={"batch": 3, "kind": "message"})
    logger.info("a batch", extra={"batch": [WORD], "kind": {"text": WORD}})
    first, second = lines(written)
    assert (first["batch"], first["kind"], first["message"]) == (3, "message", "a batch")
    assert not {"batch", "kind"} & set(second)


@given(extra=st.dictionaries(st.text("abcdefghijklmnop_", min_size=1, max_size=12), st.text(max_size=20), max_size=8))
def test_whatever_fields_there_are_only_allowed_ones_are_written(extra: dict[str, str]) -> None:
    record = logging.LogRecord(OURS, logging.INFO, __file__, 1, "constant", (), None)
    record.__dict__.update(extra)
    line = json.loads(AllowListFormatter().format(record))
    assert set(line) <= ALLOWED | {"at", "level", "logger", "message"}


def test_everything_that_is_logged_goes_through_the_allow_list() -> None:
    assert LOGGING["root"]["handlers"] == ["stderr"]
    assert {handler["formatter"] for handler in LOGGING["handlers"].values()} == {"allow_list"}
    assert LOGGING["formatters"]["allow_list"]["()"] is AllowListFormatter
    assert all(logger["handlers"] == [] for logger in LOGGING["loggers"].values())


def test_access_lines_are_not_written_by_any_server() -> None:
    for name in ("uvicorn.access", "django.channels.server"):
        assert LOGGING["loggers"][name] == {"handlers": [], "level": "CRITICAL", "propagate": False}
