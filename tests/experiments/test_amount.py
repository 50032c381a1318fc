"""The measurements of notebook 06 on very little data."""

import numpy as np
import pandas as pd
import pytest

from utils import model
from utils.data import PictureSet, PictureSets
from utils.experiments import __main__ as experiments
from utils.experiments import amount, unlike
from utils.experiments.amount import NEAREST_MEAN, PROBES, plan, subset

BOTH = {"from scratch": 50, "fine-tuned": 50}


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


@pytest.mark.parametrize(
    "labels, expected",
    [
        (np.arange(100) % 10, {(50, 0), (50, 1), (100, 0)}),
        (np.arange(53) % 4, {(50, 0), (50, 1), (53, 0)}),  # four classes of few pictures
        (np.arange(13) % 2, {(13, 0)}),
        (np.arange(240) % 60, {(200, 0), (200, 1)}),  # sixty classes of four
        (np.arange(2_500) % 1_200, {(2_500, 0)}),
    ],
)
def test_the_plan_follows_the_data(labels, expected):
    planned = plan(labels, (50, 200), range(2), BOTH)
    for case in (*PROBES, NEAREST_MEAN):
        assert {(count, seed) for name, count, seed in planned if name == case} == expected
    smallest = min(count for count, _ in expected)
    for case in BOTH:
        assert {count for name, count, _ in planned if name == case} == {smallest}


def test_probes_learn_digits(digits, make_settings):
    planned = plan(digits.train.labels, (50,), range(2), {})
    rows = pd.DataFrame(amount.measure("digits", digits, make_settings(), planned))
    assert list(rows[["case", "pictures", "seed"]].itertuples(index=False, name=None)) == planned
    accuracy = rows.groupby("case").accuracy.mean()
    assert accuracy["linear probe after block 3"] > 0.6 and accuracy[NEAREST_MEAN] > 0.4


def test_all_ways_can_be_measured_on_uneven_classes(digits, make_settings):
    def part(pictures, most):  # of the first three classes, `most` of the last
        few = [np.flatnonzero(pictures.labels == label)[:n] for label, n in enumerate((9, 9, most))]
        rows = np.concatenate(few)
        return PictureSet(pictures.images[rows], pictures.labels[rows])

    train, *others = part(digits.train, 1), part(digits.validation, 3), part(digits.test, 3)
    sets = PictureSets(train, *others, class_names=["0", "1", "2"])
    planned = plan(train.labels, (50,), range(3), BOTH)
    rows = pd.DataFrame(amount.measure("few", sets, make_settings(), planned, most_epochs=1))
    assert sorted(rows.case) == sorted([*PROBES, NEAREST_MEAN, *BOTH])
    assert set(rows.pictures) == {len(train)}


@pytest.mark.parametrize("classes", [10, 2])
def test_fine_tuning_starts_from_the_probe_and_can_start_again(digits, make_settings, classes):
    settings, labels = make_settings(), digits.train.labels % classes
    features = amount.block_features(model.build_base(settings), digits.train.images)[5]
    probe = amount.fit_probe(features, labels, features, labels)
    whole = amount.WholeNetwork(settings, classes, pretrained=True)
    for _ in range(2):
        whole.reset(probe)
        answers = whole.network.predict(digits.train.images, verbose=0)
        assert np.allclose(answers, probe.predict_proba(features), atol=1e-2)
        whole.fit(PictureSet(digits.train.images[:20], labels[:20]), epochs=1)
        assert not np.allclose(whole.network.predict(digits.train.images, verbose=0), answers)


def recorded(case, values):
    rows = [("cifar10", case, 50, seed, value, 1.0) for seed, value in enumerate(values)]
    return pd.DataFrame(rows, columns=amount.COLUMNS["amount"])


@pytest.mark.parametrize(
    "probe, verdict",
    [
        ((0.70, 0.60, 0.65), "no clear difference"),
        ((0.80, 0.81, 0.82), "holds"),
        ((0.20, 0.21, 0.22), "fails"),
        ((0.80,), "holds, one seed"),
    ],
)
def test_a_verdict_needs_a_clear_lead(probe, verdict):
    other = recorded("fine-tuned", (0.66, 0.61, 0.64))
    table = pd.concat([recorded("linear probe after block 5", probe), other])
    assert amount.verdicts(table).verdict.tolist() == [verdict]
    words = amount.decision_map(table).loc["cifar10", 50]
    assert (" or " in words) == (verdict not in ("holds", "fails"))


def test_an_interrupted_recording_resumes(make_settings, monkeypatch):
    calls, saved = [], []

    def measure(name, sets, settings, planned):
        for key in planned:
            calls.append((name, *key))
            if len(calls) == 30:
                raise KeyboardInterrupt
            yield dict(zip(amount.COLUMNS["amount"], (name, *key, 0.5, 1.0), strict=True))

    monkeypatch.setattr(amount, "measure", measure)
    monkeypatch.setattr(experiments.results, "save", lambda *result: saved.append(result))
    with pytest.raises(KeyboardInterrupt):
        experiments.measure_amount(make_settings())
    experiments.measure_amount(make_settings())
    ((_, table, _),) = saved
    keys = table[["data", "case", "pictures", "seed"]]
    assert len(keys) == len(keys.drop_duplicates()) == len(calls) - 1


def test_only_cifar10_is_recorded(capsys):
    assert experiments.main(["amount"]) == 1  # the tests' pictures are toys
    assert "TRANSFER_DATA" in capsys.readouterr().out
