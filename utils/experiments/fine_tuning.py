"""Fine-tuning as notebook 04 does it, each of its choices left out in turn, over seeds.

A seed draws training pictures, initial weights and order; the validation pictures stay the same.
The test set is not used.
"""

import itertools
import time
from collections.abc import Iterator
from dataclasses import replace

import keras
import pandas as pd
import tensorflow as tf

from utils import files, model, training
from utils.data import PictureSet, PictureSets, load_sets, make_dataset
from utils.experiments import results
from utils.experiments.amount import part
from utils.settings import Settings

SEEDS = range(3)
VALIDATION = 1_000  # pictures
WAYS = {  # what differs from the first one, notebook 04's
    "head, then all": {},
    "no warm-up": {"warm_up": False},
    "one phase, random head": {"head_first": False},
    "one phase, no warm-up": {"head_first": False, "warm_up": False},
    "last blocks": {"case": "last blocks fine-tuned"},
    "not mirrored": {"mirrored": False},
    "mirrored and shifted": {"shifted": True},
    "frozen, not mirrored": {"case": "frozen base", "mirrored": False},
    "frozen, mirrored": {"case": "frozen base"},
}


def shift(images: tf.Tensor, labels: tf.Tensor, by: int = 2) -> tuple[tf.Tensor, tf.Tensor]:
    """A batch with each picture moved by up to `by` pixels; reflections fill its border."""
    padded = tf.pad(images, [[0, 0], [by, by], [by, by], [0, 0]], "REFLECT")
    return tf.map_fn(lambda one: tf.image.random_crop(one, images.shape[1:]), padded), labels


def train(
    sets: PictureSets, settings: Settings, seed: int, *, case: str = "fine-tuned",
    head_first: bool = True, warm_up: bool = True, mirrored: bool = True, shifted: bool = False,
) -> Iterator[dict]:  # fmt: skip
    """Train in one way; yield a row for the trained head (epoch 0) and for each epoch after it."""
    keras.utils.set_random_seed(seed)
    begun, epochs = time.perf_counter(), settings.counts.epochs
    network = model.build_case(case, settings, len(sets.class_names))
    if head_first:
        known = training.with_mirror_images(sets.train) if mirrored else sets.train
        stored = [PictureSet(training.features_of(network, p.images), p.labels)
                  for p in (known, sets.validation)]  # fmt: skip
        head, head_epochs = network.get_layer("head"), settings.counts.head_epochs
        history = pd.DataFrame(training.fit_head(head, *stored, head_epochs).history)
        best = history.loc[history.val_loss.idxmin(), ["loss", "val_accuracy", "val_loss"]]
        yield {"epoch": 0, **best, "seconds": time.perf_counter() - begun}
        epochs -= 2  # the passes through the base for its features
    if case == "frozen base":
        return
    batches = make_dataset(sets.train, shuffle=True, seed=seed)
    steps, seconds = epochs * len(batches), []
    for change in [training.mirror] * mirrored + [shift] * shifted:
        batches = batches.map(change)
    falling = keras.optimizers.schedules.CosineDecay(training.WHOLE_RATE, steps)
    rate = training.warm_up_and_cosine(steps) if warm_up else falling
    training.compile_for_classes(network, keras.optimizers.AdamW(rate, weight_decay=0.01))
    clock = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: seconds.append(time.perf_counter() - begun)
    )
    history = network.fit(
        batches, shuffle=False, validation_data=make_dataset(sets.validation), epochs=epochs,
        callbacks=[clock], verbose=0,
    ).history  # fmt: skip
    for epoch in range(epochs):
        measured = {name: history[name][epoch] for name in ("loss", "val_accuracy", "val_loss")}
        yield {"epoch": epoch + 1, **measured, "seconds": seconds[epoch]}


def run(settings: Settings) -> None:
    """Record every way with every seed, continuing where an interrupted run has stopped.

    It needs 10 GB of memory at its end, or a new start: TensorFlow keeps 200 MB of each training.
    """
    everything = load_sets(settings)
    settings = replace(settings, size="default")
    validation = part(everything.validation, VALIDATION)
    about = results.provenance(settings, "python -m utils.experiments fine-tuning")
    path = settings.folder / "recorded-fine-tuning.csv"  # grows by one training at a time
    rows = pd.read_csv(path).to_dict("records") if path.exists() else []
    done = {(row["way"], row["seed"]) for row in rows}
    for seed, way in itertools.product(SEEDS, WAYS):
        if (way, seed) in done:
            continue
        drawn = part(everything.train, settings.counts.train, seed)
        sets = replace(everything, train=drawn, validation=validation)
        for row in train(sets, settings, seed, **WAYS[way]):
            rows.append({"way": way, "seed": seed, **row})
        keras.backend.clear_session()  # or each training would keep its graph
        keras.config.set_dtype_policy(settings.precision)  # which the session had
        print(*rows[-1].values(), flush=True)
        with files.whole_file(path) as temporary:
            pd.DataFrame(rows).to_csv(temporary, index=False)
    about |= {"validation_pictures": len(validation)}
    results.save("fine-tuning", pd.DataFrame(rows), about)
    path.unlink(missing_ok=True)
