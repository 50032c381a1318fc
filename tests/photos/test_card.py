"""The model card says what was measured, and refuses gaps and contradictions."""

import pandas as pd
import pytest

from utils.photos.card import interval, model_card, origin

COUNTS = pd.DataFrame(
    {"train": [60, 30], "validation": [20, 10], "test": [40, 20]}, index=["ant", "bee|wasp"]
)
FACTS = {
    "title": "Ants and bees",
    "counts": COUNTS,
    "right": pd.Series({"bee|wasp": 17, "ant": 40}),
    "split": "three fifths, a fifth and a fifth of each class, seed 0",
    "side": 128,
    "way": "fine-tuned",
    "epochs": 7,
    "seed": 0,
    "calibration_error": 0.0312,
    "seconds": 96.0,
    "not_for": ["Wasps were not among the pictures."],
    "weights": "VGG16, CC BY 4.0",
}


def test_the_card_holds_what_was_measured(tmp_path):
    text = model_card(tmp_path / "card.md", **FACTS)
    assert (tmp_path / "card.md").read_text(encoding="utf-8") == text
    for words in (
        "# Ants and bees", "**Test accuracy 0.950**, 95 % interval 0.863 to 0.983", "(57 of 60",
        "| ant | 60 | 20 | 40 | 1.00 (40 right) |", r"| bee\|wasp | 30 | 10 | 20 | 0.85 (17 right)",
        "0.031, a rough number", "180 of 128 x 128 pixels", "7 epochs, 1.6 minutes, seed 0",
        "keras 3.", "CC BY 4.0", "- Wasps were not among the pictures.",
    ):  # fmt: skip
        assert words in text, words


def test_a_second_test_on_the_same_pictures_is_said(tmp_path):
    first, second = (model_card(tmp_path / "card.md", **FACTS) for _ in range(2))
    assert "not the first test" in second and "not the first test" not in first


def test_a_calibration_error_on_many_pictures_is_not_called_rough(tmp_path):
    many = {"counts": 20 * COUNTS, "right": 20 * FACTS["right"]}
    assert "\n0.031.\n" in model_card(tmp_path / "card.md", **(FACTS | many))


def test_a_card_without_fine_tuning_names_no_epochs(tmp_path):
    text = model_card(tmp_path / "card.md", **(FACTS | {"way": "probe", "epochs": 0}))
    assert "- Way: probe; seed 0.\n" in text


def test_where_the_weights_are_from_and_what_was_changed():
    assert "CC BY 4.0" in origin("imagenet", False) and "16 bits. Keep" in origin("imagenet", False)
    assert "16 bits, trained further as said above." in origin("imagenet", True)
    assert "random" in origin("none", True)
    assert origin("/home/me/other.weights.h5", True).startswith("other.weights.h5; add who")


def test_wilsons_interval():
    assert interval(57, 60) == pytest.approx((0.8630, 0.9829), abs=1e-4)
    assert interval(20, 20)[1] == 1 and interval(0, 20)[0] == 0


@pytest.mark.parametrize(
    ("fact", "value", "words"),
    [
        ("way", None, "lacks: way"),
        ("not_for", [], "lacks: not_for"),
        ("calibration_error", float("nan"), "lacks: calibration_error"),
        ("right", pd.Series({"ant": 40}), r"lacks: bee\|wasp"),
        ("right", pd.Series({"ant": 41, "bee|wasp": 3}), "41"),
    ],
)
def test_gaps_and_contradictions(tmp_path, fact, value, words):
    with pytest.raises(ValueError, match=words):
        model_card(tmp_path / "card.md", **(FACTS | {fact: value}))
    assert not (tmp_path / "card.md").exists()


def test_every_fact_is_needed(tmp_path):
    for fact in FACTS:
        with pytest.raises(TypeError, match=fact):
            model_card(tmp_path / "card.md", **{k: v for k, v in FACTS.items() if k != fact})
