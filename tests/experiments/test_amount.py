"""The measurements of notebook 06 on very little data."""

import numpy as np
import pandas as pd
import pytest

from utils.experiments import amount, evidence, unlike
from utils.experiments.amount import linear_case, subset, winners


@pytest.fixture(scope="module")
def digits():
    return unlike.digits(32, train=100, validation=50, test=100)


def test_digits_and_sounds_have_the_shapes_of_all_pictures(digits):
    for sets in (digits, unlike.sounds(32, train=60, validation=20, test=20)):
        images = sets.train.images
        assert images.dtype == np.uint8 and images.shape[1:] == (32, 32, 3)
        assert images.max() > 200 and len(sets.class_names) == 10
        assert set(sets.train.labels) == set(range(10))


def test_sounds_are_the_same_for_the_same_seed():
    one, same, other = (
        unlike.sounds(32, train=20, validation=10, test=10, seed=s) for s in (0, 0, 1)
    )
    assert np.array_equal(one.train.images, same.train.images)
    assert not np.array_equal(one.train.images, other.train.images)


def test_subsets_keep_the_shares_of_classes():
    labels = np.arange(100) % 10
    chosen = subset(labels, 50, seed=0)
    assert np.bincount(labels[chosen]).tolist() == [5] * 10
    assert set(chosen) != set(subset(labels, 50, seed=1))
    assert len(subset(labels, 500, seed=0)) == 100


def test_counts_that_the_pictures_cannot_give_are_left_out():
    labels = np.arange(100) % 10
    rows = amount.rows_of(labels, (5, 50, 95, 100, 1_000), range(2))
    assert {key: len(chosen) for key, chosen in rows.items()} == {
        (50, 0): 50, (50, 1): 50, (100, 0): 100,
    }  # fmt: skip


def test_a_part_of_a_set_in_class_order_holds_all_classes():
    labels = np.repeat(np.arange(10), 20)
    chosen = evidence.part(amount.PictureSet(np.zeros((200, 1, 1, 3), "uint8"), labels), 50)
    assert np.bincount(chosen.labels).tolist() == [5] * 10 and len(chosen.images) == 50


def test_features_are_means_of_maps(digits, make_settings):
    base = amount.model.build_base(make_settings())
    images = digits.train.images[:4]
    features = amount.block_features(base, images)
    assert [features[block].shape for block in amount.BLOCKS] == [
        (4, channels) for channels in (64, 128, 256, 512, 512)
    ]
    cut = amount.model.cut_base(base, "block3_pool")
    maps = cut.predict(amount.model.preprocess(images.astype("float32")), verbose=0)
    assert np.allclose(features[3], maps.mean((1, 2)), atol=1e-3)


def test_a_measurement_has_a_row_for_each_case(digits, make_settings):
    rows = pd.DataFrame(
        amount.measure(
            "digits", digits, make_settings(), counts=(50,), seeds=range(2),
            whole_counts={"from scratch": (50,), "fine-tuned": (50,)}, most_epochs=1,
        )
    )  # fmt: skip
    assert list(rows) == amount.COLUMNS["amount"]
    whole = {"from scratch": (50,), "fine-tuned": (50,)}
    assert len(rows) == amount.num_measurements(digits, (50,), range(2), whole)
    cases = [*(linear_case(block) for block in amount.BLOCKS), amount.NO_TRAINING]
    assert sorted(rows.case) == sorted([*cases, "from scratch", "fine-tuned"] * 2)
    accuracy = rows.groupby("case").accuracy.mean()
    assert accuracy[linear_case(3)] > 0.6 and accuracy[amount.NO_TRAINING] > 0.4
    assert (rows.seconds > 0).all()


def test_a_new_head_is_the_linear_classifier(digits, make_settings):
    settings = make_settings()
    base = amount.model.build_base(settings)
    features = amount.block_features(base, digits.train.images)[5]
    labels = digits.train.labels
    fit = amount.fit_linear(features, labels, features, labels)
    whole = amount.WholeNetwork(settings, 10, pretrained=True)
    whole.train(digits.train, epochs=0, head=fit)
    answers = whole.network.predict(digits.train.images, verbose=0)
    assert np.allclose(answers, fit.predict_proba(features), atol=1e-3)


def test_a_new_head_is_the_linear_classifier_of_two_classes_too(digits, make_settings):
    settings, two = make_settings(), digits.train.labels % 2
    features = amount.block_features(amount.model.build_base(settings), digits.train.images)[5]
    fit = amount.fit_linear(features, two, features, two)
    whole = amount.WholeNetwork(settings, 2, pretrained=True)
    whole.train(amount.PictureSet(digits.train.images, two), epochs=0, head=fit)
    answers = whole.network.predict(digits.train.images, verbose=0)
    assert np.allclose(answers, fit.predict_proba(features), atol=1e-3)


def test_trainings_start_from_the_same_weights(digits, make_settings):
    whole = amount.WholeNetwork(make_settings(), 10, pretrained=False)
    whole.train(digits.train, epochs=1)
    whole.train(digits.train, epochs=0)
    for now, start in zip(whole.network.get_weights(), whole.start, strict=True):
        assert np.array_equal(now, start)


def test_a_winner_is_sure_only_with_a_clear_lead():
    def rows(case, values):
        return [("toys", case, 50, seed, v, 1.0, 0.0) for seed, v in enumerate(values)]

    columns = amount.COLUMNS["amount"]
    near = rows("fine-tuned", (0.70, 0.60, 0.65)) + rows("from scratch", (0.66, 0.61, 0.64))
    far = rows("fine-tuned", (0.70, 0.71, 0.72)) + rows("from scratch", (0.30, 0.31, 0.32))
    one = rows("fine-tuned", (0.70,)) + rows("from scratch", (0.30,))
    for table, sure in ((near, False), (far, True), (one, False)):
        best = winners(pd.DataFrame(table, columns=columns)).iloc[0]
        assert best.case == "fine-tuned" and bool(best.sure) is sure


def test_joules_are_read_where_they_can_be(tmp_path):
    counter = tmp_path / "energy_uj"
    assert np.isnan(amount.read_joules(counter))
    counter.write_text("2500000\n")
    assert amount.read_joules(counter) == 2.5
