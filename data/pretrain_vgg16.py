"""Pretrain VGG16 on Tiny ImageNet and write weights that keras.applications.VGG16 loads.

    python data/pretrain_vgg16.py PICTURES OUT.weights.h5 [--compact]

PICTURES is the folder tiny-imagenet-200, or a folder or tar archive with train/<class>/*.JPEG and
val/<class>/*.JPEG. VGG16 learns with batch norm, first at 24 px (cheap), then at 32 px; at the end
batch norm is folded into kernels and biases, which leaves a plain VGG16 without top.
"""

import argparse
import lzma
import os
import sys
import tarfile
import tempfile
from pathlib import Path

import h5py
import keras
import numpy as np
import tensorflow as tf
from keras import layers

BLOCKS = [(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)]  # convolutions and filters of each block
STORED_SIDE, SMALL_SIDE, LARGE_SIDE, SMALLEST_CROP = 40, 24, 32, 28  # pixels
PEAK_LEARNING_RATE, WEIGHT_DECAY, LABEL_SMOOTHING = 0.08, 5e-4, 0.1  # peak for batches of 256
INPUT_SCALE = 1 / 64  # batch norm starts well with inputs of about one


def list_pictures(folder, split):
    """Return (path, class name) of each picture of `split`, in a fixed order."""
    notes = folder / split / "val_annotations.txt"
    if notes.exists():  # tiny-imagenet-200 names the classes of its validation pictures in a table
        rows = [line.split("\t") for line in notes.read_text().splitlines()]
        return [(folder / split / "images" / row[0], row[1]) for row in rows]
    split_folder = folder / split
    paths = [p for p in split_folder.glob("*/**/*") if p.suffix.lower() in (".jpeg", ".jpg")]
    return [(path, path.relative_to(split_folder).parts[0]) for path in sorted(paths)]


def read_split(folder, split, class_names=None):
    """Return pictures (uint8, N x 40 x 40 x 3), labels (int32, N) and the sorted class names."""
    listed = list_pictures(folder, split)
    if not listed:
        raise ValueError(f"{folder}: no pictures in {split}/<class>/. Expected .JPEG files there.")
    class_names = class_names or sorted({name for _, name in listed})
    unknown = {name for _, name in listed} - set(class_names)
    if unknown:
        raise ValueError(f"{folder}: {split}/ has classes that train/ lacks: {sorted(unknown)[:5]}")
    pictures = np.empty((len(listed), STORED_SIDE, STORED_SIDE, 3), "uint8")
    for row, (path, _) in enumerate(listed):
        try:
            pictures[row] = keras.utils.load_img(
                path, target_size=(STORED_SIDE, STORED_SIDE), interpolation="lanczos"
            )
        except OSError as error:
            raise ValueError(f"{path}: not a readable picture. Unpack the data again.") from error
    labels = np.array([class_names.index(name) for _, name in listed], "int32")
    print(f"{split}: {len(pictures)} pictures of {len(class_names)} classes", flush=True)
    return pictures, labels, class_names


def _is_inside(name):
    return not Path(name).is_absolute() and ".." not in Path(name).parts


def read_data(source):
    """Return training (pictures, labels), validation (pictures, labels) and the class names."""
    source = Path(source)
    if not source.exists():
        raise FileNotFoundError(f"{source}: no such folder or archive. Give Tiny ImageNet's path.")
    if source.is_file():
        if not tarfile.is_tarfile(source):
            raise ValueError(f"{source}: not a tar archive. Give a folder or a .tar.xz file.")
        with tempfile.TemporaryDirectory() as unpacked:
            try:
                with tarfile.open(source) as archive:
                    # Python before 3.11.4 has no filters: files only, and none outside.
                    archive.extraction_filter = getattr(tarfile, "data_filter", None)
                    inside = [m for m in archive if m.isfile() and _is_inside(m.name)]
                    archive.extractall(unpacked, inside)
            except (EOFError, lzma.LZMAError, tarfile.TarError) as error:
                raise ValueError(f"{source}: damaged archive. Download it again.") from error
            return read_data(unpacked)
    # An archive, or a folder that holds one, may have one more level above train/.
    top = next((top for top in (source, *source.glob("*/")) if (top / "train").is_dir()), None)
    if top is None:
        raise ValueError(f"{source}: no train/ folder inside. Expected train/<class>/*.JPEG.")
    *training, class_names = read_split(top, "train")
    *validation, _ = read_split(top, "val", class_names)
    return training, validation, class_names


def prepare(pictures, side):
    """Resize a batch to `side` and preprocess it as VGG16 does (BGR minus ImageNet's means)."""
    pictures = tf.image.resize(tf.cast(pictures, tf.float32), (side, side), antialias=True)
    return keras.applications.vgg16.preprocess_input(pictures)


def training_batches(pictures, labels, num_classes, side, batch_size):
    """Return shuffled, cropped and flipped batches as a tf.data.Dataset."""
    pictures, labels = tf.constant(pictures), tf.constant(labels)

    def draw(rows):
        # One crop for the whole batch: the window costs nothing, and it changes at every step.
        crop = tf.random.uniform([], SMALLEST_CROP, STORED_SIDE + 1, tf.int32)
        top, left = tf.unstack(tf.random.uniform([2], 0, STORED_SIDE - crop + 1, tf.int32))
        batch = tf.gather(pictures, rows)[:, top : top + crop, left : left + crop]
        batch = tf.image.random_flip_left_right(batch)
        return prepare(batch, side), tf.one_hot(tf.gather(labels, rows), num_classes)

    # Shuffling row numbers instead of pictures keeps a second copy of them out of memory.
    rows = tf.data.Dataset.range(len(labels)).shuffle(len(labels))
    # No parallel map: it would hand out the random numbers in another order at every run.
    return rows.batch(batch_size, drop_remainder=True).map(draw).prefetch(tf.data.AUTOTUNE)


def validation_batches(pictures, labels, num_classes, side, batch_size):
    """Return the pictures in order, whole and unflipped, as a tf.data.Dataset."""
    batches = tf.data.Dataset.from_tensor_slices((pictures, labels)).batch(batch_size)
    return batches.map(lambda x, y: (prepare(x, side), tf.one_hot(y, num_classes))).prefetch(1)


def build_model(num_classes):
    """Return VGG16 with batch norm for pictures of any size from 16 px.

    Convolutions have the names that they have in keras.applications.VGG16. A global max pooling
    stands for block5_pool: at 32 px it is the same, at 24 px the map is too small for a 2x2 pool.
    """
    decay = keras.regularizers.L2(WEIGHT_DECAY / 2)  # its gradient is WEIGHT_DECAY * kernel
    pictures = keras.Input((None, None, 3), name="pictures")
    x = layers.Rescaling(INPUT_SCALE, name="scale")(pictures)
    for block, (repeats, filters) in enumerate(BLOCKS, start=1):
        for i in range(1, repeats + 1):
            x = layers.Conv2D(
                filters,
                kernel_size=3,
                padding="same",
                use_bias=False,  # batch norm brings its own
                kernel_initializer=keras.initializers.VarianceScaling(
                    2.0, "fan_out", "untruncated_normal"
                ),
                kernel_regularizer=decay,
                name=f"block{block}_conv{i}",
            )(x)
            x = layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=f"block{block}_norm{i}")(
                x
            )
            x = layers.ReLU(name=f"block{block}_relu{i}")(x)
        if block < len(BLOCKS):
            x = layers.MaxPooling2D(name=f"block{block}_pool")(x)
    x = layers.GlobalMaxPooling2D(name="block5_pool")(x)
    x = layers.Dropout(0.2)(x)
    # float32: the loss needs more digits than bfloat16 has.
    logits = layers.Dense(num_classes, kernel_regularizer=decay, dtype="float32", name="logits")(x)
    return keras.Model(pictures, logits, name="vgg16_with_batch_norm")


def compile_model(model, total_steps, warmup_steps, batch_size):
    """Compile with Nesterov SGD that warms up for a short while, then decays along a cosine."""
    learning_rate = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        warmup_target=PEAK_LEARNING_RATE * batch_size / 256,
        warmup_steps=warmup_steps,
        decay_steps=max(1, total_steps - warmup_steps),
    )
    model.compile(
        optimizer=keras.optimizers.SGD(learning_rate, momentum=0.9, nesterov=True),
        loss=keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=LABEL_SMOOTHING
        ),
        metrics=[
            keras.metrics.CategoricalAccuracy(name="top1"),
            keras.metrics.TopKCategoricalAccuracy(k=5, name="top5"),
        ],
    )


def train(data, epochs_small, epochs_large, batch_size):
    """Train at 24 px, then at 32 px, and return the model. The loss includes weight decay."""
    training, validation, class_names = data
    num_classes = len(class_names)
    steps = len(training[0]) // batch_size
    model = build_model(num_classes)
    compile_model(model, steps * (epochs_small + epochs_large), max(1, steps // 2), batch_size)
    for side, first_epoch, last_epoch in [
        (SMALL_SIDE, 0, epochs_small),
        (LARGE_SIDE, epochs_small, epochs_small + epochs_large),
    ]:
        if first_epoch == last_epoch:
            continue
        print(f"{side} px", flush=True)
        model.fit(
            training_batches(*training, num_classes, side, batch_size),
            validation_data=validation_batches(*validation, num_classes, side, batch_size),
            initial_epoch=first_epoch,
            epochs=last_epoch,
            shuffle=False,  # the dataset shuffles
            verbose=1 if sys.stdout.isatty() else 2,  # a progress bar would flood a log file
        )
    return model


def fold_batch_norm(model):
    """Return a plain VGG16 without top whose kernels and biases contain the batch norm of `model`.

    Inference-time batch norm is gamma * (x - mean) / sqrt(variance + epsilon) + beta, a scale and
    a shift per filter; the convolution before it can do both.
    """
    plain = keras.applications.VGG16(
        include_top=False, weights=None, input_shape=(LARGE_SIDE, LARGE_SIDE, 3)
    )
    for block, (repeats, _) in enumerate(BLOCKS, start=1):
        for i in range(1, repeats + 1):
            name = f"block{block}_conv{i}"
            norm = model.get_layer(f"block{block}_norm{i}")
            gamma, beta, mean, variance = norm.get_weights()
            scale = gamma / np.sqrt(variance + norm.epsilon)
            kernel = model.get_layer(name).get_weights()[0] * scale
            if name == "block1_conv1":
                kernel = kernel * INPUT_SCALE  # the plain VGG16 has no Rescaling
            plain.get_layer(name).set_weights([kernel, beta - mean * scale])
    return plain


def check_folding(model, plain, pictures, tolerance=1e-3):
    """Return the largest difference of the two models' features, relative to the largest feature.

    Raises ValueError if it is more than `tolerance`. Use a float32 model: bfloat16 keeps 3 digits.
    """
    batch = prepare(pictures, LARGE_SIDE)
    features = keras.Model(model.input, model.get_layer("block5_pool").output)
    expected = features.predict(batch, verbose=0)
    difference = np.abs(plain.predict(batch, verbose=0).reshape(expected.shape) - expected).max()
    difference = float(difference / max(np.abs(expected).max(), 1e-12))
    if not difference <= tolerance:  # also true for nan
        raise ValueError(
            f"folding batch norm changed the features by {difference:.2g} of their largest value "
            f"(allowed: {tolerance:.2g}). Did training diverge? Nothing was written."
        )
    return difference


def round_kernel(kernel):
    """Return `kernel` as float16 with 4 of its 10 mantissa bits, rounded to the nearest."""
    bits = kernel.astype("float16").view("uint16")
    return ((bits + np.uint16(0x20)) & np.uint16(0xFFC0)).view("float16")


def write_compact(full_path, compact_path):
    """Copy a Keras weights file with rounded, compressed kernels. Keras reads it like any other."""
    with h5py.File(full_path) as full, h5py.File(compact_path, "w") as compact:

        def copy(name, item):
            if isinstance(item, h5py.Group):
                compact.require_group(name).attrs.update(item.attrs)
            elif item.ndim == 4:
                kernel = round_kernel(item[()])
                compact.create_dataset(
                    name, data=kernel, compression="gzip", compression_opts=9, shuffle=True
                )
            else:
                compact.create_dataset(name, data=item[()])

        full.visititems(copy)


def write_weights(plain, out, compact=False):
    """Write the weights of `plain` to `out`, which appears only when it is complete."""
    out = Path(out)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".pretrain-") as folder:
        written = Path(folder) / "full.weights.h5"
        plain.save_weights(written)
        if compact:
            full, written = written, Path(folder) / "compact.weights.h5"
            write_compact(full, written)
        os.replace(written, out)
    print(f"wrote {out} ({out.stat().st_size / 1e6:.1f} MB)", flush=True)


def choose_precision(wanted):
    """Return a Keras dtype policy; "auto" takes bfloat16 only where the processor computes in it.

    Without that hardware bfloat16 is slower than float32.
    """
    if wanted != "auto":
        return wanted
    processor = Path("/proc/cpuinfo")
    flags = processor.read_text().split() if processor.exists() else []
    return "mixed_bfloat16" if {"avx512_bf16", "amx_bf16"} & set(flags) else "float32"


def make_parser():
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(description="Pretrain VGG16 on Tiny ImageNet.")
    parser.add_argument("pictures", metavar="PICTURES", help="Tiny ImageNet, a folder or .tar.xz")
    parser.add_argument("out", metavar="OUT.weights.h5", type=Path, help="file to write")
    parser.add_argument("--epochs-small", type=int, default=5, help="epochs at 24 px")
    parser.add_argument("--epochs-large", type=int, default=5, help="epochs at 32 px")
    parser.add_argument("--batch-size", type=int, default=256)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--compact", action="store_true", help="4-bit mantissas: 17 MB, not 59")
    parser.add_argument(
        "--precision", choices=["auto", "float32", "mixed_bfloat16"], default="auto"
    )
    return parser


def main(argv=None):
    """Read, train, fold, check, write."""
    parser = make_parser()
    args = parser.parse_args(argv)
    if not args.out.name.endswith(".weights.h5"):
        parser.error(f"{args.out}: the name must end in .weights.h5, or Keras will not load it")
    if not args.out.parent.is_dir():
        parser.error(f"{args.out.parent}: no such folder for the weights. Make it first.")
    if min(args.epochs_small, args.epochs_large, args.seed) < 0 or args.batch_size < 1:
        parser.error("epochs and seed must be 0 or more, the batch size 1 or more")
    if args.epochs_small + args.epochs_large == 0:
        parser.error("no epochs to train: give --epochs-small or --epochs-large")
    try:
        data = read_data(args.pictures)
    except (OSError, ValueError) as error:
        parser.error(str(error))
    (train_pictures, _), (val_pictures, _), class_names = data
    if len(train_pictures) < args.batch_size:
        parser.error(f"only {len(train_pictures)} training pictures: give a smaller --batch-size")

    keras.utils.set_random_seed(args.seed)
    precision = choose_precision(args.precision)
    print(f"Keras {keras.__version__}, TensorFlow {tf.__version__}, {precision}", flush=True)
    keras.config.set_dtype_policy(precision)
    trained = train(data, args.epochs_small, args.epochs_large, args.batch_size)

    keras.config.set_dtype_policy("float32")  # fold and check with all digits
    exact = build_model(len(class_names))
    exact.set_weights(trained.get_weights())
    plain = fold_batch_norm(exact)
    difference = check_folding(exact, plain, val_pictures[:100])
    print(f"batch norm folded: features differ by at most {difference:.1e} (relative)", flush=True)
    write_weights(plain, args.out, args.compact)


if __name__ == "__main__":
    main()
