"""The four ways of training, under one budget, as notebook 04 does them step by step.

Taught in notebook 04; here so that notebook 05 can make what it needs when opened first.
"""

import time

import keras
import numpy as np
import pandas as pd

from utils import model
from utils.data import PictureSets, image_batches, make_dataset
from utils.runs import Run, load_run, save_run
from utils.settings import Settings

SEED = 0
SCRATCH_RATE = 1e-4
HEAD_RATE = 3e-3
FINE_TUNING_RATE = 3e-5
HEAD_EPOCHS = 40  # on ready-made features an epoch costs a fraction of a second


def compile_for_classes(network: keras.Model, learning_rate: float) -> None:
    """Adam, cross-entropy for labels that are whole numbers, accuracy."""
    network.compile(
        optimizer=keras.optimizers.Adam(learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )


def early_stopping(patience: int) -> list[keras.callbacks.Callback]:
    """Stop when the validation loss has not improved for `patience` epochs; go back to the best."""
    stop = keras.callbacks.EarlyStopping(
        monitor="val_loss", patience=patience, restore_best_weights=True
    )
    return [stop]


def features_of(network: keras.Model, images: np.ndarray) -> np.ndarray:
    """What the base of `network` makes of pictures: float32 [n, height, width, channels]."""
    pictures = keras.Input(network.input_shape[1:])
    base = network.layers[-2]
    extractor = keras.Model(pictures, base(model.preprocess(pictures)))
    return extractor.predict(image_batches(images), verbose=0).astype("float32")


def train_whole(network: keras.Model, sets: PictureSets, rate: float, epochs: int):
    """Train all trainable layers on pictures; returns Keras's History."""
    compile_for_classes(network, rate)
    return network.fit(
        make_dataset(sets.train, shuffle=True),
        shuffle=False,  # the dataset shuffles itself
        validation_data=make_dataset(sets.validation),
        epochs=epochs,
        callbacks=early_stopping(patience=3),
        verbose=2,
    )


def train_head(network: keras.Model, sets: PictureSets, callbacks: list | None = None):
    """Run the frozen base once, train the head on its features; returns Keras's History."""
    head = network.get_layer("head")
    compile_for_classes(head, HEAD_RATE)
    return head.fit(
        features_of(network, sets.train.images),
        sets.train.labels,
        validation_data=(features_of(network, sets.validation.images), sets.validation.labels),
        epochs=HEAD_EPOCHS,
        callbacks=callbacks or early_stopping(patience=5),
        verbose=0,
    )


def train_case(case: str, settings: Settings, sets: PictureSets) -> Run:
    """Build and train one case of the rule of thumb; seconds include running the base."""
    keras.utils.set_random_seed(SEED)
    start = time.perf_counter()
    network = model.build_case(case, settings, len(sets.class_names))
    epochs = settings.counts.epochs
    if case == "from scratch":
        history = _table(train_whole(network, sets, SCRATCH_RATE, epochs), "whole network")
    else:
        history = _table(train_head(network, sets), "head")
        compile_for_classes(network, HEAD_RATE)
    if case == "fine-tuned":  # running the base for the head was one pass of the budget
        whole = train_whole(network, sets, FINE_TUNING_RATE, epochs - 1)
        history = pd.concat([history, _table(whole, "whole network")], ignore_index=True)
    return Run(case, network, history, time.perf_counter() - start)


def _table(history, phase: str) -> pd.DataFrame:
    """One row an epoch, and the phase of training it belongs to."""
    return pd.DataFrame(history.history).assign(phase=phase)


def recover_runs(settings: Settings, sets: PictureSets) -> dict[str, Run]:
    """All cases: those that notebook 04 saved are read, the others trained now; says which.

    Raises:
        folders.DataError: a saved model was trained on other classes than the pictures have.
    """
    runs = {}
    for case in model.CASES:
        runs[case] = load_run(case, settings, sets)
        if runs[case] is None:
            print(f"{case}: no saved run in outputs/{settings.edition}, training it now")
            runs[case] = train_case(case, settings, sets)
            save_run(runs[case], settings, sets)
        else:
            print(f"{case}: taken from outputs/{settings.edition}")
    return runs
