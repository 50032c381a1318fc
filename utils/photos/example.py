"""The example of the site's page: a classifier of toys that a browser can run.

python -m utils.photos.example FOLDER   writes into FOLDER

example.onnx   VGG16, cut after block 4, and a linear classifier; in 8 bits
example.keras  the same network before rounding, for comparison; the site does not copy it
about.json     class names, number of new toys that it was tested on, accuracy, and how far a
               probability lies from Keras's at most
CLASS.png      a toy of each class that is in no set, to try it on
"""

import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from data import toys
from utils import files, model, settings, training
from utils.data import load_sets
from utils.photos import answers, cost, ship

SIDE = 64  # pixels; the larger, the better and the slower
CUT = "block4_pool"  # of these blocks the most accurate on toys: see data/vgg16-imagenet.md
UNSEEN = 2_026  # the seed of toys that no set holds
COMPARED = 200  # pictures whose answers are compared with Keras's


def make(folder: Path) -> None:
    """Train the example and write its files; half a minute or more on two cores.

    Raises:
        CannotWriteError: a full disk, a read-only folder.
    """
    chosen = settings.choose_settings(data="toys", weights="imagenet", size="default", side=SIDE)
    keras.config.set_dtype_policy(chosen.precision)
    sets = load_sets(chosen)
    names, images = sets.class_names, sets.test.images
    keras.utils.set_random_seed(training.SEED)
    network = model.build_case("low-level layers only", chosen, len(names), cut=CUT)
    training.train_head(network, sets, chosen.counts.head_epochs)
    network = ship.in_float32(network)
    folder = files.make_folder(folder)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".partial-") as scratch, ship.quiet():
        path = Path(scratch) / ship.FORMATS["ONNX int8"]
        ship.to_onnx(network, path.with_name(ship.FORMATS["ONNX"]), names)
        ship.to_onnx_int8(path, sets.train.images)
        answer = cost.open_onnx(path)
        parts = np.array_split(images.astype("float32"), 10)
        probabilities = np.concatenate([answer(part) for part in parts])
        path.replace(folder / "example.onnx")
    answers.save_model(network, folder / "example.keras", names)
    for label, name in enumerate(names):
        with files.whole_file(folder / f"{name}.png") as temporary:
            (toy,) = toys.render(label, 1, UNSEEN)
            Image.fromarray(toy).save(temporary, "PNG")
    some = network.predict(images[:COMPARED].astype("float32"), verbose=0)
    about = {
        "names": names,
        "pictures": len(images),
        "accuracy": float((probabilities.argmax(axis=1) == sets.test.labels).mean()),
        "difference": float(abs(probabilities[:COMPARED] - some).max()),
    }
    files.write_json(folder / "about.json", about)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    make(Path(sys.argv[1]))
