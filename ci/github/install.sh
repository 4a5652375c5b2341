#!/usr/bin/env bash
# Installs leaksieve from the checkout of the action ($SOURCE) into a folder of its own ($TARGET), with dependencies pinned by hash.
set -euo pipefail

new_enough() { "$1" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

python=
for name in python3 python python3.14 python3.13 python3.12 python3.11; do
    if command -v "$name" >/dev/null && new_enough "$name"; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo '::error title=leaksieve::Python 3.11 or newer is needed; put actions/setup-python before this action'
    exit 2
fi
# Isolated (-I): neither the folder this runs in nor the job's variables choose what is imported.
"$python" -I -m venv "$TARGET"
programs=$TARGET/bin
[ -d "$programs" ] || programs=$TARGET/Scripts
"$programs/python" -I -m pip install --quiet --disable-pip-version-check --require-hashes -r "$SOURCE/requirements.lock"
"$programs/python" -I -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation "$SOURCE"
