"""Installs the peers that the tests need on Debian and Ubuntu, when that is missing and we may; quick when it is there.

Standard library only: it runs before anything is installed. Says what is missing where it cannot help; the tests then
say the same by name.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# The program and its package; Ubuntu has no shell of Chromium, and that has no microphone.
WANTED = {
    "postgres": "postgresql", "redis-server": "redis-server", "chromium-shell": "chromium-headless-shell | chromium",
    "chromium": "chromium | chromium-browser", "systemd-analyze": "systemd", "rtpengine": "rtpengine-daemon",
    "kamailio": "kamailio", "turnserver": "coturn", "sipp": "sip-tester", "baresip": "baresip-core", "tshark": "tshark",
}
PLACES = {
    "postgres": "usr/lib/postgresql/*/bin/postgres", "chromium-shell": "usr/bin/chromium*",
    "chromium": "usr/bin/chromium-browser", "kamailio": "usr/sbin/kamailio",
}
UNITS = {"rtpengine-daemon": "rtpengine-daemon", "kamailio": "kamailio", "coturn": "coturn"}
"""What a package would have started with the machine from now on; the tests start their own."""


def missing() -> list[str]:
    """The packages of the programs that are not here."""
    return [
        package
        for program, package in WANTED.items()
        if not shutil.which(program) and not any(Path("/").glob(PLACES.get(program, f"usr/bin/{program}")))
    ]


def install(packages: list[str]) -> None:
    """Install with apt, without starting any service and without asking anything."""
    env = dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    prefix = [] if os.getuid() == 0 else ["sudo", "-n"]
    keep_services_down = [*prefix, "sh", "-c", "test -e /usr/sbin/policy-rc.d || { printf '#!/bin/sh\\nexit 101\\n'"]
    keep_services_down[-1] += " > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; echo made; }"
    made = subprocess.run(keep_services_down, env=env, capture_output=True, text=True, check=False).stdout.strip()
    try:
        subprocess.run([*prefix, "apt-get", "-qq", "update"], env=env, check=False)
        for package in packages:
            for one in package.split(" | "):
                argv = [*prefix, "apt-get", "-qq", "-y", "--no-install-recommends", "install", one]
                if subprocess.run(argv, env=env, check=False, stdout=subprocess.DEVNULL).returncode == 0:
                    keep_down(prefix, one)
                    break
    finally:
        if made:
            subprocess.run([*prefix, "rm", "-f", "/usr/sbin/policy-rc.d"], check=False)


def keep_down(prefix: list[str], package: str) -> None:
    """Have a service that came with a package not start with the machine."""
    if package in UNITS and shutil.which("systemctl"):
        subprocess.run([*prefix, "systemctl", "-q", "disable", UNITS[package]], check=False, capture_output=True)


def may_install() -> bool:
    """Whether there is apt, and the right to use it without being asked for a password."""
    if not shutil.which("apt-get"):
        return False
    if os.getuid() == 0:
        return True
    sudo = shutil.which("sudo")
    return bool(sudo) and subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0


def main() -> int:
    """Install what is missing; never a failure, as the tests themselves say what they lack."""
    packages = missing()
    if packages and may_install():
        print(f"Installing for the tests: {', '.join(packages)}")
        install(packages)
        packages = missing()
    if packages:
        print(f"Not installed: {', '.join(packages)}. The tests that need them will say so.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
