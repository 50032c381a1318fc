"""Write the series in its other languages, from the English pages and the catalogues.

python -m utils.publish.languages                      README.zh-CN.md and notebooks/zh
python -m utils.publish.languages --catalogues         first update the catalogues to the pages
python -m utils.publish.languages --catalogues de      with an empty one for each page of German

After a change of an English page: `--catalogues`, translate what it names in the .po files, and
once more without.
"""

import argparse
import sys
from pathlib import Path

from utils import files
from utils.files import REPOSITORY
from utils.publish.languages import LANGUAGES, LanguageError, catalogues, find, pages
from utils.publish.series import NOTEBOOKS


def update(codes: list[str], source: Path = NOTEBOOKS) -> int:
    """Update the catalogues of these languages, and return how many messages are left.

    A language that has none gets an empty one for each page.
    """
    everything, left = pages.all_messages(source), 0
    for code in codes:
        new = not (source / "locale" / code).exists()
        for name, messages in everything.items():
            path = pages.catalogue(code, name, source)
            if new:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
            if path.exists() and (count := catalogues.update(path, messages)):
                print(f"{path.name} ({code}): {count} messages to translate or review")
                left += count
    return left


def write(code: str) -> list[Path]:
    """Write all pages of a language, and return what is in its folder and none of them."""
    made = {REPOSITORY / name: text for name, text in pages.edition(code).items()}
    for path, text in made.items():
        with files.whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    folder = NOTEBOOKS / find(code).folder
    return [path for path in sorted(folder.iterdir()) if path not in made and path.is_file()]


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("codes", nargs="*", help="of languages; default: all there are")
    parser.add_argument("--catalogues", action="store_true", help="update notebooks/locale")
    options = parser.parse_args(arguments)
    codes = options.codes or list(LANGUAGES)
    try:
        if options.catalogues:
            update(codes)
        for code in codes:
            for path in write(code):
                print(f"{path} belongs to no page, or was put there by somebody.")
            print(f"{find(code).name}: README.{find(code).tag}.md, notebooks/{find(code).folder}")
    except (LanguageError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
