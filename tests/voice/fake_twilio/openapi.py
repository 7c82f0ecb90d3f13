"""Requests held against Twilio's published OpenAPI document, where it is at hand: it is no part of the repository."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema_rs

BESIDE = Path(__file__).parents[3].parent / "shared" / "twilio" / "voice.openapi.json"
"""Where it lies beside a checkout."""


class Document:
    """The document's paths, ready to compare requests and answers with."""

    def __init__(self, path: Path) -> None:
        self._whole = json.loads(path.read_text("utf-8"))
        self._components = _modern(self._whole["components"])
        self._validators: dict[int, jsonschema_rs.Draft7Validator] = {}
        self._paths = [
            (re.compile("^" + re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+?)", re.escape(template)) + "$"), methods)
            for template, methods in sorted(self._whole["paths"].items(), key=lambda item: "{Sid}" in item[0])
        ]

    def check(self, method: str, path: str, query: str, body: str) -> list[str]:
        """What is wrong with a request, in words; nothing when it is as published."""
        found, named = self._operation(method, path)
        if found is None:
            return [f"{method} {path}: not in the document"]
        wrong = []
        parameters = {p["name"]: p for p in found.get("parameters", [])}
        given = {"path": named, "query": dict(parse_qsl(query, keep_blank_values=True))}
        for place, values in given.items():
            for name, value in values.items():
                known = parameters.get(name)
                if known is None or known["in"] != place:
                    wrong.append(f"{name}: not a parameter of the {place}")
                else:
                    wrong += self._wrong(known["schema"], value, name)
        content = found.get("requestBody", {}).get("content", {})
        schema = content.get("application/x-www-form-urlencoded", {}).get("schema", {"properties": {}})
        return wrong + self._check_form(schema, parse_qsl(body, keep_blank_values=True))

    def check_answer(self, method: str, path: str, status: int, answer: Any) -> list[str]:
        """What is wrong with an answer of the fake itself."""
        found, _ = self._operation(method, path)
        described = (found or {}).get("responses", {}).get(str(status))
        if described is None or "content" not in described:
            return []
        return self._wrong(described["content"]["application/json"]["schema"], answer, "answer")

    def _operation(self, method: str, path: str) -> tuple[Mapping[str, Any] | None, dict[str, str]]:
        for pattern, methods in self._paths:
            if (match := pattern.match(path)) and method.lower() in methods:
                return methods[method.lower()], match.groupdict()
        return None, {}

    def _check_form(self, schema: Mapping[str, Any], pairs: list[tuple[str, str]]) -> list[str]:
        properties = schema.get("properties", {})
        form: dict[str, list[str]] = {}
        for name, value in pairs:
            form.setdefault(name, []).append(value)
        wrong = [f"{name}: missing" for name in schema.get("required", []) if name not in form]
        for name, values in form.items():
            if name not in properties:
                wrong.append(f"{name}: not a property of the form")
            elif properties[name].get("type") == "array":
                wrong += [line for value in values for line in self._wrong(properties[name]["items"], value, name)]
            elif len(values) > 1:
                wrong.append(f"{name}: given twice")
            else:
                wrong += self._wrong(properties[name], values[0], name)
        return wrong

    def _wrong(self, schema: Mapping[str, Any], value: Any, name: str) -> list[str]:
        kind = self._resolved(schema).get("type")
        if isinstance(value, str) and kind in ("integer", "number", "boolean"):
            try:
                value = json.loads(value)
            except ValueError:
                return [f"{name}: not of type {kind}"]
        return [f"{name}: {error.message}" for error in self._validator(schema).iter_errors(value)]

    def _validator(self, schema: Mapping[str, Any]) -> jsonschema_rs.Draft7Validator:
        """What compares with a schema of the document; each is made ready once, since it takes all components along."""
        made = self._validators.get(id(schema))  # the document keeps every one of its schemas
        if made is None:
            made = jsonschema_rs.Draft7Validator({"components": self._components, **_modern(schema)})
            self._validators[id(schema)] = made
        return made

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in schema:
            return schema
        found: Any = self._whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return dict(found)


def _modern(schema: Any) -> Any:
    """OpenAPI 3.0's `nullable` in the words of JSON Schema; its formats say more than they hold, and are left out."""
    if isinstance(schema, list):
        return [_modern(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    plain = {key: _modern(value) for key, value in schema.items() if key not in ("nullable", "format", "example")}
    if schema.get("nullable") is True:
        if "$ref" in plain:
            return {"anyOf": [plain, {"type": "null"}]}
        if isinstance(plain.get("type"), str):
            plain["type"] = [plain["type"], "null"]
        if "enum" in plain:
            plain["enum"] = [*plain["enum"], None]
    return plain


@cache
def _read(path: Path) -> Document:
    return Document(path)


def published() -> Document | None:
    """The document that TWILIO_OPENAPI names, or the one beside the checkout; None where it names "" or there is none.

    One that is named has to be there.
    """
    named = os.environ.get("TWILIO_OPENAPI", str(BESIDE) if BESIDE.is_file() else "")
    return _read(Path(named)) if named else None
