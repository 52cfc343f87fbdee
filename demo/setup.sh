#!/bin/sh
# Make a fresh Debian machine ready: Debian packages, virtual environment, pinned Python packages.
# Usage: demo/setup.sh run | test          ("test" adds what the checks need)
set -eu
cd "$(dirname "$0")/.."
what=${1:-run}
stamp=.venv/.ready-$what

say() { printf '\033[1m%s\033[0m\n' "$*"; }
die() { printf '%s\n' "$*" >&2; exit 1; }

lock=requirements.lock
packages="mosquitto"
if [ "$what" = test ]; then
    lock=requirements-dev.lock
    packages="$packages mosquitto-clients chromium systemd libnfc-bin libnfc-dev libfreefare-dev libzbar0 pcscd vsmartcard-vpcd python3-pyscard spin gcc libc6-dev libfaketime fiu-utils"
fi
key=$(cat "$lock" requirements.in pyproject.toml demo/setup.sh | cksum)
if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ]; then
    exit 0
fi

missing_packages() {
    for name in $packages; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || printf '%s ' "$name"
    done
}

apt() {
    if [ "$(id -u)" = 0 ]; then
        DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"
    elif command -v sudo >/dev/null; then
        sudo DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@"
    else
        return 1
    fi
}

find_python() {
    for name in python3.11 python3.12 python3.13 python3; do
        if command -v "$name" >/dev/null &&
            "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
}

python=$(find_python)
[ -n "$python" ] || die "Python 3.11 or newer was not found. Install it with: apt-get install python3"
"$python" -c 'import ensurepip' 2>/dev/null || packages="python3-venv $packages"

wanted=$(missing_packages)
if [ -n "$wanted" ]; then
    say "[1/3] Debian packages: $wanted"
    if ! { apt update && apt install --no-install-recommends $wanted >.setup.log 2>&1; }; then
        tail -n 5 .setup.log 2>/dev/null || true
        [ "$what" = run ] || die "Could not install: $wanted. Run as root, or install them, then try again."
        say "      not installed; the demo goes on with what is here."
    fi
    rm -f .setup.log
else
    say "[1/3] Debian packages: all here"
fi

if [ ! -x .venv/bin/python ]; then
    say "[2/3] Virtual environment in .venv ($python)"
    "$python" -m venv .venv || die "No virtual environment could be made. Install python3-venv, then try again."
else
    say "[2/3] Virtual environment: here"
fi

# Count what pip collects, so that a first start shows how far it is; its errors pass through.
counted() {
    awk -v all="$1" '/^(Collecting|Processing|Ignoring) /{n++; sub(/.*\//, "", $2); printf "\r      %d of %d  %-50.50s", n, all, $2; fflush(); next}
        /^ERROR|^error|rror:/{printf "\n%s\n", $0} END{if (n) print ""}'
}

pip() {
    { .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off "$@" 2>&1
      echo $? >.venv/.pip; } | counted "$(grep -c == "$lock")"
    [ "$(cat .venv/.pip)" = 0 ]
}

say "[3/3] Python packages, pinned with hashes ($lock)"
pip --require-hashes -r "$lock" ||
    die "The Python packages could not be installed. Is the package registry within reach? Try again."
pip --no-build-isolation --no-deps -e . || die "Shelfwire itself could not be installed into .venv."
printf '%s' "$key" >"$stamp"
say "Ready."
