#!/bin/sh
# Install the tutorial from this folder; no network is needed:   sh install.sh [FOLDER]
# It looks for the Python that the wheels are for; install.py does the rest.
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
fits="import sys; sys.exit('%d.%d' % sys.version_info[:2] != '@PYTHON@')"
for python in ${PYTHON:+"$PYTHON"} python@PYTHON@ python3 python; do
    if "$python" -c "$fits" >/dev/null 2>&1; then
        exec "$python" -B "$here/install.py" "$@"
    fi
done
echo "Python @PYTHON@ is needed, since the wheels in $here are for it." >&2
echo "Found none as python@PYTHON@, python3 or python. Nothing was changed." >&2
echo "Install it, or say where it is: PYTHON=/path/to/python sh install.sh ..." >&2
exit 1
