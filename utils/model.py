"""VGG16 in its parts: preprocessing, base, head, and the cases of the rule of thumb.

Taught in notebook 02.
"""

from pathlib import Path

import keras
import pooch

from utils import download
from utils.settings import BUNDLED_SHA256, BUNDLED_WEIGHTS, Settings
from utils.weights import WeightsError, check_weights_file

IMAGENET_MEANS = (103.939, 116.779, 123.68)  # blue, green, red
LOW_LEVEL_CUT = "block3_pool"
CASES = ("from scratch", "frozen base", "low-level layers only", "fine-tuned")


def preprocess(pictures):
    """RGB 0..255 [batch, side, side, 3] -> what VGG16 was trained on: BGR minus ImageNet's means.

    Equal to `keras.applications.vgg16.preprocess_input`, but made of layers that are saved with
    the model. Kept in float32: bfloat16 would round the pixels.
    """
    shift = keras.layers.Rescaling(
        1.0, offset=[-mean for mean in IMAGENET_MEANS], dtype="float32", name="minus_imagenet_means"
    )
    return shift(pictures[..., ::-1])


def weights_argument(settings: Settings) -> str | None:
    """What `keras.applications.VGG16(weights=...)` is given: "imagenet", a file, or None.

    Raises:
        weights.WeightsError: the file does not fit VGG16 without top; names the layer.
        download.DownloadError: ImageNet's weights are neither on disk nor to be had.
    """
    if settings.weights == "none":
        return None
    if settings.weights == "imagenet":
        download.fetch(download.imagenet_vgg16(download.keras_home()))
        return "imagenet"
    if settings.weights == "bundled":
        check_bundled_weights()
        return str(BUNDLED_WEIGHTS)
    check_weights_file(Path(settings.weights))
    return settings.weights


def check_bundled_weights() -> str:
    """Compare the bundled file's SHA-256 with the one it was shipped with, and return it.

    Raises:
        weights.WeightsError: the file is missing or damaged.
    """
    check_weights_file(BUNDLED_WEIGHTS)
    found = pooch.file_hash(str(BUNDLED_WEIGHTS), alg="sha256")
    if found != BUNDLED_SHA256:
        raise WeightsError(
            f"The bundled weights {BUNDLED_WEIGHTS} are damaged: sha256 {found}, expected "
            f"{BUNDLED_SHA256}.\nGet them again: git checkout -- data/{BUNDLED_WEIGHTS.name}"
        )
    return found


def build_base(settings: Settings, *, pretrained: bool = True) -> keras.Model:
    """VGG16 without its top: [batch, side, side, 3] -> [batch, side/32, side/32, 512]."""
    return keras.applications.VGG16(
        include_top=False,
        weights=weights_argument(settings) if pretrained else None,
        input_shape=(settings.side, settings.side, 3),
        name="vgg16",
    )


def cut_base(base: keras.Model, last_layer: str) -> keras.Model:
    """The base up to and with `last_layer`; the layers are shared with `base`, not copied."""
    return keras.Model(base.input, base.get_layer(last_layer).output, name=f"vgg16_to_{last_layer}")


def linear_head(num_classes: int) -> keras.Sequential:
    """The mean of each feature map, then one linear layer with softmax: a linear classifier."""
    return keras.Sequential(
        [
            keras.layers.GlobalAveragePooling2D(name="mean_of_map"),
            keras.layers.Dense(
                num_classes, activation="softmax", dtype="float32", name="predictions"
            ),
        ],
        name="head",
    )


def join(base: keras.Model, head: keras.Model, name: str) -> keras.Model:
    """Pictures RGB 0..255 -> preprocessing -> base -> head -> probabilities."""
    pictures = keras.Input(base.input_shape[1:], name="pictures")
    return keras.Model(pictures, head(base(preprocess(pictures))), name=name)


def build_case(case: str, settings: Settings, num_classes: int) -> keras.Model:
    """The model of one case of the rule of thumb, frozen as the case wants it, not compiled."""
    if case not in CASES:
        raise ValueError(f"There is no case {case!r}; the cases are {', '.join(CASES)}.")
    base = build_base(settings, pretrained=case != "from scratch")
    if case == "low-level layers only":
        base = cut_base(base, LOW_LEVEL_CUT)
    base.trainable = case in ("from scratch", "fine-tuned")
    return join(base, linear_head(num_classes), name=case.replace(" ", "_").replace("-", "_"))


def count_parameters(variables) -> int:
    """How many numbers the variables hold."""
    return sum(int(variable.numpy().size) for variable in variables)
