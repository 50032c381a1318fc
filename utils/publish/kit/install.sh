#!/bin/sh
# Find the Python that the wheels are for and run install.py:   sh install.sh [FOLDER]
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd) || exit 1
fits="import sys; sys.exit('%d.%d' % sys.version_info[:2] != '@PYTHON@')"
for python in ${PYTHON:+"$PYTHON"} python@PYTHON@ python3 python; do
    if "$python" -c "$fits" >/dev/null 2>&1; then
        exec "$python" "$here/install.py" "$@"
    fi
done
echo "Python @PYTHON@ is needed, and neither python@PYTHON@, python3 nor python is that." >&2
echo "Install it, or say where it is: PYTHON=/path/to/python sh install.sh ..." >&2
exit 1
