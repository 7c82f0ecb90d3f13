#!/bin/sh
# Make .venv with what a requirements file locks, on a machine that has Python 3.11 or newer and nothing else.
# Usage: ./venv.sh requirements/run.txt
# Debian splits ensurepip out of Python; then pip's own wheel is taken from Debian's package, as any user.
set -eu
lock=$1
stamp=.venv/.stamp-$(basename "$lock")
[ -f "$stamp" ] && [ "$stamp" -nt "$lock" ] && exit 0
[ "$(basename "$lock")" = run.txt ] && [ -f .venv/.stamp-test.txt ] && [ .venv/.stamp-test.txt -nt "$lock" ] && exit 0

find_python() {
    for python in "${PYTHON:-}" python3 python3.13 python3.12 python3.11; do
        [ -n "$python" ] && command -v "$python" >/dev/null &&
            "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' && echo "$python" && return
    done
    echo "Curbside needs Python 3.11 or newer; set PYTHON to its path." >&2
    exit 1
}

pip_wheel() { # a pip that runs out of its wheel, from Debian's package, unpacked without being installed
    ls /usr/share/python-wheels/pip-*.whl 2>/dev/null && return
    folder=$(mktemp -d)
    (cd "$folder" && { apt-get download -qq python3-pip-whl || { apt-get update -qq && apt-get download -qq python3-pip-whl; }; } &&
        dpkg-deb -x python3-pip-whl_*.deb .) >&2 && ls "$folder"/usr/share/python-wheels/pip-*.whl
}

python=$(find_python)
if [ ! -x .venv/bin/python ]; then
    echo "Making .venv with $($python --version)"
    "$python" -m venv .venv 2>/dev/null >/dev/null || { rm -rf .venv; "$python" -m venv --without-pip .venv; }
fi
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    wheel=$(pip_wheel) || { echo "No pip here: install python3-venv, or let apt-get download it." >&2; exit 1; }
    .venv/bin/python "$wheel/pip" install -q --no-index --find-links "$(dirname "$wheel")" pip
fi
if [ ! -x .venv/bin/uv ]; then
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
fi
echo "Installing what $lock locks"
UV_PYTHON_DOWNLOADS=never .venv/bin/uv pip install -q --compile-bytecode --python .venv/bin/python --require-hashes -r "$lock"
touch "$stamp"
