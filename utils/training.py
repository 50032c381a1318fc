"""The five ways of training, under one budget, as notebook 04 does them step by step.

Taught in notebook 04; here so that notebook 05 can make what it needs when opened first.
"""

import time

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from utils import arrays, model
from utils.data import PictureSet, PictureSets, image_batches, make_dataset
from utils.runs import Run, load_run, save_run
from utils.settings import Settings, outputs_folder

SEED = 0
HEAD_RATE = 1e-3
WHOLE_RATE = 1e-4  # the highest one of the schedule; 2e-4 harms a base that has few steps


def compile_for_classes(network: keras.Model, optimizer: keras.optimizers.Optimizer) -> None:
    """An optimizer, cross-entropy for labels that are whole numbers, accuracy."""
    network.compile(optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"])


def warm_up_and_cosine(steps: int) -> keras.optimizers.schedules.CosineDecay:
    """A rate that climbs from 0 to WHOLE_RATE in a fifth of the steps, then falls to 0 again."""
    warm_up = max(1, steps // 5)
    return keras.optimizers.schedules.CosineDecay(
        0.0, decay_steps=max(1, steps - warm_up), warmup_target=WHOLE_RATE, warmup_steps=warm_up
    )


def mirror(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """A batch with each picture mirrored left to right or not, by chance."""
    return tf.image.random_flip_left_right(images), labels


def with_mirror_images(pictures: PictureSet) -> PictureSet:
    """The pictures, and after them their mirror images."""
    images = np.concatenate([pictures.images, pictures.images[:, :, ::-1]])
    return PictureSet(images, np.concatenate([pictures.labels] * 2))


def features_of(network: keras.Model, images: np.ndarray, *, mirrored: bool = False) -> np.ndarray:
    """What the base of `network` makes of pictures: float32 [n, height, width, channels].

    With `mirrored`, the features of their mirror images come after them. Large ones are a memory
    map of a file in the outputs folder, which goes when they do.
    """
    pictures = keras.Input(network.input_shape[1:])
    base = network.layers[-2]
    extractor = keras.Model(pictures, base(model.preprocess(pictures)))
    pieces = map(extractor.predict_on_batch, image_batches(images, mirrored=mirrored))
    shape = (len(images) * (1 + mirrored), *extractor.output_shape[1:])
    return arrays.gather(pieces, shape, "float32", outputs_folder())


def train_whole(network: keras.Model, sets: PictureSets, epochs: int):
    """Train all trainable layers on mirrored pictures; returns Keras's History."""
    batches = make_dataset(sets.train, shuffle=True)
    rate = warm_up_and_cosine(epochs * len(batches))
    compile_for_classes(network, keras.optimizers.AdamW(rate, weight_decay=0.01))
    return network.fit(
        batches.map(mirror),
        shuffle=False,  # the dataset shuffles itself
        validation_data=make_dataset(sets.validation),
        epochs=epochs,
        callbacks=[keras.callbacks.EarlyStopping(patience=3, restore_best_weights=True)],
        verbose=2,
    )


def fit_head(
    head, train: PictureSet, validation: PictureSet, epochs: int, callbacks: list | None = None
):
    """Train a head on stored features (the sets' images) until it stops improving; History."""
    stop = keras.callbacks.EarlyStopping(patience=10, restore_best_weights=True)
    compile_for_classes(head, keras.optimizers.Adam(HEAD_RATE))
    return head.fit(
        make_dataset(train, shuffle=True),
        shuffle=False,  # the dataset shuffles itself
        validation_data=make_dataset(validation),
        epochs=epochs,
        callbacks=callbacks or [stop],
        verbose=0,
    )


def train_head(network: keras.Model, sets: PictureSets, epochs: int, callbacks: list | None = None):
    """Run the frozen base once on pictures and mirror images, train the head; Keras's History."""
    labels = np.tile(sets.train.labels, 2)
    train = PictureSet(features_of(network, sets.train.images, mirrored=True), labels)
    validation = sets.validation
    validation = PictureSet(features_of(network, validation.images), validation.labels)
    return fit_head(network.get_layer("head"), train, validation, epochs, callbacks)


def train_best_cut(settings: Settings, sets: PictureSets):
    """The network cut at the best of `model.CUTS` by validation accuracy, and its History."""
    tried, names = [], sets.class_names
    for cut in model.CUTS:
        keras.utils.set_random_seed(SEED)
        network = model.build_case("low-level layers only", settings, len(names), cut=cut)
        history = train_head(network, sets, settings.counts.head_epochs)
        accuracy = history.history["val_accuracy"][np.argmin(history.history["val_loss"])]
        tried.append((accuracy, network, history))
    return max(tried, key=lambda one: one[0])[1:]


def train_case(case: str, settings: Settings, sets: PictureSets) -> Run:
    """Build and train one case of the rule of thumb; seconds include running the base."""
    start, phases = time.perf_counter(), {}
    if case == "low-level layers only":
        network, phases["head"] = train_best_cut(settings, sets)
    else:
        keras.utils.set_random_seed(SEED)
        network = model.build_case(case, settings, len(sets.class_names))
        if case != "from scratch":
            phases["head"] = train_head(network, sets, settings.counts.head_epochs)
    compile_for_classes(network, keras.optimizers.Adam(HEAD_RATE))
    if network.layers[-2].trainable:  # the head took two passes of the budget through the base
        phase = "last blocks" if "last" in case else "whole network"
        phases[phase] = train_whole(network, sets, settings.counts.epochs - 2 * len(phases))
    tables = [pd.DataFrame(history.history).assign(phase=name) for name, history in phases.items()]
    return Run(case, network, pd.concat(tables, ignore_index=True), time.perf_counter() - start)


def recover_runs(settings: Settings, sets: PictureSets) -> dict[str, Run]:
    """All cases: read where notebook 04 has saved them, else trained now; says which.

    Raises:
        DataError: a saved model was trained on other classes than the pictures have.
    """
    runs = {}
    for case in model.CASES:
        runs[case] = load_run(case, settings, sets)
        if runs[case] is None:
            print(f"{case}: no saved run in outputs/{settings.edition}, training it now")
            runs[case] = train_case(case, settings, sets)
            save_run(runs[case], settings, sets)
        else:
            print(f"{case}: read from outputs/{settings.edition}")
    return runs
