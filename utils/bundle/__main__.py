"""Make a bundle: one folder that installs the tutorial without a network.

python -m utils.bundle                      into outputs/bundle
python -m utils.bundle /media/stick/bundle  into another folder, new or an earlier bundle
python -m utils.bundle --wheels FOLDER      with the packages that lie in FOLDER
"""

import argparse
import sys
from pathlib import Path

from utils.bundle.build import build
from utils.bundle.wheels import BundleError
from utils.settings import full_path, outputs_folder


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m utils.bundle",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", nargs="?", default=outputs_folder() / "bundle")
    parser.add_argument("--wheels", help="a folder that holds wheels; only others are fetched")
    options = parser.parse_args(arguments)
    try:
        build(full_path(str(options.folder)), options.wheels and Path(options.wheels))
    except BundleError as error:
        print(f"\n{error}", file=sys.stderr)
    except OSError as error:
        print(f"\nThe bundle could not be made: {error}. Mend that, and run it again.",
              file=sys.stderr)  # fmt: skip
    except KeyboardInterrupt:
        print("\nInterrupted; no half bundle was left. Run it again.", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
