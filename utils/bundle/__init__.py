"""A folder to install the tutorial from where there is no network: `python -m utils.bundle`.

build.py makes it of contents.py and wheels.py; install.sh, install.ps1, install.py, README.txt and
verify.py are copied into it.
"""
