"""The tables of ``docs/protocol.md``, made from the code: frames, commands, events, limits, close codes, refusals."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from realtime.describing import CommandDoc, EventDoc, RefusalDoc, described, json_schemas, refusals
from realtime.frames import HEARD, SENT, Failure, Frame, Room, Wanted
from realtime.protocol import REFUSALS, Code, Limits
from realtime.session import EPHEMERAL

UNITS: Final = {"bytes": " bytes", "_s": " s", "rate": " a second"}
TYPES: Final = {"string": "text", "integer": "whole number", "number": "number", "boolean": "true or false",
                "object": "object", "null": "null"}


def sections() -> dict[str, str]:
    """Return each generated part of the document by the name in its marker."""
    said = described()
    return {
        "frames sent": _frames(SENT, "C→S"),
        "frames heard": _frames(HEARD, "S→C"),
        "parts of frames": "\n\n".join(_shape(shape, f"In `{name}`") for name, shape in
                                       (("subs", Wanted), ("rooms", Room), ("err", Failure))),
        "limits": _limits(),
        "close codes": _codes(),
        "refusals": _refusals(),
        "commands": _commands(said.commands),
        "events of a consult": _events([event for event in said.events if event.stream == "consult"]),
        "events of a call": _events([event for event in said.events if event.stream == "call"]),
        "events of an inbox": _events([event for event in said.events if event.stream == "inbox"]),
        **{one.name: table(one.head, one.rows) for one in said.tables},
    }


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def fields_of(shape: type[msgspec.Struct]) -> list[tuple[str, str, bool, str]]:
    """Return (name, type in words, whether it is needed, meaning) of each field of a struct."""
    components = json_schemas([shape])
    own = components[shape.__name__]
    needed = own.get("required", [])
    return [
        (name, words(schema, components), name in needed, schema.get("description", ""))
        for name, schema in own["properties"].items()
    ]


def words(schema: dict[str, Any], components: dict[str, Any]) -> str:
    """Return a JSON schema as a person would say it."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[-1]
        return words(components[name], components) if "enum" in components[name] else "object"
    if "enum" in schema:
        return " or ".join(f"`{str(value).lower() if isinstance(value, bool) else value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{str(schema['const']).lower()}`"
    if "anyOf" in schema:
        return " or ".join(words(one, components) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return "list of " + words(schema.get("items", {}), components)
    if "additionalProperties" in schema and isinstance(schema["additionalProperties"], dict):
        return "object of " + words(schema["additionalProperties"], components)
    kind = TYPES.get(schema.get("type", ""), "anything")
    bounds = [schema[key] for key in ("minimum", "maximum") if key in schema]
    return f"{kind}, {bounds[0]} to {bounds[1]}" if len(bounds) == 2 else kind


def _frames(frames: dict[str, type[Frame]], direction: str) -> str:
    return "\n\n".join(_shape(shape, f"`{t}` {direction}") for t, shape in frames.items())


def _shape(shape: type[msgspec.Struct], title: str) -> str:
    rows = [
        (f"`{name}`", kind, "yes" if needed else "", use) for name, kind, needed, use in fields_of(shape) if name != "t"
    ]
    return f"**{title}.** {' '.join((shape.__doc__ or '').split())}\n\n" + table(
        ("key", "type", "always", "meaning"), rows)


def _content(shape: type[msgspec.Struct]) -> str:
    said = []
    for name, kind, needed, use in fields_of(shape):
        meaning = f" ({use.rstrip('.')})" if use else ""
        said.append(f"`{name}{'' if needed else '?'}` {kind}{meaning}")
    return "; ".join(said) or "none"


def _commands(commands: Sequence[CommandDoc]) -> str:
    rows = [
        (f"`{one.kind}`", "`me`" if one.to == "me" else f"a {one.to}", _content(one.shape),
         one.does[0][:1].upper() + one.does[0][1:], one.does[1])
        for one in commands
    ]
    return table(("`k`", "`r`", "`d`", "what it does", "may be refused with"), rows)


def _events(events: Sequence[EventDoc]) -> str:
    rows = [(f"`{one.kind}`", _content(one.shape), " ".join((one.shape.__doc__ or "").split())) for one in events]
    return table(("`k`", "`d`", "meaning"), rows)


def _limits() -> str:
    rows = []
    for name, default, use in Limits.described():
        unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
        rows.append((f"`CURBSIDE_LIMIT_{name.upper()}`", f"{default:,}{unit}", use))
    return table(("setting", "default", "what it bounds"), rows)


def _codes() -> str:
    rows = [
        (str(code.number), code.value[1], "comes back" if code.retry else "does not", code.sentence) for code in Code
    ]
    return table(("code", "name", "the client", "the sentence"), rows)


def _refusals() -> str:
    docs = {code: RefusalDoc(code, [sentence], retry, {"the wire"}) for code, (sentence, retry) in REFUSALS.items()}
    for one in refusals():
        doc = docs.setdefault(one.code, RefusalDoc(one.code))
        doc.sentences += [sentence for sentence in one.sentences if sentence not in doc.sentences]
        doc.retry |= one.retry
        doc.apps |= one.apps
    rows = [
        (f"`{doc.code}`", "yes" if doc.retry else "", " / ".join(doc.sentences), ", ".join(sorted(doc.apps)))
        for doc in docs.values()
    ]
    return table(("code", "retry", "sentence", "from"), rows)


assert {"typing", "read"} == EPHEMERAL  # what `frames.EphSent` says
