"""Serves the client's shell, one HTML file for every screen, its list of files and its service worker. No data."""

import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.templatetags.static import static
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

CLIENT = Path(__file__).resolve().parent
PARTS = ("core", "icons", "parts", "platform", "styles", "vendor", "views")
SERVED = {".js", ".css", ".svg", ".png", ".webmanifest"}
PLACE = b"<!-- modules -->"
# What the page may ask a browser for: the microphone in a call over Wi-Fi, and nothing else of the device.
POWERS = "microphone=(self), camera=(), geolocation=(), display-capture=(), payment=(), usb=()"
HEADERS = {"Cache-Control": "no-cache", "Referrer-Policy": "no-referrer", "Permissions-Policy": POWERS}
STATIC_IMPORT = re.compile(rb"""(?:^|\n)(?:import|export)\b[^;"]*?"(\.{1,2}/[^"]+)";""")


def list_files() -> list[Path]:
    """Return the files that make up the shell, in a stable order: what a device needs to open without a network."""
    return sorted(path for path in _candidates() if path.suffix in SERVED and path.name != "sw.js")


def _candidates() -> Iterator[Path]:
    yield from CLIENT.glob("*.*")
    for part in PARTS:
        yield from (CLIENT / part).rglob("*.*")


def _url(path: Path) -> str:
    return static(f"client/{path.relative_to(CLIENT).as_posix()}")


def list_modules(entry: Path) -> list[Path]:
    """Return the modules that `entry` needs before it runs; what it loads later by `import(...)` is not among them."""
    found: list[Path] = []
    waiting = [entry]
    while waiting:
        module = waiting.pop()
        if module in found:
            continue
        found.append(module)
        names = STATIC_IMPORT.findall(module.read_bytes())
        waiting += [(module.parent / name.decode()).resolve() for name in names]
    return sorted(found)


@cache
def build_shell(stamp: tuple[int, ...]) -> tuple[bytes, str]:
    """Return the shell's HTML, with its first modules named so that they load at once, and a version over all files.

    `stamp` is the key of the cache: the times at which the files were changed.
    """
    preload = (f'<link rel="modulepreload" href="{_url(path)}">' for path in list_modules(CLIENT / "app.js"))
    html = (CLIENT / "index.html").read_bytes().replace(PLACE, "\n    ".join(preload).encode())
    digest = hashlib.sha256(html)
    for path in list_files():
        digest.update(path.name.encode() + path.read_bytes())
    return html, digest.hexdigest()[:16]


def _current() -> tuple[bytes, str]:
    files = [CLIENT / "index.html", *list_files()]
    return build_shell(tuple(path.stat().st_mtime_ns for path in files))


@require_safe
@ensure_csrf_cookie
def show_shell(request: HttpRequest, **_path: str) -> HttpResponse:
    """Serve the shell for any of the client's addresses; which screen it is, the client reads from the address."""
    html, version = _current()
    response = HttpResponse(html, headers=HEADERS)
    response["X-Shell-Version"] = version
    return response


@require_safe
def show_files(request: HttpRequest) -> JsonResponse:
    """Serve the list of files that the service worker keeps, and their common version."""
    _, version = _current()
    files = ["/", *(_url(path) for path in list_files())]
    return JsonResponse({"version": version, "files": files}, headers={"Cache-Control": "no-cache"})


@require_safe
def show_worker(request: HttpRequest) -> HttpResponse:
    """Serve the service worker from the root: a worker rules over the folder that it comes from."""
    content = (CLIENT / "sw.js").read_bytes()
    return HttpResponse(content, content_type="text/javascript; charset=utf-8", headers={"Cache-Control": "no-cache"})
