"""What documents are made of: the wire's own tables, and what each app says of itself in its module ``described``.

`realtime` imports no app: an installed app is asked by name, as Django asks it for its models. Refusals are read from
the source, so that no code and no sentence is written down twice. Nothing here runs while serving.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import msgspec
from django.apps import apps

RAISES: Final = "Raises Refusal"


@dataclass(frozen=True, slots=True)
class CommandDoc:
    """One command: its word, where it is sent (``me`` or a stream of a kind), its content, and what it does."""

    kind: str
    to: str
    shape: type[msgspec.Struct]
    does: tuple[str, str]


@dataclass(frozen=True, slots=True)
class EventDoc:
    """One kind of event: its word, the kind of stream that holds it, its content (and in its docstring its use)."""

    kind: str
    stream: str
    shape: type[msgspec.Struct]


@dataclass(frozen=True, slots=True)
class TableDoc:
    """A table of an app's own rules, by the name in its marker."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Described:
    """What one app puts on the wire."""

    commands: tuple[CommandDoc, ...] = ()
    events: tuple[EventDoc, ...] = ()
    tables: tuple[TableDoc, ...] = ()


@dataclass(slots=True)
class RefusalDoc:
    """One code that apps refuse with: its sentences, whether a retry can help, and the apps that use it."""

    code: str
    sentences: list[str] = field(default_factory=list)
    retry: bool = False
    apps: set[str] = field(default_factory=set)


def does_of(docstring: str | None) -> tuple[str, str]:
    """Return (what a command does, what it may refuse with) from the docstring of its service."""
    said = " ".join((docstring or "").split())
    does, _, raises = said.partition(RAISES)
    return does.partition(": ")[2].strip(), raises.strip().rstrip(".")


def ours() -> list[str]:
    """Return the installed apps of this repository."""
    here = Path(__file__).resolve().parent.parent
    return [config.name for config in apps.get_app_configs() if Path(config.path).parent == here]


def described() -> Described:
    """Return what all apps put on the wire, in the order in which they are installed, consults first."""
    found = [import_module(f"{app}.described").DESCRIBED for app in ours() if find_spec(f"{app}.described")]
    found.sort(key=lambda one: not one.commands)
    return Described(
        commands=tuple(command for one in found for command in one.commands),
        events=tuple(event for one in found for event in one.events),
        tables=tuple(table for one in found for table in one.tables),
    )


def documents() -> dict[str, Callable[[], dict[str, str]]]:
    """Return what makes the parts of the apps' own documents, by the document's name under docs/."""
    found = [import_module(f"{app}.described") for app in ours() if find_spec(f"{app}.described")]
    return {name: make for one in found for name, make in getattr(one, "DOCUMENTS", {}).items()}


def refusals() -> list[RefusalDoc]:
    """Return the codes that apps refuse with, by code, as their source has them."""
    codes: dict[str, RefusalDoc] = {}
    for app in ours():
        if find_spec(f"{app}.refusals"):  # an app may keep its codes in one table
            for code, (sentence, retry) in import_module(f"{app}.refusals").REASONS.items():
                codes[code] = RefusalDoc(code, [sentence], retry, {app})
        for path in sorted(Path(apps.get_app_config(app).path).rglob("*.py")):
            if app == "realtime" or "migrations" in path.parts:
                continue
            for code, sentence, retry in refusals_in(ast.parse(path.read_text("utf-8"))):
                doc = codes.setdefault(code, RefusalDoc(code))
                if sentence not in doc.sentences:
                    doc.sentences.append(sentence)
                doc.retry |= retry
                doc.apps.add(app)
    return sorted(codes.values(), key=lambda doc: ("." in doc.code, doc.code))


def refusals_in(tree: ast.AST) -> Iterator[tuple[str, str, bool]]:
    """Yield (code, sentence, retry) of every Refusal that a module makes, itself or by a class of its own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef) and any(isinstance(b, ast.Name) and b.id == "Refusal" for b in node.bases):
            yield from _made_in(node, "__init__")
    yield from _made_in(tree, "Refusal")


def _made_in(tree: ast.AST, name: str) -> Iterator[tuple[str, str, bool]]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == name and isinstance(node.args[0].value, str):
            retry = any(k.arg == "retry" and getattr(k.value, "value", False) is True for k in node.keywords)
            yield node.args[0].value, _sentence(node.args[1:]), retry


def _sentence(args: list[ast.expr]) -> str:
    """Return the sentence; what is filled in at run time stands in braces, and a computed one is "…"."""
    match args:
        case [ast.Constant(value=str(text)), *_]:
            return text
        case [ast.JoinedStr(values=values), *_]:
            return "".join(
                str(v.value) if isinstance(v, ast.Constant) else "{" + ast.unparse(getattr(v, "value", v)) + "}"
                for v in values
            )
    return "…"


def json_schemas(shapes: list[type[msgspec.Struct]]) -> dict[str, Any]:
    """Return the JSON schemas of structs by name, as components of a document."""
    _, components = msgspec.json.schema_components(shapes, ref_template="#/components/schemas/{name}")
    return dict(components)


