"""What README and notebooks say of recorded results is what the files hold."""

import json
import re

import nbformat
import pandas as pd
import pytest

from utils import results, sentences
from utils.record import PAGES
from utils.run_notebooks import NOTEBOOKS


def texts():
    for page in PAGES:
        yield page.name, page.read_text(encoding="utf-8")
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]-*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                yield f"{path.name} {cell.id}", cell.source


@pytest.mark.parametrize("where, text", list(texts()), ids=lambda value: value[:24])
def test_sentences_say_what_was_recorded(where, text):
    assert sentences.filled(text) == text


def test_every_sentence_is_used():
    used = {name for _, text in texts() for name in re.findall(r"<!-- sentence ([\w-]+) -->", text)}
    assert used == set(sentences.SENTENCES)


@pytest.mark.parametrize("name", sorted(sentences.SENTENCES))
def test_sentences_follow_the_files(name, tmp_path, monkeypatch):
    """With other numbers in the files a sentence changes."""
    before = sentences.SENTENCES[name]()
    for path in results.RESULTS.glob("*.csv"):
        table = pd.read_csv(path)
        for column in table.select_dtypes("number"):
            if "accuracy" in column or column in ("seconds", "pictures_per_second"):
                table[column] = table[column].to_numpy()[::-1] * 0.9
        table.to_csv(tmp_path / path.name, index=False)
        (tmp_path / path.with_suffix(".json").name).write_text(
            json.dumps(json.loads(path.with_suffix(".json").read_text(encoding="utf-8")))
        )
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    assert sentences.SENTENCES[name]() != before


def test_filling_changes_only_what_stands_between_marks(tmp_path, monkeypatch):
    monkeypatch.setitem(sentences.SENTENCES, "steps", lambda: "Six times seven is 42.")
    text = "A\n<!-- sentence steps -->\nold\n<!-- end -->\nB"
    said = "A\n<!-- sentence steps -->\nSix times seven is 42.\n<!-- end -->\nB"
    assert sentences.filled(text) == said
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "README.md").write_text(text)
    sentences.fill_all(tmp_path)
    assert (tmp_path / "README.md").read_text() == said


@pytest.mark.parametrize(
    ("named", "other", "judged"),
    [
        ((0.70, 0.71, 0.72), (0.60, 0.61, 0.62), "The rule holds."),
        ((0.60, 0.61, 0.62), (0.70, 0.71, 0.72), "The rule fails."),
        ((0.60, 0.70, 0.65), (0.66, 0.61, 0.64), "Not told apart."),
        ((0.70,), (0.60, 0.61, 0.62), "The rule's advice is ahead, with one seed."),
        ((0.60,), (0.70, 0.71, 0.72), "The rule's advice is behind, with one seed."),
    ],
)
def test_a_rule_holds_or_fails_only_with_a_clear_lead(monkeypatch, named, other, judged):
    rows = [
        ("toys", case, 50, seed, value, 1.0, 0.0)
        for case, values in (("fine-tuned", named), ("from scratch", other))
        for seed, value in enumerate(values)
    ]
    table = pd.DataFrame(rows, columns=results.COLUMNS["amount"])
    monkeypatch.setattr(results, "load", lambda name: table)
    assert sentences.verdict("toys", 50, ("fine-tuned",)).endswith(f"**{judged}**")


def test_a_missing_file_leaves_the_old_sentence_and_says_so(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    text = "<!-- sentence steps -->\nold\n<!-- end -->"
    assert sentences.filled(text, lenient=True) == text
    assert "'steps' stays as it was. There is no steps.csv" in capsys.readouterr().out
    with pytest.raises(results.ResultsError):
        sentences.filled(text)
