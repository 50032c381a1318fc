"""Markdown in another language: its messages, and the text with their translations in place.

A message is what stands in one paragraph, heading, item or cell of a table, as it was typed.
Blocks of code and HTML are left alone, but for the line on which a solution unfolds.
"""

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from posixpath import dirname, join, normpath, relpath

from markdown_it import MarkdownIt

from utils.files import REPOSITORY

PARSER = MarkdownIt("commonmark").enable("table")
SUMMARY = re.compile(r"(?<=<summary>)[^<]+(?=</summary>)")
LINK = re.compile(r"(\]\()([^)#\s]*)(?:#([^)\s]*))?(?=[)\s])")
Translate = Callable[[str], str]  # gives the message back where it has no translation


def has_words(text: str) -> bool:
    """Whether there is anything to translate: numbers, signs and code are not."""
    return bool(re.search("[^\\W\\d_]", re.sub("`[^`]*`|<!--.*?-->", "", text)))


def messages(text: str) -> Iterator[str]:
    """The messages of a text in Markdown, in order."""
    for token in PARSER.parse(text):
        if token.type == "inline" and has_words(token.content):
            yield token.content
        elif token.type == "html_block":
            yield from SUMMARY.findall(token.content)


def translate(text: str, to: Translate) -> str:
    """The text with each message translated; a translation may have several paragraphs."""
    lines, column, at = text.split("\n"), 0, -1
    for token in PARSER.parse(text):
        if not token.map:
            continue
        first, last = token.map
        if token.type == "html_block":
            for k in range(first, last):
                lines[k] = SUMMARY.sub(lambda found: to(found[0]), lines[k])
        if token.type != "inline" or not has_words(token.content):
            continue
        column, at = (column if first == at else 0), first
        typed = token.content.split("\n")[0]
        if typed not in lines[first]:  # in a table a bar is typed with a backslash
            typed = typed.replace("|", r"\|")
        start = lines[first].index(typed, column)
        before, after = lines[first][:start], lines[first][start + len(typed) :]
        indent = re.sub("[^> ]", " ", before)
        translation = to(token.content).replace("\n", f"\n{indent}")
        lines[first] = before + translation + ("" if last - first > 1 else after)
        for k in range(first + 1, last):
            lines[k] = None
        column = start + len(translation)
    return "\n".join(line for line in lines if line is not None)


def slugs(text: str) -> list[str]:
    """What the headings of a page are linked by."""
    tokens = PARSER.parse(text)
    headings = [text.content for token, text in pairwise(tokens) if token.type == "heading_open"]
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


def move_links(text: str, page: str, new: str, moved: dict[str, str], anchors: dict) -> str:
    """The links of a page that goes from the path `page` to `new`, still leading somewhere.

    `moved` says, by their old paths, where pages go. `anchors` has, by a page's old path, the new
    names of its headings by the old ones. A link of a page to its own translation leads back from
    there. What leads to no file of the repository is left alone.
    """
    folder = dirname(new) or "."

    def move(found: re.Match) -> str:
        opening, target, anchor = found.groups()
        path = normpath(join(dirname(page), target)) if target else page
        if target and path == new:
            path = page
        elif target and path not in moved and not (REPOSITORY / path).exists():
            return found[0]
        elif path in moved:
            anchor, path = anchors.get(path, {}).get(anchor, anchor), moved[path]
        path = relpath(path, folder) if target else ""
        return f"{opening}{path}#{anchor}" if anchor else f"{opening}{path}"

    return LINK.sub(move, text)
