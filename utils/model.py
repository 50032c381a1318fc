"""VGG16 in its parts: preprocessing, base, head, and the cases of the rule of thumb.

Taught in notebook 02.
"""

from pathlib import Path

import keras
import numpy as np

from utils.settings import Settings
from utils.weights import IMAGENET, check_imagenet_weights, check_weights_file

IMAGENET_MEANS = (103.939, 116.779, 123.68)  # blue, green, red
CUTS = ("block2_pool", "block3_pool", "block4_pool")  # for low-level layers; validation chooses
DROPOUT = 0.5
CASES = (
    "from scratch", "frozen base", "low-level layers only", "fine-tuned", "last blocks fine-tuned",
)  # fmt: skip
LAST_BLOCKS = ("block4", "block5")


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
    """What `keras.applications.VGG16(weights=...)` is given: the path of a file, or None.

    Raises:
        weights.WeightsError: the file is damaged or does not fit VGG16 without top.
    """
    if settings.weights == "none":
        return None
    if settings.weights == "imagenet":
        check_imagenet_weights()
        return str(IMAGENET)
    check_weights_file(Path(settings.weights))
    return settings.weights


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
    """Feature maps [batch, height, width, channels] -> probabilities [batch, num_classes].

    The mean of each map, scaled for each picture to mean 0 and standard deviation 1, then one
    linear layer with softmax: VGG16's features are tens to hundreds, and on such inputs a new
    layer starts with a huge loss. Dropout keeps a few hundred pictures from being learned by heart.
    """
    return keras.Sequential(
        [
            keras.layers.GlobalAveragePooling2D(dtype="float32", name="mean_of_map"),
            keras.layers.LayerNormalization(
                center=False, scale=False, dtype="float32", name="scaled"
            ),
            keras.layers.Dropout(DROPOUT, dtype="float32", name="dropout"),
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


def build_case(
    case: str, settings: Settings, num_classes: int, *, cut: str = CUTS[1]
) -> keras.Model:
    """The model of one case of the rule of thumb, frozen as the case wants it, not compiled.

    `cut` is the last layer of the case "low-level layers only".
    """
    if case not in CASES:
        raise ValueError(f"There is no case {case!r}; the cases are {', '.join(CASES)}.")
    base = build_base(settings, pretrained=case != "from scratch")
    if case == "low-level layers only":
        base = cut_base(base, cut)
    base.trainable = case not in ("frozen base", "low-level layers only")
    if case == "last blocks fine-tuned":
        for layer in base.layers:
            layer.trainable = layer.name.startswith(LAST_BLOCKS)
    return join(base, linear_head(num_classes), name=case.replace(" ", "_").replace("-", "_"))


def count_parameters(variables) -> int:
    """How many weights the variables hold (the counters of random layers are no weights)."""
    return sum(int(np.prod(v.shape)) for v in variables if v.dtype.startswith(("float", "bfloat")))
