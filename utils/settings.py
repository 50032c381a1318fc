"""The choice of data, weights, picture side, size and precision, the same in all notebooks.

Taught in notebook 01. Nothing is chosen on import; `choose_settings` does it.
"""

import hashlib
import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from utils import download, files, hardware, picture_folders, variables

REPOSITORY = files.REPOSITORY
SMALLEST_SIDE = 32  # pixels; VGG16 halves the picture five times
SIDES = (48, 64, 96, 128)  # pixels; the largest that a folder's pictures fill is taken


@dataclass(frozen=True)
class Size:
    """How many pictures each set holds, and for how many epochs at most is trained on them."""

    train: int
    validation: int
    test: int
    epochs: int  # of a whole VGG16
    head_epochs: int = 100  # of a head on stored features, where one costs a fraction of a second


SIZES = {
    "tiny": Size(train=100, validation=50, test=100, epochs=4, head_epochs=15),
    "default": Size(train=1_000, validation=500, test=1_000, epochs=7),
    "full": Size(train=45_000, validation=5_000, test=10_000, epochs=8),  # or all of a folder
}
NOT_ON_DISK = "CIFAR-10 is not on disk"
ALLOWED = {
    "data": "auto, cifar10, toys, or a folder with a folder of pictures for each class",
    "weights": "imagenet, none, or a weights file of VGG16 without top",
    "size": ", ".join(SIZES),
    "side": f"auto, or a whole number of pixels, {SMALLEST_SIDE} or more",
    "precision": "auto, float32, mixed_bfloat16 or mixed_float16",
    "outputs": "a folder without braces in its path; a relative one counts from the tutorial",
}


class SettingsError(ValueError):
    """A setting has a value that it cannot have."""

    def __init__(self, name: str, value: object, problem: str = "is not known"):
        variable = f"TRANSFER_{name.upper()}"
        super().__init__(
            f"{variable}={value} {problem}.\nAllowed for {name}: {ALLOWED[name]}.\n"
            f"To set it, before Jupyter starts: {variables.line_to_set(variable, '...')}"
        )


@dataclass(frozen=True)
class Settings:
    """What the notebooks work on. `print(settings)` shows each value and why it was chosen."""

    data: str  # "cifar10", "toys" or the path of a folder
    weights: str  # "imagenet", "none" or the path of a file
    size: str
    side: int  # pixels; pictures are side x side x 3
    precision: str  # a Keras dtype policy
    outputs: Path
    reasons: dict = field(default_factory=dict, compare=False)

    @property
    def counts(self) -> Size:
        return SIZES[self.size]

    @property
    def edition(self) -> str:
        """A short name for this choice; results of another choice are never mixed with it."""
        data, weights = short_name(self.data), short_name(self.weights)
        return f"{data}-{weights}-{self.size}-{self.side}px"

    @property
    def folder(self) -> Path:
        """Where this edition's models, histories and logs go; made when first asked for."""
        return files.make_folder(self.outputs / self.edition)

    def __str__(self) -> str:
        rows = [(name, str(getattr(self, name))) for name in ("data", "weights", "size", "side")]
        rows.append(("precision", self.precision))
        lines = [f"{name:<10} {value:<15} {self.reasons.get(name, '')}" for name, value in rows]
        if self.data == "toys":
            lines.append("The pictures are toys, drawn by code, in place of CIFAR-10's.")
            if self.reasons.get("data") == NOT_ON_DISK:  # nobody chose, or nobody was heard
                line = variables.line_to_set("TRANSFER_DATA", "FOLDER")
                lines.append(f"For your own, before Jupyter starts: {line}")
        return "\n".join([*lines, *variables.unknown(), *variables.other_python()])


def choose_settings(
    *,
    data: str | None = None,
    weights: str | None = None,
    size: str | None = None,
    side: int | str | None = None,
    precision: str | None = None,
) -> Settings:
    """Take each setting from the argument, else its TRANSFER_* variable, else a default.

    The defaults: CIFAR-10 if it is on disk (notebook 01 fetches it), else the toys; ImageNet's
    weights; size "default"; a side of 48 pixels, or what fits the pictures of a folder; and the
    precision that suits the hardware.

    Raises:
        SettingsError: a value is not allowed; the message lists those that are.
    """
    keras_home = download.keras_home()  # before keras is imported, which reads it only then
    given = {"data": data, "weights": weights, "size": size, "side": side, "precision": precision}
    defaults = {"weights": "imagenet", "size": "default"}
    asked, reasons = {}, {}
    for name, argument in given.items():
        variable = variables.read(f"TRANSFER_{name.upper()}")
        if argument is not None:
            asked[name], reasons[name] = str(argument), "argument"
        elif variable:
            asked[name], reasons[name] = variable, f"TRANSFER_{name.upper()}"
        else:
            asked[name], reasons[name] = defaults.get(name, "auto"), "default"
    if asked["size"] not in SIZES:
        raise SettingsError("size", asked["size"])
    if asked["data"] == "auto":
        found = download.is_on_disk(download.cifar10_archive(keras_home))
        asked["data"] = "cifar10" if found else "toys"
        reasons["data"] = "CIFAR-10 is on disk" if found else NOT_ON_DISK
    elif asked["data"] not in ("cifar10", "toys"):
        asked["data"] = _existing("data", asked["data"], Path.is_dir, "a folder")
    if asked["weights"] not in ("imagenet", "none"):
        asked["weights"] = _existing("weights", asked["weights"], Path.is_file, "a file")
    if asked["side"] == "auto":
        asked["side"], reasons["side"] = _choose_side(asked["data"])
    elif not asked["side"].isdecimal() or int(asked["side"]) < SMALLEST_SIDE:
        raise SettingsError("side", asked["side"], "is not a picture side that VGG16 can take")
    suited = hardware.choose_precision()  # it also starts TensorFlow quietly
    hardware.start_keras()
    if asked["precision"] == "auto":
        asked["precision"], reasons["precision"] = suited
    elif asked["precision"] not in ("float32", "mixed_bfloat16", "mixed_float16"):
        raise SettingsError("precision", asked["precision"])
    asked["side"] = int(asked["side"])
    return Settings(**asked, outputs=outputs_folder(), reasons=reasons)


def _existing(name: str, value: str, exists, kind: str) -> str:
    try:
        path = full_path(value)
        found = value and exists(path)
    except (OSError, RuntimeError, ValueError) as error:  # closed, ~nobody, a ring of links
        raise SettingsError(name, value, f"cannot be opened: {error}") from None
    if not found:
        raise SettingsError(name, value, f"is neither a known name nor {kind} that exists")
    return str(path)


def _choose_side(data: str) -> tuple[int, str]:
    """A side in pixels, and the reason; data/vgg16-imagenet.md has the measurements behind it."""
    if data in ("cifar10", "toys"):
        return SIDES[0], "as in the old recipe"
    shorter = picture_folders.typical_side(Path(data))
    side = max((side for side in SIDES if side <= shorter), default=SIDES[0])
    return side, f"the shorter side of the pictures is {shorter} px (median)"


def full_path(value: str) -> Path:
    """A path as it was given; a relative one counts from the repository."""
    return (REPOSITORY / Path(value).expanduser()).resolve()


def outputs_folder() -> Path:
    """Where everything a run makes goes: TRANSFER_OUTPUTS, or outputs/ in the repository."""
    folder = full_path(variables.read("TRANSFER_OUTPUTS") or "outputs")
    if {"{", "}"} & set(str(folder)):
        raise SettingsError(
            "outputs", folder, "has { or } in it, and Keras would fill something in there"
        )
    return folder


def short_name(value: str) -> str:
    """The name itself, or for a path its last part and a few digits that tell it from others.

    A drive's root has its letter or the word "root" for a last part.
    """
    if value == Path(value).name:
        return value
    last = Path(value).name.split(".")[0] or re.sub(r"\W+", "", Path(value).drive) or "root"
    digest = hashlib.sha256(os.fsencode(value)).hexdigest()[:6]
    last = re.sub("[{}]", "", last)  # Keras fills in what stands in braces in a checkpoint's name
    return f"{last[:40]}-{digest}"  # a name has 255 bytes at most
