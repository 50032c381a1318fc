"""What a check says, in the language that the variable TRANSFER_LANGUAGE names.

The catalogue holds each sentence with its values as `{name}` or `{1}`; the words of a value are
translated in turn.
"""

import os
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path

LOCALE = Path(__file__).resolve().parents[2] / "notebooks" / "locale"
VALUE = re.compile(r"\{(\w+)\}")
FRAME = re.compile(r"(Exercise \{number\}: |[^{}]+)\{\w+\}")


def translated(text: str) -> str:
    """The text in the reader's language; as it is where that is English, or nothing is known."""
    code = os.environ.get("TRANSFER_LANGUAGE", "").strip(" \t\"'")
    return text if code in ("", "en") else translator(code)(text)


@cache
def translator(code: str) -> Callable[[str], str]:
    """A function that translates; raises ValueError where there is no such language."""
    path = LOCALE / code / "LC_MESSAGES" / "exercises.po"
    if not path.exists():
        there = sorted(path.parts[-3] for path in LOCALE.glob("*/LC_MESSAGES/exercises.po"))
        raise ValueError(
            f"TRANSFER_LANGUAGE is {code!r}; hints are there in en and {', '.join(there)}."
        )
    from babel.messages.pofile import read_po

    with open(path, "rb") as file:
        known = {m.id: m.string for m in read_po(file) if m.id and m.string and not m.fuzzy}
    # What frames another sentence comes first, then that with the most words of its own.
    order = sorted(known, key=lambda m: (not FRAME.fullmatch(m), -len(VALUE.sub("", m))))
    patterns = [(pattern(message), message) for message in order]

    def translate(text: str) -> str:
        for matches, message in patterns:
            if found := matches.fullmatch(text):
                values = dict(zip(VALUE.findall(message), found.groups(), strict=True))
                return VALUE.sub(lambda name, v=values: fill(v, name), known[message])
        return text

    def fill(values: dict[str, str], name: re.Match) -> str:
        value = values.get(name[1], name[0])
        return value if name[1] == "error" else translate(value)  # an error is Python's own

    return translate


def pattern(message: str) -> re.Pattern:
    """What a message looks like with values filled in; one right before another is a number."""
    text = VALUE.split(message)[::2]
    values = ["(.*?)" if part else r"([\w.+-]+)" for part in text[1:-1]] + ["(.*?)"]
    parts = [re.escape(part) + value for part, value in zip(text, values, strict=False)]
    return re.compile("".join(parts[: len(text) - 1]) + re.escape(text[-1]), re.DOTALL)
