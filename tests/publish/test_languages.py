"""Other languages: translations say the same, the pages made from them are in step with ours."""

import re
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from utils.files import REPOSITORY
from utils.publish import languages
from utils.publish.languages import __main__ as command
from utils.publish.languages import catalogues, pages, texts
from utils.publish.series import NOTEBOOKS

CODES = list(languages.LANGUAGES)
PATHS = sorted(NOTEBOOKS.glob("locale/*/LC_MESSAGES/*.po"))
LINKS_AND_CODE = re.compile(r"\]\([^)]*\)|`[^`]+`")
VALUES = re.compile(r"\{\w+\}")
NUMBER = re.compile(r"\d[\d,.]*\d|\d")
CHINESE = re.compile("[\u4e00-\u9fff]")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_links_code_and_numbers_stay(path):
    for message, translation in catalogues.translations(path).items():
        theirs = LINKS_AND_CODE.findall(translation)
        for found in LINKS_AND_CODE.findall(message):
            assert found in theirs, translation
        assert set(VALUES.findall(message)) == set(VALUES.findall(translation)), translation
        ours, theirs = (set(NUMBER.findall(LINKS_AND_CODE.sub("", t)))
                        for t in (message, translation))  # fmt: skip
        more = "\n\n" in translation  # several paragraphs for one
        assert ours <= theirs and (ours == theirs or more), translation


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_chinese_is_never_slanted_and_no_star_is_left_over(path):
    for message, translation in catalogues.translations(path).items():
        for block in texts.PARSER.parse(translation):
            slanted = ""
            for token in block.children or []:
                slanted = {"em_open": "open", "em_close": ""}.get(token.type, slanted)
                assert not (slanted and CHINESE.search(token.content)), translation
                assert token.type != "text" or "**" not in token.content, translation
        assert message.count("`") == 0 or translation.count("`") % 2 == 0, translation


@pytest.mark.parametrize("code", CODES)
def test_nothing_is_left_to_translate(code):
    for name, messages in pages.all_messages().items():
        path = pages.catalogue(code, name)
        known = catalogues.translations(path) if path.exists() else {}
        left = [message for message in messages if message not in known]
        assert not left, f"{name}: python -m utils.publish.languages --catalogues, then translate"


@pytest.mark.parametrize("code", CODES)
def test_committed_pages_are_in_step(code):
    made = pages.edition(code)
    for name, text in made.items():
        there = (REPOSITORY / name).read_text(encoding="utf-8")
        assert there == text, f"{name}: python -m utils.publish.languages"
        assert len(text) < 1_000_000
    folder = NOTEBOOKS / languages.find(code).folder
    assert {path.name for path in folder.iterdir() if path.is_file()} <= {
        Path(name).name for name in made
    }


@pytest.mark.parametrize("code", CODES)
def test_links_in_another_language_lead_somewhere(code):
    for name, text in pages.edition(code).items():
        if name.endswith(".ipynb"):
            cells = nbformat.reads(text, as_version=4).cells
            text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        for _, target, anchor in texts.LINK.findall(text):
            if "://" in target:
                continue
            path = (REPOSITORY / name).parent / target if target else REPOSITORY / name
            assert path.exists(), (name, target)
            if anchor and path.suffix == ".md":
                assert anchor in texts.slugs(path.read_text("utf-8")), (name, target, anchor)


def test_code_and_outputs_are_those_of_the_english_notebook():
    for name, text in pages.edition("zh_CN").items():
        if name.endswith(".ipynb"):
            ours = nbformat.read(NOTEBOOKS / Path(name).name, as_version=4).cells
            theirs = nbformat.reads(text, as_version=4).cells
            assert [cell.id for cell in ours] == [cell.id for cell in theirs]
            for one, other in zip(ours, theirs, strict=True):
                if one.cell_type == "code":
                    assert (one.source, one.outputs) == (other.source, other.outputs)


MARKDOWN = """# Title

A *word*, [a link](other.md#the-part)
on two lines.

- one
- two | three

> a quote

| head | `code` |
|---|---|
| a \\| b | 12 |

<details><summary>Solution</summary>

```python
one = "one"
```

</details>"""


def test_a_text_is_translated_block_by_block():
    assert list(texts.messages(MARKDOWN)) == [
        "Title", "A *word*, [a link](other.md#the-part)\non two lines.", "one", "two | three",
        "a quote", "head", "a | b", "Solution",
    ]  # fmt: skip
    new = {"Title": "T", "one": "1.", "a quote": "q\n\nr", "a | b": "c", "Solution": "S"}
    found = texts.translate(MARKDOWN, lambda message: new.get(message, message))
    assert found == (
        MARKDOWN.replace("Title", "T").replace("- one", "- 1.").replace("a \\| b", "c")
        .replace("> a quote", "> q\n> \n> r").replace("Solution", "S")
    )  # fmt: skip
    assert texts.translate(MARKDOWN, lambda message: message) == MARKDOWN.replace("\\|", "|")


def test_links_move_with_their_page():
    moved = {"a/one.md": "a/x/one.md", "two.md": "TWO.md"}
    anchors = {"two.md": {"part": "teil"}, "a/one.md": {"top": "oben"}}

    def move(text):
        return texts.move_links(text, "a/one.md", "a/x/one.md", moved, anchors)

    assert move("[t](../two.md#part)") == "[t](../../TWO.md#teil)"
    assert move("[l](../LICENSE)") == "[l](../../LICENSE)"
    assert move("[top](#top) [own](x/one.md)") == "[top](#oben) [own](../one.md)"
    for same in ("[w](https://a.b/c.md)", "layers[0](x)", "[gone](gone.md)"):
        assert move(same) == same


@pytest.fixture
def update(tmp_path):
    """A function that updates a catalogue to these messages, and gives its translations."""
    path = tmp_path / "page.po"
    path.write_text(
        'msgid "A picture is an array."\nmsgstr "图片是一个数组。"\n\n'
        'msgid "Train the head first."\nmsgstr "先训练头部。"\n',
        encoding="utf-8",
    )

    def update(*messages):
        update.left = catalogues.update(path, messages)
        return catalogues.translations(path)

    return update


def test_an_update_adds_what_is_new_and_keeps_the_rest(update):
    found = update("A picture is an array.", "Something else entirely.")
    assert found == {"A picture is an array.": "图片是一个数组。"}
    assert update.left == 1


def test_a_translation_returns_with_its_message(update):
    update("A picture is an array.")
    assert update("Train the head first.") == {"Train the head first.": "先训练头部。"}
    assert update.left == 0


def test_a_changed_message_waits_for_review(update):
    assert update("A picture is an array of numbers.") == {}
    assert update.left == 1


def test_a_third_language_begins_with_a_handful_of_messages(tmp_path, monkeypatch):
    german = languages.Language("Deutsch", "de", "de", "Keras", {}, "Noch nicht übersetzt.")
    monkeypatch.setitem(languages.LANGUAGES, "de", german)
    (tmp_path / "index.md").write_text(
        "# Title\n\n[one](01-one.ipynb), [words](glossary.md#a-word)"
    )
    (tmp_path / "glossary.md").write_text("# Glossary\n\n### A word\n\nIt says something.")
    (tmp_path / "teaching.md").write_text("# For teachers")
    cells = [nbformat.v4.new_markdown_cell("# One\n\nSee [words](glossary.md#a-word).")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "01-one.ipynb")
    assert command.update(["de"], tmp_path) > 6
    for name, message, translation in (
        ("glossary", "A word", "Ein Wort"),
        ("01-one", "See [words](glossary.md#a-word).", "Siehe [Wörter](glossary.md#a-word)."),
    ):
        path = pages.catalogue("de", name, tmp_path)
        text = path.read_text(encoding="utf-8")
        assert f'msgid "{message}"\nmsgstr ""' in text
        path.write_text(text.replace(f'{message}"\nmsgstr "', f'{message}"\nmsgstr "{translation}'))
    pages.catalogue("de", "teaching", tmp_path).unlink()

    made = pages.edition("de", tmp_path)
    assert "### Ein Wort\n\nIt says something." in made["notebooks/de/glossary.md"]
    assert "Siehe [Wörter](glossary.md#ein-wort)." in made["notebooks/de/01-one.ipynb"]
    assert "notebooks/de/teaching.md" not in made and "README.de.md" in made
    on_site = pages.edition("de", tmp_path, site=True)
    assert on_site["notebooks/de/teaching.md"] == "# For teachers\n\n> Noch nicht übersetzt.\n"


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed")
def test_make_passes_a_language_on_only_if_it_was_typed(monkeypatch):
    def would_run(*words):
        command = ["make", "--no-print-directory", "-n", "-o", ".venv/ready", *words]
        return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True).stdout

    monkeypatch.setenv("LANGUAGE", "en_US:en")  # as Debian and Ubuntu set it
    assert "language" not in would_run("workshop") and "/zh/" not in would_run("lab")
    assert "--language zh_CN" in would_run("workshop", "LANGUAGE=zh_CN")
    lab = would_run("lab", "LANGUAGE=zh_CN")
    assert "TRANSFER_LANGUAGE=zh_CN" in lab and "notebooks/zh/01-download.ipynb" in lab


def test_an_unknown_language_is_named(capsys):
    assert command.main(["xx"]) == 1
    assert "'xx'" in capsys.readouterr().err
