"""What notebook 07 measures; that it is fast is measured there, not asserted here."""

from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

from utils.experiments import speed, unlike


@pytest.fixture(scope="module")
def digits():
    return unlike.digits(32, (40, 20, 20))


def test_every_step_is_measured(digits, make_settings):
    rows = pd.DataFrame(speed.measure_steps(digits, make_settings(), pictures=32, epochs=1))
    steps = [step for step, _ in speed.SWITCHES]
    assert list(rows.step) == [step for step in steps if step != "bfloat16"]  # float32 was asked
    assert (rows.seconds > 0).all() and rows.accuracy.between(0, 1).all()


def test_an_interrupted_measurement_leaves_the_precision_as_it_was(
    digits, make_settings, monkeypatch
):
    def interrupted(*_):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        raise KeyboardInterrupt

    former = keras.config.dtype_policy().name
    ways = [("bfloat16", {"files": False, "precision": "mixed_bfloat16"})]
    settings = make_settings(precision="mixed_bfloat16")
    steps = speed.measure_steps(digits, settings, pictures=32, epochs=1, switches=ways)
    monkeypatch.setattr(speed, "HeadTraining", interrupted)
    with pytest.raises(KeyboardInterrupt):
        next(steps)
    assert keras.config.dtype_policy().name == former


def test_folders_hold_the_same_pictures(digits, tmp_path):
    speed.write_folders(digits.train, digits.class_names, tmp_path)
    batches = keras.utils.image_dataset_from_directory(
        tmp_path, class_names=digits.class_names, image_size=(32, 32), batch_size=64, verbose=False
    )
    ((images, _),) = list(batches)
    assert sorted(images.numpy().sum((1, 2, 3))) == sorted(digits.train.images.sum((1, 2, 3)))


def test_each_side_is_measured(digits, make_settings):
    rare = (np.arange(40) == 39).astype("int64")  # even where a class has one picture
    sets = replace(digits, train=replace(digits.train, labels=rare))
    rows = pd.DataFrame(speed.measure_sizes(sets, make_settings(), sides=(32, 64), pictures=20))
    assert list(rows.side) == [32, 64] and (rows.pictures_per_second > 0).all()


def test_a_rate_is_measured_on_few_pictures_too(digits):
    network = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten()])
    network.add(keras.layers.Dense(10, activation="softmax"))
    network.compile("sgd", "sparse_categorical_crossentropy")
    assert speed.fit_rate(network, digits.train.first(5), batch_size=64) > 0
