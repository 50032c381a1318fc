"""What notebook 07 measures; that it is fast is measured there, not asserted here."""

import itertools
from dataclasses import replace
from types import SimpleNamespace

import keras
import numpy as np
import pandas as pd
import pytest

from utils.experiments import results, speed, unlike
from utils.experiments.speed import Way


@pytest.fixture(scope="module")
def digits():
    return unlike.digits(32, (40, 20, 20))


def test_levers_change_one_thing_at_a_time(make_settings):
    settings = make_settings(side=48, precision="mixed_bfloat16")
    slow, *ways = speed.levers(settings, budget=9).values()
    assert slow == Way(9) and len(ways) == 4
    changed = [{k for k, v in vars(way).items() if v != vars(slow)[k]} for way in ways]
    assert changed == [{"precision"}, {"batch_size"}, {"side"}, {"precision", "batch_size", "side"}]
    assert "bfloat16" not in speed.levers(make_settings(), budget=9)


def test_the_rate_warms_up_and_falls_to_zero():
    rates = [Way(60).rate(done) for done in np.linspace(0, 1, 11)]
    assert rates[0] == 0 and max(rates) == rates[2] and rates[-1] == pytest.approx(0)
    assert rates == sorted(rates[:3]) + sorted(rates[3:], reverse=True)
    assert Way(60, recipe="old").rate(0) == Way(60, recipe="repaired").rate(1) == 1e-4


@pytest.mark.parametrize("name", ["ours", "old", "repaired"])
def test_every_recipe_is_measured(name, digits, make_settings):
    ways = {name: Way(0.2, side=32, batch_size=16, recipe=name)}
    rows = pd.DataFrame(speed.measure_ways(ways, digits, make_settings(), checks=2))
    assert list(rows) == results.COLUMNS["old-recipe"] and set(rows.way) == {name}
    assert rows.seconds.is_monotonic_increasing and rows.seconds.iloc[-1] >= 0.2
    assert rows.validation_accuracy.between(0, 1).all()


@pytest.fixture
def clock(digits):
    """A clock of four checks in four seconds, for a network that always says 0."""
    clock = speed.Clock(Way(4), digits.validation, checks=4)
    answers = np.eye(10)[np.zeros(len(digits.validation), "int64")]
    clock.set_model(SimpleNamespace(optimizer=SimpleNamespace(), predict=lambda *_, **__: answers))
    return clock


def test_the_clock_leaves_out_the_first_batch_and_validating(clock, monkeypatch):
    ends = [(100, 107), (108.5, 120), (120.25,), (122.5, 130)]  # of a batch, and of a check
    times = itertools.chain(*ends)
    monkeypatch.setattr(speed, "time", SimpleNamespace(perf_counter=lambda: next(times)))
    for _ in ends:
        clock.on_train_batch_begin(0)
        clock.on_train_batch_end(0)
    assert [seconds for seconds, _ in clock.curve] == [0, 1.5, 4]
    assert clock.model.optimizer.learning_rate == Way(4).rate(1.75 / 4)
    assert clock.model.stop_training


def test_the_clock_stops_after_as_many_pictures(clock):
    clock.pictures, clock.checks = 64, 2
    for batch in range(2):
        assert clock.done == batch / 2
        clock.on_train_batch_end(batch)
    assert clock.model.stop_training and len(clock.curve) == 2


def test_other_ways_see_as_many_pictures_as_the_first(digits, make_settings, monkeypatch):
    clocks, train = [], speed.train
    monkeypatch.setattr(
        speed, "train", lambda clock, *rest: [clocks.append(clock), train(clock, *rest)]
    )
    ways = {"slow": Way(0.5, side=32), "larger batches": Way(0.5, side=32, batch_size=64)}
    rows = pd.DataFrame(
        speed.measure_ways(ways, digits, make_settings(), checks=2, as_many_pictures=True)
    )
    slow, other = clocks
    assert slow.pictures is None and slow.seen <= other.seen < slow.seen + 64
    assert slow.curve[-1][0] >= 0.5 and set(rows.way) == set(ways)


def test_an_interrupted_measurement_leaves_the_precision_as_it_was(
    digits, make_settings, monkeypatch
):
    def interrupted(*_):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        raise KeyboardInterrupt

    former = keras.config.dtype_policy().name
    rows = speed.measure_ways({"way": Way(1, 32, "mixed_bfloat16")}, digits, make_settings())
    monkeypatch.setattr(speed, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(rows)
    assert keras.config.dtype_policy().name == former


def test_each_side_is_measured(digits, make_settings):
    rare = (np.arange(40) == 39).astype("int64")  # even where a class has one picture
    sets = replace(digits, train=replace(digits.train, labels=rare))
    rows = pd.DataFrame(speed.measure_sizes(sets, make_settings(), (32, 64)))
    assert list(rows.side) == [32, 64] and (rows.pictures_per_second > 0).all()


def test_a_rate_is_measured_on_few_pictures_too(digits):
    network = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(10, activation="softmax"))
    network.compile("sgd", "sparse_categorical_crossentropy")
    assert speed.fit_rate(network, digits.train.first(5), batch_size=64) > 0
