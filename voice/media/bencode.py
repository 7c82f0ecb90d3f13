"""Bencode, the wire format of rtpengine's control protocol. Sans-IO: bytes in, values out, and the other way round.

Source: BEP 3, "bencoding"; rtpengine's ng protocol says the same in docs/ng_control_protocol.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

Value: TypeAlias = "int | str | Sequence[Value] | Mapping[str, Value]"
Found: TypeAlias = "int | str | list[Found] | dict[str, Found]"

_DEEPEST: Final = 16
"""How far lists and dictionaries may be nested; an engine's answer needs seven."""
_LONGEST: Final = 20
"""Digits of an integer or of a length: a counter of 64 bits."""


class Malformed(ValueError):
    """Bytes that are no bencode, or not one whole value. The message holds none of them."""


def encode(value: Value) -> bytes:
    """Return a value as bencode; text as UTF-8, keys in the order of their bytes."""
    out: list[bytes] = []
    _write(value, out)
    return b"".join(out)


def _write(value: Value, out: list[bytes]) -> None:
    if isinstance(value, str):
        text = value.encode()
        out.append(b"%d:%b" % (len(text), text))
    elif isinstance(value, int):
        out.append(b"i%de" % value)
    elif isinstance(value, Mapping):
        out.append(b"d")
        for key in sorted(value, key=str.encode):
            _write(key, out)
            _write(value[key], out)
        out.append(b"e")
    else:
        out.append(b"l")
        for one in value:
            _write(one, out)
        out.append(b"e")


def decode(data: bytes) -> Found:
    """Return the one value that the bytes are; text that is no UTF-8 has marks in place of what is wrong.

    Raises Malformed.
    """
    value, end = _read(data, 0, 0)
    if end != len(data):
        raise Malformed("something stands behind the value")
    return value


def _read(data: bytes, at: int, depth: int) -> tuple[Found, int]:
    kind = data[at : at + 1]
    if kind == b"i":
        end = _find(data, b"e", at + 1)
        return _integer(data[at + 1 : end], signed=True), end + 1
    if kind.isdigit():
        colon = _find(data, b":", at)
        end = colon + 1 + _integer(data[at:colon], signed=False)
        if end > len(data):
            raise Malformed("a text ends too early")
        return data[colon + 1 : end].decode("utf-8", "replace"), end
    if kind not in (b"l", b"d") or depth >= _DEEPEST:
        raise Malformed("no value begins here")
    items: list[Found] = []
    at += 1
    while data[at : at + 1] != b"e":
        one, at = _read(data, at, depth + 1)
        items.append(one)
    return (items if kind == b"l" else _pair(items)), at + 1


def _find(data: bytes, sign: bytes, start: int) -> int:
    found = data.find(sign, start, start + _LONGEST + 2)
    if found < 0:
        raise Malformed("a number has no end")
    return found


def _integer(text: bytes, *, signed: bool) -> int:
    digits = text[1:] if signed and text.startswith(b"-") else text
    if not digits.isdigit() or len(digits) > _LONGEST:
        raise Malformed("no number")
    return int(text)


def _pair(items: list[Found]) -> dict[str, Found]:
    keys, values = items[::2], items[1::2]
    if len(keys) != len(values):
        raise Malformed("a key has no value")
    found: dict[str, Found] = {}
    for key, value in zip(keys, values, strict=True):
        if not isinstance(key, str):
            raise Malformed("a key is no text")
        found[key] = value
    return found
