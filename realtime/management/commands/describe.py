"""``manage.py describe``: the parts of the documentation that are made from the code. ``--write`` stores them.

Tests hold what is stored equal to what this makes; after a change of frames, commands, limits, settings or the HTTP
API, run ``manage.py describe all --write``.
"""

import json
import re
from argparse import ArgumentParser
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from realtime import asyncapi, tables
from realtime.describing import documents

ROOT: Final = Path(__file__).resolve().parents[3]
PART: Final = re.compile(r"(<!-- begin (?P<name>[a-z ]+), made by [^>]*-->).*?(<!-- end (?P=name) -->)", re.DOTALL)


def fill(text: str, parts: dict[str, str]) -> str:
    """Return a document with its generated parts replaced. Raises KeyError for a part that nobody makes."""
    return PART.sub(lambda found: f"{found[1]}\n\n{parts[found['name']]}\n\n{found[3]}", text)


def as_json(document: dict[str, Any]) -> str:
    """Return a document as it is stored: readable, and the same every time."""
    return json.dumps(document, indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def make_protocol(present: str) -> str:
    """``docs/protocol.md`` with its tables."""
    return fill(present, tables.sections())


def make_asyncapi(present: str) -> str:
    """``docs/asyncapi.json``."""
    return as_json(asyncapi.document())


def make_openapi(present: str) -> str:
    """``docs/openapi.json``, from the API that the addresses are put together with."""
    api = import_module(settings.ROOT_URLCONF).api
    document = json.loads(json.dumps(api.get_openapi_schema(path_prefix="/api/v1/"), default=str))
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"] = dict(sorted(operation["responses"].items()))
    return as_json(document)


def make_settings(present: str) -> str:
    """``docs/settings.md`` with its tables."""
    return fill(present, _settings_parts())


def make_env(present: str) -> str:
    """``.env.example``."""
    lines = ["# Every variable that Curbside reads, each with its default. Nothing here has to be set to try it.",
             "# docs/settings.md says what a real installation needs. Made by `manage.py describe env --write`."]
    for variable in _known():
        lines += ["", f"# {variable.use[:1].upper()}{variable.use[1:]} ({variable.expects}).",
                  f"#{variable.name}={variable.default}"]
    return "\n".join(lines) + "\n"


def _known() -> list[Any]:
    return list(import_module("settings.env").KNOWN.values())


def _settings_parts() -> dict[str, str]:
    head = ("variable", "expects", "default", "what for")
    rows = [(f"`{v.name}`", v.expects, f"`{v.default}`" if v.default else "", v.use) for v in _known()]
    limits = [row for row in rows if row[0].startswith("`CURBSIDE_LIMIT_")]
    return {"settings": tables.table(head, [row for row in rows if row not in limits]),
            "limits": tables.table(head, limits)}


def make_emergency(present: str) -> str:
    """The client's list of emergency numbers: the app of calls keeps the list, and is asked by name."""
    return str(import_module("voice.emergency_list").as_module())


def _filler(parts: Callable[[], dict[str, str]]) -> Callable[[str], str]:
    """A document of an app's own, with its parts filled in."""
    return lambda present: fill(present, parts())


DOCUMENTS: Final[dict[str, tuple[Path, Callable[[str], str]]]] = {
    "protocol": (ROOT / "docs" / "protocol.md", make_protocol),
    "asyncapi": (ROOT / "docs" / "asyncapi.json", make_asyncapi),
    "openapi": (ROOT / "docs" / "openapi.json", make_openapi),
    "settings": (ROOT / "docs" / "settings.md", make_settings),
    "env": (ROOT / ".env.example", make_env),
    "emergency": (ROOT / "client" / "core" / "emergency-numbers.js", make_emergency),
    **{name: (ROOT / "docs" / f"{name}.md", _filler(parts)) for name, parts in documents().items()},
}


class Command(BaseCommand):
    """Print or store what the code says of itself."""

    requires_system_checks = []
    help = "Print a document that is made from the code, or store it with --write, or compare it with --check."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Which document, and what to do with it."""
        parser.add_argument("what", choices=[*DOCUMENTS, "all"])
        parser.add_argument("--write", action="store_true", help="store it in the repository")
        parser.add_argument("--check", action="store_true", help="fail where what is stored differs")

    def handle(self, *args: Any, what: str, write: bool, check: bool, **options: Any) -> None:
        """Make the wanted documents."""
        for name in DOCUMENTS if what == "all" else [what]:
            path, make = DOCUMENTS[name]
            present = path.read_text("utf-8") if path.exists() else ""
            made = make(present)
            if write:
                path.write_text(made, "utf-8")
            elif check and made != present:
                raise CommandError(f"{path.relative_to(ROOT)} differs: run `manage.py describe {name} --write`")
            elif not check:
                self.stdout.write(made, ending="")
