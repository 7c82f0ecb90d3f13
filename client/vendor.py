"""Vendors the few third-party files the client ships, from npm, with their hashes. Standard library only.

`python client/vendor.py` fetches the pinned packages with `npm pack`, compares each archive with the hash pinned in
`vendor/vendor.json`, and writes the files that the client uses. `python client/vendor.py --check` needs no network: it
compares the committed files with their hashes, so that a changed vendored file is noticed.
"""

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).parent / "vendor"
LOCK = VENDOR / "vendor.json"

PACKAGES = {"lit-html": "3.3.3", "lucide-static": "1.62.0"}

LIT_FILES = [
    "lit-html.js",
    "directive.js",
    "directive-helpers.js",
    "directives/class-map.js",
    "directives/if-defined.js",
    "directives/keyed.js",
    "directives/live.js",
    "directives/repeat.js",
]

ICON_NAMES = """
    arrow-down arrow-left badge-check bell bell-off book-open building-2 calendar-clock chart-column check
    check-check chevron-down chevron-right circle-alert circle-check circle-help circle-user circle-x clipboard-list
    clock columns-2 contact copy download ellipsis external-link file-check file-text file-up flag globe grip hand hash
    history hourglass info key-round keyboard languages list-filter lock log-out message-square messages-square
    mic mic-off monitor moon pause pencil phone phone-call phone-forwarded phone-incoming phone-off phone-outgoing plus
    refresh-cw rotate-ccw search send-horizontal settings shield-check siren smartphone sun trash-2 triangle-alert
    undo-2 upload user-plus users voicemail wifi wifi-off x
"""


class VendorError(Exception):
    """A package or a committed file is not what its hash says."""


def sha256(data: bytes) -> str:
    """Return the hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def fetch_package(name: str, version: str, folder: Path) -> tuple[bytes, Path]:
    """Return the archive of one npm package and the folder that it was unpacked to."""
    command = ["npm", "pack", "--silent", f"{name}@{version}"]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603 (fixed words)
    file = done.stdout.split()[-1]
    target = folder / name
    with tarfile.open(folder / file) as archive:
        archive.extractall(target, filter="data")
    return (folder / file).read_bytes(), target / "package"


def build_sprite(icons: Path) -> bytes:
    """Return one SVG of symbols, so that every icon is one request; paths as Lucide drew them."""
    symbols = []
    for name in ICON_NAMES.split():
        svg = (icons / f"{name}.svg").read_text(encoding="utf-8")
        match = re.search(r"<svg[^>]*>(.*)</svg>", svg, re.DOTALL)
        if match is None:
            raise VendorError(f"{name}.svg is not an SVG")
        shape = re.sub(r"\s*\n\s*", "", match[1])
        symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shape}</symbol>')
    return "\n".join(['<svg xmlns="http://www.w3.org/2000/svg">', *symbols, "</svg>\n"]).encode()


def strip_map(source: bytes) -> bytes:
    """Return a script without the reference to a source map, which is not shipped."""
    return re.sub(rb"\n//# sourceMappingURL=.*\s*$", b"\n", source)


def collect_files(folders: dict[str, Path]) -> dict[str, bytes]:
    """Return the content of every vendored file by its path under `vendor/`."""
    files = {name: strip_map((folders["lit-html"] / name).read_bytes()) for name in LIT_FILES}
    files["icons.svg"] = build_sprite(folders["lucide-static"] / "icons")
    files["LICENSE-lit-html"] = (folders["lit-html"] / "LICENSE").read_bytes()
    files["LICENSE-lucide"] = (folders["lucide-static"] / "LICENSE").read_bytes()
    return files


def update() -> None:
    """Fetch the packages, check them against the pinned hashes, write the files and the lock.

    Raises VendorError if an archive of a version that is already pinned has another hash.
    """
    pinned = json.loads(LOCK.read_text())["packages"] if LOCK.exists() else {}
    packages, folders = {}, {}
    with tempfile.TemporaryDirectory() as temporary:
        for name, version in PACKAGES.items():
            archive, folders[name] = fetch_package(name, version, Path(temporary))
            found = {"version": version, "sha256": sha256(archive)}
            if pinned.get(name, found)["version"] == version and pinned.get(name, found) != found:
                raise VendorError(f"{name} {version} is not the archive that was pinned")
            packages[name] = found
        files = collect_files(folders)
    for path, content in files.items():
        (VENDOR / path).parent.mkdir(parents=True, exist_ok=True)
        (VENDOR / path).write_bytes(content)
    hashes = {path: sha256(content) for path, content in sorted(files.items())}
    LOCK.write_text(json.dumps({"packages": packages, "files": hashes}, indent=2) + "\n")


def check() -> None:
    """Compare the committed files with their hashes; raises VendorError naming the first that differs."""
    for path, expected in json.loads(LOCK.read_text())["files"].items():
        if sha256((VENDOR / path).read_bytes()) != expected:
            raise VendorError(f"vendor/{path} was changed by hand")


if __name__ == "__main__":
    check() if "--check" in sys.argv else update()
