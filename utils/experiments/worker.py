"""One machine's part of a training on several. Each of them runs this same program.

    python -m utils.experiments.worker SHARED --steps 60 --batch 64

It fine-tunes VGG16 on the pictures that the TRANSFER_* variables name. Who the others are stands in
TF_CONFIG or is asked of Slurm; with neither it trains alone. SHARED is a folder that all machines
see. When a worker is gone the others end with exit status 3 and a line that names it; started
again, all go on from the last checkpoint in SHARED. Who waits in vain for the others to start ends
with status 1. Taught in notebook 09.
"""

import argparse
import functools
import hashlib
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import tensorflow as tf

from utils import data, files, model, training
from utils.experiments import peers
from utils.settings import choose_settings


def say(text: str) -> None:
    print(text, flush=True)


class Training:
    """Fine-tunes the whole of VGG16 in `steps` steps of `batch` pictures.

    Every replica takes an equal part of a batch. Nothing else depends on their number: the order
    of the pictures is fixed and dropout is off, so any number of machines makes the same steps.
    """

    def __init__(self, strategy, settings, folder: Path, steps: int, batch: int):
        self.strategy, self.steps, self.batch = strategy, steps, batch
        if batch % (count := strategy.num_replicas_in_sync):
            sys.exit(f"--batch {batch} cannot be divided by {count} replicas.")
        self.sets = data.load_sets(settings)
        self.checkpoint, self.log = folder / "checkpoint.keras", folder / "steps.csv"
        self.about = {"edition": settings.edition, "steps": steps, "batch": batch}
        self.note = folder / "about.json"
        exists = self.checkpoint.exists()
        if exists and (found := files.read_json(self.note)) != self.about:
            sys.exit(f"{folder} holds another training, {found}: name another folder, or empty it.")
        keras.utils.set_random_seed(training.SEED)
        agree(strategy, exists, self.checkpoint)  # each variable below is made by all together
        with strategy.scope():
            if exists:
                self.network = keras.models.load_model(self.checkpoint)
            else:
                self.network = model.build_case("fine-tuned", settings, len(self.sets.class_names))
                rate = training.warm_up_and_cosine(steps)
                optimizer = keras.optimizers.AdamW(rate, weight_decay=0.01)
                optimizer.build(self.network.trainable_variables)
                training.compile_for_classes(self.network, optimizer)
        self.done = int(self.network.optimizer.iterations.value.numpy())
        agree(strategy, self.done, self.checkpoint)
        self.rows = pd.read_csv(self.log).head(self.done).to_dict("records") if self.done else []

    def part(self, context: tf.distribute.InputContext) -> tf.data.Dataset:
        """This worker's part of the batches that are still to come."""
        images, labels = self.sets.train.images, self.sets.train.labels
        if isinstance(images, np.memmap):
            pick = functools.partial(data.read_rows, images)
        else:
            pick = functools.partial(tf.gather, tf.constant(images))
        epochs = range(-(-self.steps * self.batch // len(labels)))
        draws = [np.random.default_rng([training.SEED, epoch]) for epoch in epochs]
        order = np.concatenate([draw.permutation(len(labels)) for draw in draws])
        rows = order[self.done * self.batch : self.steps * self.batch]
        mine = tf.data.Dataset.from_tensor_slices(rows).shard(
            context.num_input_pipelines, context.input_pipeline_id
        )
        batches = mine.batch(context.get_per_replica_batch_size(self.batch), drop_remainder=True)
        pictures = batches.map(lambda some: (pick(some), tf.gather(labels, some)))
        return data.untuned(pictures.prefetch(2))

    @tf.function
    def compute(self, images, labels):
        """Loss and gradients of each replica's own pictures."""

        def on_replica(images, labels):
            with tf.GradientTape() as tape:
                answers = self.network(images, training=False)
                losses = keras.losses.sparse_categorical_crossentropy(labels, answers)
                loss = tf.nn.compute_average_loss(losses, global_batch_size=self.batch)
            return loss, tape.gradient(loss, self.network.trainable_variables)

        return self.strategy.run(on_replica, args=(images, labels))

    @tf.function
    def update(self, loss, gradients):
        """Each replica takes the same step: Keras adds up the gradients of all before it does."""

        def on_replica(gradients):
            here = [tf.identity(gradient) for gradient in gradients]  # or they have no device
            self.network.optimizer.apply(here, self.network.trainable_variables)

        self.strategy.run(on_replica, args=(gradients,))
        return self.strategy.reduce(tf.distribute.ReduceOp.SUM, loss, axis=None)

    def run(self, chief: bool, save_every: int) -> None:
        """All steps that are still to come; times in seconds, "update" with the all-reduce."""
        batches = iter(self.strategy.distribute_datasets_from_function(self.part))
        for step in range(self.done + 1, self.steps + 1):
            times = [time.perf_counter()]
            loss, gradients = self.compute(*next(batches))
            for last in self.strategy.experimental_local_results(gradients[0]):
                last.numpy()  # a GPU may be computing still; the first layer's come last
            times.append(time.perf_counter())
            loss = float(self.update(loss, gradients))
            times.append(time.perf_counter())
            compute, update = np.diff(times)
            self.rows.append({"step": step, "loss": loss, "compute": compute, "update": update})
            say(f"step {step:3} loss {loss:.4f} compute {compute:.3f} s update {update:.3f} s")
            if chief and step % save_every == 0 and step < self.steps:
                self.save(self.checkpoint)

    def save(self, path: Path) -> None:
        """The network last, so that the table has all of its steps."""
        files.write_json(self.note, self.about)
        with files.whole_file(self.log) as temporary:
            pd.DataFrame(self.rows).to_csv(temporary, index=False)
        with files.whole_file(path) as temporary:
            self.network.save(temporary)

    def finish(self, final: Path) -> None:
        """Only now does a file get the final name; without the optimizer it has a third."""
        training.compile_for_classes(self.network, keras.optimizers.SGD())
        self.save(final)
        self.checkpoint.unlink(missing_ok=True)


def total(strategy: tf.distribute.Strategy, number: float) -> float:
    """The sum of all replicas' numbers, for which all workers wait."""
    each = tf.function(lambda: strategy.run(tf.constant, (float(number),)), autograph=False)
    return float(strategy.reduce(tf.distribute.ReduceOp.SUM, each(), axis=None))


def agree(strategy: tf.distribute.Strategy, number: float, checkpoint: Path) -> None:
    """SystemExit, on all workers: they have different numbers, and so another checkpoint each."""
    if total(strategy, number) != number * total(strategy, 1):
        sys.exit(f"Not all workers see the same {checkpoint}. Name a folder that all share.")


def digest(network: keras.Model) -> str:
    """Sixteen digits that differ when any weight does."""
    weights = b"".join(weight.tobytes() for weight in network.get_weights())
    return hashlib.sha256(weights).hexdigest()[:16]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser("utils.experiments.worker", description=__doc__.split("\n")[0])
    parser.add_argument("shared", type=Path, help="a folder that all machines see")
    parser.add_argument("--steps", type=int, required=True, help="in all, also after a restart")
    parser.add_argument("--batch", type=int, default=64, help="pictures of a step, on all machines")
    parser.add_argument("--save-every", type=int, default=50, help="steps from save to save")
    parser.add_argument(
        "--patience", type=float, default=600, help="seconds to wait for the others"
    )
    options = parser.parse_args(arguments)
    if options.patience <= 0:
        parser.error("--patience must be more than 0 seconds")
    peers.read_slurm()
    strategy = peers.join_others(options.patience)  # before anything else starts TensorFlow
    settings, final = choose_settings(), options.shared / "model.keras"
    if final.exists():
        return say(f"There is a {final.name} already: to train again, name another folder.")
    half = settings.precision == "mixed_float16"  # would need its losses scaled
    keras.config.set_dtype_policy("float32" if half else settings.precision)
    why = "Its own log says why. Started again, all go on from the last checkpoint."
    finished = peers.watch(why)
    try:
        work = Training(strategy, settings, options.shared, options.steps, options.batch)
        chief = strategy.extended._is_chief  # the first worker, or the only one
        work.run(chief, options.save_every)
        finished.set()  # from here on nobody needs the others' numbers
        if chief:
            work.finish(final)
        say(f"weights {digest(work.network)}")
        total(strategy, 1)  # the others wait for the chief
    except tf.errors.OpError as error:
        if final.exists():
            return say(f"{final.name} is whole; the others ended a moment earlier.")
        if names := peers.gone(error):
            peers.leave(names, why)
        raise


if __name__ == "__main__":
    main()
