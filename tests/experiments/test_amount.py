"""The measurements of notebook 06 on very little data."""

import numpy as np
import pandas as pd
import pytest

from utils import model
from utils.data import PictureSet, PictureSets
from utils.experiments import __main__ as experiments
from utils.experiments import amount, results, unlike
from utils.experiments.amount import (
    CONTROLS,
    FINE_TUNED,
    LAST,
    PROBES,
    SMALL,
    WHOLE,
    Measurements,
    part,
    plan,
    subset,
)

BOTH = dict.fromkeys(WHOLE, 50)


@pytest.fixture(scope="module")
def digits():
    return unlike.digits(32, (100, 50, 100))


def test_digits_and_sounds_have_the_shapes_of_all_pictures(digits):
    for sets in (digits, unlike.sounds(32, (60, 20, 20))):
        images = sets.train.images
        assert images.dtype == np.uint8 and images.shape[1:] == (32, 32, 3)
        assert images.max() > 200 and len(sets.class_names) == 10
        assert set(sets.train.labels) == set(range(10))
    assert np.array_equal(images, unlike.sounds(32, (60, 20, 20)).train.images)  # the same again
    other = unlike.digits(32, (100, 50, 100), seed=1)
    assert not np.array_equal(other.train.images, digits.train.images)


def test_a_subset_keeps_the_fractions_of_classes():
    labels = np.repeat(np.arange(10), 10)
    chosen = subset(labels, 50, seed=0)
    assert np.bincount(labels[chosen]).tolist() == [5] * 10 and len(set(chosen)) == 50
    assert set(chosen) != set(subset(labels, 50, seed=1))
    assert sorted(subset(labels, 500, seed=0)) == list(range(100))


@pytest.mark.parametrize("sizes", [(700, 3), (300, 300, 1), (1,) * 49 + (500,)])
def test_a_subset_leaves_no_class_out(sizes):
    labels = np.repeat(np.arange(len(sizes)), sizes)
    for seed in range(5):
        assert set(labels[subset(labels, 50, seed)]) == set(range(len(sizes)))


def test_shares_are_disjoint_and_keep_the_fractions(digits):
    shares = [part(digits.train, 50, seed=3, share=k) for k in (0, 1)]
    assert all(set(np.bincount(share.labels)) <= {4, 5, 6} for share in shares)
    seen = {image.tobytes() for image in shares[0].images}
    assert not any(image.tobytes() in seen for image in shares[1].images)


@pytest.mark.parametrize(
    "labels, expected",
    [
        (np.arange(100) % 10, {50, 100}),
        (np.arange(53) % 4, {50, 53}),  # four classes of few pictures
        (np.arange(13) % 2, {13}),
        (np.arange(240) % 60, {200}),  # sixty classes of four
        (np.arange(2_500) % 1_200, {2_500}),
        (np.arange(300) % 50, {200}),  # one of each class would leave no spread to compare with
    ],
)
def test_the_plan_follows_the_data(labels, expected):
    planned = plan(labels, (50, 200), BOTH)
    for case in (*PROBES, *CONTROLS):
        assert {count for name, count in planned if name == case} == expected
    for case in WHOLE:
        assert [count for name, count in planned if name == case] == [min(expected)]
        assert planned.index((SMALL, min(expected))) > planned.index((FINE_TUNED, min(expected)))


def test_probes_and_controls_learn_digits(digits, make_settings):
    planned = plan(digits.train.labels, (50,), {})
    way = Measurements("digits", lambda seed: digits, make_settings())
    rows = pd.DataFrame([row for seed in (0, 1) for row in way.rows(planned, seed)])
    assert list(rows[["case", "pictures"]].itertuples(index=False, name=None)) == 2 * planned
    assert set(rows.test_pictures) == {100} and rows.seconds.min() > 0
    accuracy = rows.groupby("case").accuracy.mean()
    assert accuracy["linear probe after block 3"] > 0.6
    assert accuracy[list(CONTROLS)].min() > 0.3


def test_all_ways_can_be_measured_on_uneven_classes(digits, make_settings):
    def few(pictures, most):  # of the first three classes, `most` of the last
        kept = [
            np.flatnonzero(pictures.labels == label)[:n] for label, n in enumerate((9, 9, most))
        ]
        rows = np.concatenate(kept)
        return PictureSet(pictures.images[rows], pictures.labels[rows])

    train, *others = few(digits.train, 1), few(digits.validation, 3), few(digits.test, 3)
    sets = PictureSets(train, *others, class_names=["0", "1", "2"])
    planned = plan(train.labels, (50,), BOTH)
    way = Measurements("few", lambda seed: sets, make_settings())
    rows = pd.DataFrame(way.rows(planned, 0, most_epochs=1)).set_index("case")
    assert sorted(rows.index) == sorted([*PROBES, *CONTROLS, *WHOLE])
    assert set(rows.pictures) == {len(train)}
    # The small network gets the seconds of fine-tuning, and stops.
    assert rows.seconds[FINE_TUNED] <= rows.seconds[SMALL] < rows.seconds[FINE_TUNED] + 2


@pytest.mark.parametrize("classes", [10, 2])
def test_fine_tuning_starts_from_the_probe_and_can_start_again(digits, make_settings, classes):
    settings, labels = make_settings(), digits.train.labels % classes
    features = amount.block_features(model.build_base(settings), digits.train.images)[5]
    probe = amount.fit_probe(features, labels, features, labels)
    way = Measurements("digits", lambda seed: digits, settings)
    for _ in range(2):
        whole = way.fine_tuned(probe)
        answers = whole.network.predict(digits.train.images, verbose=0)
        assert np.allclose(answers, probe.predict_proba(features), atol=1e-2)
        few = PictureSet(digits.train.images[:20], labels[:20])
        whole.fit(few, amount.by_steps(few, 1))
        assert int(whole.network.optimizer.iterations) == 5  # and not one step of rate 0 more
        assert not np.allclose(whole.network.predict(digits.train.images, verbose=0), answers)


def recorded(case, values, validation=0.5):
    rows = [("cifar10", case, 50, seed, 500, validation, v, 1.0) for seed, v in enumerate(values)]
    return pd.DataFrame(rows, columns=amount.COLUMNS["amount"])


@pytest.mark.parametrize(
    "probe, verdict",
    [
        ((0.70, 0.60, 0.65), "no clear difference"),
        ((0.80, 0.81, 0.82), "holds"),
        ((0.20, 0.21, 0.22), "fails"),
        ((0.80,), "holds, one seed"),
        ((0.67,), "no clear difference, one seed"),
    ],
)
def test_a_verdict_needs_a_clear_lead(probe, verdict):
    other = recorded(FINE_TUNED, (0.66, 0.61, 0.60))
    table = pd.concat([recorded(LAST, probe), other])
    assert amount.verdicts(table).verdict.tolist() == [verdict]


def test_the_interval_of_paired_leads_is_students():
    one, other = recorded(LAST, (0.7, 0.8, 0.9)), recorded(FINE_TUNED, (0.6, 0.6, 0.6))
    lead, error = amount.difference(one, other)
    assert lead == pytest.approx(0.2) and error == pytest.approx(4.303 * 0.1 / 3**0.5, rel=1e-3)


def test_choices_are_made_on_validation_pictures():
    likely = recorded(LAST, (0.6, 0.6, 0.6), validation=0.9)
    lucky = recorded(FINE_TUNED, (0.9, 0.8, 0.5), validation=0.8)
    table = pd.concat([lucky, likely])
    assert amount.by_validation(table) == [LAST, FINE_TUNED]
    assert amount.decision_map(table).loc[("cifar10", 50), "validation prefers"] == "block 5 0.600"


def test_two_ways_are_compared_over_all_seeds_that_both_have():
    probe = recorded(LAST, [0.5] * 5).assign(validation_accuracy=(0.6, 0.6, 0.6, 0.2, 0.2))
    tuned = recorded(FINE_TUNED, [0.5] * 5).assign(validation_accuracy=0.5)
    small = recorded(SMALL, [0.5] * 3, validation=0.4)
    table = pd.concat([small, probe, tuned])  # on the three seeds of all, the probe would lead
    assert amount.by_validation(table) == [FINE_TUNED, LAST, SMALL]
    once_more = recorded(SMALL, [0.5] * 4, validation=0.4)
    once_more.loc[3, ["seed", "validation_accuracy"]] = 9, 10.0  # of a seed that no other has
    assert amount.by_validation(pd.concat([once_more, probe, tuned])) == [FINE_TUNED, LAST, SMALL]


def test_of_level_ways_the_cheaper_comes_first():
    level = [recorded(case, (0.6, 0.6), validation=0.1 + 0.2) for case in (SMALL, FINE_TUNED)]
    level.append(recorded(LAST, (0.6, 0.6), validation=0.3))  # differs in the last bit
    assert amount.by_validation(pd.concat(level)) == [LAST, FINE_TUNED, SMALL]


def test_the_map_says_who_is_ahead_who_is_not_told_apart_and_who_is_missing():
    first, second = list(PROBES)[:2]
    ways = {LAST: (0.60, 0.61, 0.62), FINE_TUNED: (0.70, 0.71, 0.73), first: (0.50, 0.51, 0.53)}
    ways |= {second: (0.50, 0.61, 0.75)}
    parts = [recorded(case, values) for case, values in ways.items()]
    parts[0].validation_accuracy = 0.9
    cell = amount.decision_map(pd.concat(parts)).loc[("cifar10", 50)]
    assert cell.to_list() == [
        "block 5 0.610",
        "fine-tuned 0.713",
        "block 2 0.620",
        "block 3, block 4, small network",
        3,
    ]


def test_the_map_and_the_verdicts_never_contradict_each_other():
    rng, seen = np.random.default_rng(0), set()
    for _ in range(30):
        parts = []
        for case in (*PROBES, *WHOLE):
            values = rng.normal(0.5, 0.02, rng.integers(1, 6)) + rng.normal(0, 0.03)
            values += 0.03 * (case == LAST)
            part = recorded(case, values.clip(0, 1))
            parts.append(part.assign(validation_accuracy=part.accuracy + rng.normal(0, 0.02)))
        table = pd.concat(parts)
        cell = amount.decision_map(table).loc[("cifar10", 50)]
        ((advised, other, verdict),) = amount.verdicts(table)[
            ["advised", "other", "verdict"]
        ].values
        preferred = cell["validation prefers"].rsplit(" ", 1)[0]
        assert preferred in (advised, other)
        rival = other if preferred == advised else advised
        columns = ("clearly ahead of it", "too close to call")
        ahead, level = (f"{rival} 0." in cell[column] for column in columns)
        if verdict.startswith("no clear"):
            assert level
        elif verdict.startswith("holds") == (preferred == advised):
            assert not ahead and not level
        else:
            assert ahead
        seen.add(verdict.split(",")[0])
    assert seen == {"holds", "fails", "no clear difference"}


def test_the_words_of_notebook_06_read_the_recorded_verdicts():
    table = pd.read_csv(results.RESULTS / "amount.csv")
    found = amount.verdicts(table).groupby("rule").verdict.value_counts().to_dict()
    freeze, low, early, fine_tune = dict.fromkeys(rule for rule, *_ in amount.RULE)
    assert found == {  # if this changes, so does the text below the table
        (freeze, "fails"): 4,
        (low, "fails"): 3,
        (low, "no clear difference"): 1,
        (early, "no clear difference"): 4,
        (fine_tune, "holds, one seed"): 1,
    }
    recorded_map = amount.decision_map(table)
    assert (recorded_map["clearly ahead of it"] != "").sum() == 1
    photographs = recorded_map.loc["cifar10"]
    tuned = photographs["validation prefers"].str.startswith(FINE_TUNED)
    tuned |= photographs["clearly ahead of it"].str.startswith(FINE_TUNED)
    assert tuned.all() and not photographs["too close to call"].any()


@pytest.mark.parametrize("name, mirrored", [("toys", True), ("digits", False), ("sounds", False)])
def test_only_what_stays_true_is_mirrored(digits, make_settings, monkeypatch, name, mirrored):
    seen = []
    monkeypatch.setattr(amount.WholeNetwork, "fit", lambda *given: seen.append(given[-1]))
    way = Measurements(name, lambda seed: digits, make_settings())
    monkeypatch.setattr(way, "fine_tuned", lambda head: object.__new__(amount.WholeNetwork))
    monkeypatch.setattr(amount.WholeNetwork, "predict", lambda self, images: np.zeros(len(images)))
    assert len(list(way.rows([(FINE_TUNED, 50)], 0))) == 1
    assert seen == [mirrored]


def test_an_interrupted_recording_resumes(make_settings, monkeypatch):
    calls, saved = [], []

    class Fake:
        def __init__(self, name, draw, settings):
            self.name = name

        def rows(self, planned, seed):
            calls.append((self.name, seed, len(planned)))
            if len(calls) == 7:
                raise KeyboardInterrupt
            for case, count in planned:
                row = recorded(case, [0.5]).assign(data=self.name, pictures=count, seed=seed)
                yield row.iloc[0].to_dict()

    monkeypatch.setattr(amount, "Measurements", Fake)
    monkeypatch.setattr(experiments.results, "save", lambda *result: saved.append(result))
    with pytest.raises(KeyboardInterrupt):
        experiments.measure_amount(make_settings())
    experiments.measure_amount(make_settings())
    ((_, table, _),) = saved
    keys = table[["data", "case", "pictures", "seed"]]
    assert not keys.duplicated().any()
    assert len(calls) == 3 * 5 + 1  # each seed of each kind of pictures, and one again


def test_only_cifar10_is_recorded(capsys):
    assert experiments.main(["amount"]) == 1  # the tests' pictures are toys
    assert "TRANSFER_DATA" in capsys.readouterr().out
