"""Sentences that quote recorded results, made from data/results/ and put between their marks.

In README.md, on the front page and in the notebooks' Markdown cells,
`<!-- sentence NAME -->...<!-- end -->` is filled by `python -m utils.evidence sentences`. A test
makes each sentence again and compares. What a sentence judges ("the rule holds"), it judges by the
table.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from utils import amount, files, results, rivals
from utils.settings import REPOSITORY

PAGES = ("README.md", "README.zh-CN.md", "notebooks/index.md")
MARK = re.compile(r"(<!-- sentence ([\w-]+) -->\n?)(.*?)(\n?<!-- end -->)", re.DOTALL)


def filled(text: str, *, lenient: bool = False) -> str:
    """The text with every marked sentence made anew.

    Where results are missing: ResultsError, or if `lenient` the old sentence, and a line that
    says so.
    """

    def sentence(match: re.Match) -> str:
        try:
            return match[1] + SENTENCES[match[2]]() + match[4]
        except results.ResultsError as error:
            if not lenient:
                raise
            print(f"The sentence {match[2]!r} stays as it was. {error}")
            return match[0]

    return MARK.sub(sentence, text)


def fill_all(repository: Path = REPOSITORY) -> None:
    """Fill pages and notebooks; files that already say so stay as they are."""
    for page in (repository / name for name in PAGES):
        if page.exists():
            _write(page, filled(page.read_text(encoding="utf-8"), lenient=True))
    for path in sorted((repository / "notebooks").glob("[0-9][0-9]-*.ipynb")):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for cell in notebook["cells"]:
            if cell["cell_type"] == "markdown":
                text = filled("".join(cell["source"]), lenient=True)
                cell["source"] = text.splitlines(keepends=True)
        _write(path, json.dumps(notebook, indent=1, ensure_ascii=False) + "\n")


def _write(path: Path, text: str) -> None:
    if path.read_text(encoding="utf-8") != text:
        with files.whole_file(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
        print(f"{path.name}: sentences put right")


def passed(curve: pd.DataFrame, mark: float) -> str:
    """When the validation accuracy first reached `mark`, in words."""
    reached = curve[curve.validation_accuracy >= mark]
    if len(reached):
        return f"passed {mark} in minute {reached.minutes.iloc[0]:.0f}"
    return f"did not reach {mark}"


def record_sentence() -> str:
    texts = []
    for name, who in (
        ("record", "The recorded run"),
        ("record-muon", "The recipe with Muon, two blocks frozen"),
    ):
        test, curve = results.load(f"{name}-test").iloc[0], results.load(name)
        about = results.provenance_of(f"{name}-test")
        where = f"{about['machine']}, {about['settings']['precision']}, {about['date']}"
        texts.append(
            f"{who} ({where}) trained {len(curve)} epochs in {test.minutes:.0f} minutes. Its "
            f"validation accuracy {passed(curve, 0.9)} and {passed(curve, 0.917)}. Tested once, "
            f"on {test.test_pictures:,.0f} pictures: {test.accuracy:.4f}, and "
            f"{test.flip_averaged:.4f} averaged over each picture and its mirror image."
        )
    return " ".join(texts)


def optimizers_sentence() -> str:
    table = results.load("optimizers").groupby("recipe", sort=False).mean()
    parts = [
        f"{name}: {row.validation_accuracy:.3f} in {row.seconds:.0f} seconds"
        for name, row in table.iterrows()
    ]
    return f"Recorded on a tenth of CIFAR-10, two epochs, in float32: {'; '.join(parts)}."


def _means(pictures: int | None = None, data: str | None = None) -> pd.DataFrame:
    means = amount.summary(results.load("amount"))
    if pictures is not None:
        means = means[means.pictures == pictures]
    return means if data is None else means[means.data == data]


def _best_linear(means: pd.DataFrame) -> pd.Series:
    linear = means[means.case.str.startswith("linear")]
    return linear.loc[linear.accuracy.idxmax()]


def _words(case: str) -> str:
    """A case as it stands in a sentence."""
    return (
        case.replace("linear after", "a linear classifier behind")
        .replace("from scratch", "training from scratch")
        .replace("fine-tuned", "fine-tuning")
    )


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1]


def amounts_sentence() -> str:
    means = _means(data="cifar10")
    tuned = means[means.case == "fine-tuned"].set_index("pictures").accuracy
    linear = {count: _best_linear(means[means.pictures == count]).accuracy for count in tuned.index}
    ahead = [f"{count:,}" for count in tuned.index if tuned[count] > linear[count]]
    behind = [f"{count:,}" for count in tuned.index if tuned[count] <= linear[count]]
    parts = []
    if ahead:
        parts.append(f"is ahead of the best linear classifier at {_listed(ahead)} pictures")
    if behind:
        parts.append(f"is not at {_listed(behind)}")
    scratch = means[means.case == "from scratch"].set_index("pictures").accuracy
    most = max(scratch.index)
    everything = means[means.pictures == means.pictures.max()]
    text = (
        f"On CIFAR-10, fine-tuning {' and '.join(parts)}. From scratch, {most:,} pictures give "
        f"{scratch[most]:.3f}; the pretrained base gives as much without any training with "
    )
    without = means[means.case == amount.NO_TRAINING]
    enough = without[without.accuracy >= scratch[most]].pictures
    text += f"{enough.min():,}." if len(enough) else "no number that was tried."
    if len(everything):
        best = _best_linear(everything)
        text += (
            f" With {best.pictures:,.0f} pictures the best linear classifier, the one behind block "
            f"{best.case[-1]}, has {best.accuracy:.3f}."
        )
    return text


LEARNED = 0.15  # of ten classes; below it a network may as well be guessing
NEAR = 0.01  # a lead that a few hundred test pictures do not prove


def card_sentence() -> str:
    expected = {"cifar10": (4, 5), "toys": (3, 4), "digits": (3, 4)}
    right, near, wrong = [], [], {}
    for data, blocks in expected.items():
        means = _means(1_000, data).set_index("case").accuracy
        of = {block: means[amount.linear_case(block)] for block in amount.BLOCKS}
        lead = max(of[b] for b in blocks) - max(of[b] for b in of if b not in blocks)
        if abs(lead) < NEAR:
            near.append(data)
        elif lead > 0:
            right.append(data)
        else:
            wrong[data] = max(of, key=of.get)
    text = (
        "The [card](../data/vgg16-tiny-imagenet.md) of the weights had found that CIFAR-10 wants "
        "the deep blocks (4 or 5), toys and digits the middle ones (3 or 4). "
    )
    if right:
        text += f"Confirmed for {_listed(right)}. "
    if near:
        text += f"Less than {100 * NEAR:.0f} point decides on {_listed(near)}: not told apart. "
    for data, block in wrong.items():
        text += f"Not so for {data}: block {block} was best here. "
    return text.strip()


def price_sentence() -> str:
    means = _means(1_000, "cifar10").set_index("case")
    none = means.loc[amount.NO_TRAINING]
    linear = _best_linear(means.reset_index())
    tuned = means.loc["fine-tuned"]
    head = means.loc[amount.linear_case(5)].seconds  # what fine-tuning starts from
    parts = [
        f"{_words(name)} gains {100 * (row.accuracy - none.accuracy):.1f} points over no "
        f"training, in {seconds:.1f} seconds"
        for name, row, seconds in (
            (linear.case, linear, linear.seconds),
            ("fine-tuned", tuned, tuned.seconds + head),
        )
    ]
    return f"Recorded on 1,000 pictures of CIFAR-10: {'; '.join(parts)}."


def verdict(data: str, pictures: int, said: tuple[str, ...]) -> str:
    """One case of the rule: who won, and whether it is whom the rule names."""
    means = _means(pictures, data)
    ranked = means[means.case != amount.NO_TRAINING].sort_values("accuracy", ascending=False)
    named = ranked[ranked.case.isin(said)].iloc[0]
    other = ranked[~ranked.case.isin(said)].iloc[0]
    lead, seeds = named.accuracy - other.accuracy, min(named.seeds, other.seeds)
    text = (
        f"{pictures:,} of {data}: {_words(named.case)} has {named.accuracy:.3f}, the best other "
        f"way, {_words(other.case)}, {other.accuracy:.3f}"
    )
    if seeds < 2:
        ahead = "ahead" if lead > 0 else "behind"
        return f"{text}. **The rule's advice is {ahead}, with one seed.**"
    error = ((named.spread**2 + other.spread**2) / seeds) ** 0.5
    if abs(lead) <= 2 * error:
        return f"{text}. **Not told apart.**"
    return f"{text}. **The rule {'holds' if lead > 0 else 'fails'}.**"


def rule_sentence() -> str:
    linear = amount.linear_case
    parts = {
        "Little data, similar: freeze the base, train a linear classifier (behind block 5)": [
            verdict("cifar10", count, (linear(5),)) for count in (50, 200)
        ],
        "Little data, unlike: keep only the low-level layers (blocks 1 to 3)": [
            verdict(data, count, (linear(1), linear(2), linear(3)))
            for data in ("digits", "sounds")
            for count in (50, 200)
        ],
        "Much data: train the whole network from the pretrained weights": [
            verdict("cifar10", 5_000, ("fine-tuned",))
        ],
    }
    return "\n\n".join(
        f"*{rule}.*\n" + "\n".join(f"- {line}" for line in lines) for rule, lines in parts.items()
    )


def sizes_sentence() -> str:
    parts = [
        f"{row.pictures_per_second:.0f} pictures per second and {row.accuracy:.3f} at "
        f"{row.side:.0f} px"
        for row in results.load("sizes").itertuples()
    ]
    return f"Recorded on CIFAR-10 with the bundled weights: {_listed(parts)}."


def ingredients_sentence() -> str:
    means = results.load("ingredients").groupby("recipe", sort=False).validation_accuracy.mean()
    lost = (100 * (means[rivals.WHOLE] - means.drop(rivals.WHOLE))).sort_values(ascending=False)
    pictures = results.provenance_of("ingredients")["validation_pictures"]
    noise = 100 * (0.25 / pictures) ** 0.5
    helped = [f"{name} {value:.1f}" for name, value in lost.items() if value > 2 * noise]
    hardly = [f"{name} ({value:+.1f})" for name, value in lost.items() if abs(value) <= 2 * noise]
    harmed = [f"{name} {-value:.1f}" for name, value in lost.items() if value < -2 * noise]
    text = f"The whole recipe reached {means[rivals.WHOLE]:.3f} in this short form. "
    if helped:
        text += f"Points that are lost without them: {_listed(helped)}. "
    if hardly:
        text += f"Within what {pictures:,} validation pictures can tell: {_listed(hardly)}. "
    if harmed:
        text += f"Better left out in so short a run, by points: {_listed(harmed)}. "
    return (
        text
        + "One seed, whose luck comes on top; few epochs on few pictures favour other things than "
        "the full run does."
    )


def depth_sentence() -> str:
    means, parts = _means(200), []
    for data in means.data.unique():
        best = _best_linear(means[means.data == data])
        parts.append(
            f"{data} behind {best.case.removeprefix('linear after ')} ({best.accuracy:.3f})"
        )
    return (
        "With 200 recorded training pictures, the linear classifier is best on "
        + "; on ".join(parts)
        + "."
    )


def recipes_sentence() -> str:
    table = results.load("recipes")
    rates = table.groupby("recipe").pictures_per_second.median()
    tops = table.loc[table.groupby("recipe").validation_accuracy.idxmax()].set_index("recipe")
    old, linear, whole = (
        tops.loc[name] for name in ("old recipe", rivals.OURS_LINEAR, rivals.OURS_WHOLE)
    )
    spent = table[table.recipe == "old recipe"].seconds.max()
    text = (
        f"On a tenth of CIFAR-10, in float32, the old recipe trained at {rates['old recipe']:.0f} "
        f"pictures per second. Its best validation accuracy in {spent:.0f} seconds was "
        f"{old.validation_accuracy:.3f}. A linear classifier on features reached "
        f"{linear.validation_accuracy:.3f} in {linear.seconds:.0f} seconds, and the record's "
        f"recipe, shortened, {whole.validation_accuracy:.3f} in {whole.seconds:.0f} seconds, at "
        f"{rates[rivals.OURS_WHOLE]:.0f} pictures per second."
    )
    if old.validation_accuracy < LEARNED:
        to_linear, to_whole = spent / linear.seconds, spent / whole.seconds
        return text + (
            " So the old recipe had not left chance by then. How much longer it needs is not "
            f"known, only a bound: more than {to_linear:.1f} times as long to the linear "
            f"classifier's accuracy, and more than {to_whole:.1f} times to that of the record's "
            "recipe."
        )
    ratios = rivals.times_as_fast(table)
    return text + (
        f" To the old recipe's best they needed {1 / ratios[rivals.OURS_LINEAR]:.2f} and "
        f"{1 / ratios[rivals.OURS_WHOLE]:.2f} times its time."
    )


def pytorch_sentence() -> str:
    table = results.load("pytorch")
    rates = table.groupby(["side", "batch_size", "library"]).pictures_per_second.median().unstack()
    about = results.provenance_of("pytorch")
    version = about["versions"]["torch"].split("+")[0]
    precision = about["settings"]["precision"].removeprefix("mixed_")
    parts = [
        f"{row.Keras:.0f} against {row.PyTorch:.0f} at {side} px in batches of {batch} "
        f"({row.Keras / row.PyTorch:.2f})"
        for (side, batch), row in rates.iterrows()
    ]
    return (
        f"Training VGG16 in {precision}, pictures per second of Keras against PyTorch {version} "
        f"(channels last), medians of {table['round'].nunique()} rounds: " + "; ".join(parts) + "."
    )


def steps_sentence() -> str:
    steps = results.load("steps")
    first, last = steps.iloc[0], steps.iloc[-1]
    return (
        f"Recorded on CIFAR-10, with more epochs: from {first.seconds:.0f} seconds to "
        f"{last.seconds:.1f}, "
        f"{first.seconds / last.seconds:.0f} times as fast in all, while the validation accuracy "
        f"went from {first.accuracy:.3f} to {last.accuracy:.3f}."
    )


SENTENCES: dict[str, Callable[[], str]] = {
    "amounts": amounts_sentence,
    "card": card_sentence,
    "price": price_sentence,
    "rule": rule_sentence,
    "sizes": sizes_sentence,
    "record": record_sentence,
    "depth": depth_sentence,
    "ingredients": ingredients_sentence,
    "optimizers": optimizers_sentence,
    "recipes": recipes_sentence,
    "pytorch": pytorch_sentence,
    "steps": steps_sentence,
}
