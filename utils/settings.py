"""One choice of data, weights, size and precision, made once, printed, followed by all notebooks.

Taught in notebook 01. Nothing is chosen on import; `choose_settings` does it.
"""

import hashlib
import os
import textwrap
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

from utils import download, files, hardware

REPOSITORY = files.REPOSITORY
BUNDLED_WEIGHTS = REPOSITORY / "data" / "vgg16-tiny-imagenet.weights.h5"
BUNDLED_SHA256 = "a2cad6f996ec65f7e89c0db551e7974e13b65dc4bc35fb8579908d1271cc8ba4"
WANTED = {"toys": "cifar10", "bundled": "imagenet"}  # what a bundled stand-in stands for
SMALLEST_SIDE = 32  # pixels; VGG16 halves the picture five times


@dataclass(frozen=True)
class Size:
    """How many pictures each set holds, and for how many epochs a whole VGG16 is trained."""

    train: int
    validation: int
    test: int
    epochs: int


SIZES = {
    "tiny": Size(train=200, validation=100, test=100, epochs=3),
    "default": Size(train=1_000, validation=500, test=1_000, epochs=6),
    "full": Size(train=45_000, validation=5_000, test=10_000, epochs=8),
}
ALLOWED = {
    "data": "auto, cifar10, toys, or a folder that holds train/<class>/* and test/<class>/*",
    "weights": "auto, imagenet, bundled, none, or a weights file of VGG16 without top",
    "size": ", ".join(SIZES),
    "side": f"auto, or a whole number of pixels, {SMALLEST_SIDE} or more",
}


class SettingsError(ValueError):
    """A setting has a value that it cannot have."""

    def __init__(self, name: str, value: object, problem: str = "is not known"):
        super().__init__(
            f"TRANSFER_{name.upper()}={value} {problem}.\nAllowed for {name}: {ALLOWED[name]}."
        )


@dataclass(frozen=True)
class Settings:
    """What the notebooks work on. `print(settings)` shows each value and why it was chosen."""

    data: str  # "cifar10", "toys" or the path of a folder
    weights: str  # "imagenet", "bundled", "none" or the path of a file
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
        return "\n".join(lines) + self._notice()

    def _notice(self) -> str:
        missing = []
        if self.data == "toys":
            missing.append("toys stand in for CIFAR-10's pictures")
        if self.weights == "bundled":
            missing.append("weights pretrained on Tiny ImageNet stand in for ImageNet's")
        if not missing:
            return ""
        text = (
            f"BUNDLED EDITION: {', and '.join(missing)}. Everything works the same way; the "
            "numbers are other ones."
        )
        if any("neither" in self.reasons.get(name, "") for name in ("data", "weights")):
            text += (
                " With the internet, execute notebook 01 again and it will fetch what is missing."
            )
        bar = "=" * 78
        return f"\n{bar}\n{textwrap.fill(text, 78)}\n{bar}"


def choose_settings(
    *,
    data: str | None = None,
    weights: str | None = None,
    size: str | None = None,
    side: int | str | None = None,
    anew: bool = False,
) -> Settings:
    """Choose once and follow: argument, else TRANSFER_* variable, else the earlier choice.

    What is left at "auto" is taken from the choice noted in outputs/choice.json, so that all
    notebooks work on the same; where none is noted (or `anew` is true), CIFAR-10 and ImageNet's
    weights are taken when they are on disk or their server answers within 3 seconds, and the
    bundled toys and weights otherwise.

    Raises:
        SettingsError: a value is not allowed; the message lists those that are.
    """
    download.keras_home()  # before keras is imported, which reads KERAS_HOME only then
    outputs = outputs_folder()
    asked = {"data": data, "weights": weights, "size": size, "side": side}
    reasons = {}
    for name, value in asked.items():
        variable = os.environ.get(f"TRANSFER_{name.upper()}", "").strip()
        given = str(value) if value is not None else variable
        asked[name] = given or ("default" if name == "size" else "auto")
        reasons[name] = (
            "asked for here"
            if value is not None
            else f"asked for by TRANSFER_{name.upper()}"
            if variable
            else "default"
        )
    if asked["size"] not in SIZES:  # before anything that takes time
        raise SettingsError("size", asked["size"])
    side = asked["side"]
    if side != "auto" and (not side.isdecimal() or int(side) < SMALLEST_SIDE):
        raise SettingsError("side", side, "is not a picture side that VGG16 can take")
    noted = {} if anew else files.read_json(outputs / "choice.json")
    for name, choose in (("data", _choose_data), ("weights", _choose_weights)):
        asked[name], reasons[name] = choose(asked[name], reasons[name], noted.get(name))
    if asked["side"] == "auto":
        asked["side"] = 32 if asked["weights"] in ("bundled", "none") else 48
        reasons["side"] = f"suits {short_name(asked['weights'])} weights"
    precision, reasons["precision"] = hardware.choose_precision()
    settings = Settings(
        data=asked["data"],
        weights=asked["weights"],
        size=asked["size"],
        side=int(asked["side"]),
        precision=precision,
        outputs=outputs,
        reasons=reasons,
    )
    _note_choice(settings)
    return settings


def _choose_data(value: str, reason: str, noted: object) -> tuple[str, str]:
    if value == "auto":
        return _noted(noted, "toys") or _take_or_bundled(download.cifar10_archive, "toys")
    if value in ("cifar10", "toys"):
        return value, reason
    if not full_path(value).is_dir():
        raise SettingsError("data", value, "is neither a known name nor a folder that exists")
    return str(full_path(value)), reason


def _choose_weights(value: str, reason: str, noted: object) -> tuple[str, str]:
    if value == "auto":
        return _noted(noted, "bundled") or _take_or_bundled(download.imagenet_vgg16, "bundled")
    if value in ("imagenet", "bundled", "none"):
        return value, reason
    if not full_path(value).is_file():
        raise SettingsError("weights", value, "is neither a known name nor a file that exists")
    return str(full_path(value)), reason


def full_path(value: str) -> Path:
    """A path as somebody gave it; one that is not whole counts from the repository."""
    return (REPOSITORY / Path(value).expanduser()).resolve()


def outputs_folder() -> Path:
    """Where everything a run makes goes: TRANSFER_OUTPUTS, or outputs/ in the repository."""
    return full_path(os.environ.get("TRANSFER_OUTPUTS") or "outputs")


def _noted(noted: object, bundled: str) -> tuple[str, str] | None:
    """An earlier choice and its reason; None where there is none or the note is damaged."""
    match noted:
        case [str(choice), str(reason)] if choice in (bundled, WANTED[bundled]):
            return choice, f"noted earlier, {reason.removeprefix('noted earlier, ')}"
    return None


def _take_or_bundled(wanted: Callable, bundled: str) -> tuple[str, str]:
    name = WANTED[bundled]
    file = wanted(download.keras_home())
    if download.is_on_disk(file):
        return name, "auto: found on disk"
    if download.answers(file):
        return name, "auto: its server answers"
    return bundled, f"auto: {name} is neither on disk nor does its server answer"


def _note_choice(settings: Settings) -> None:
    """Remember what "auto" chose; what somebody asked for by name is theirs for this run only."""
    path = settings.outputs / "choice.json"
    noted = files.read_json(path)
    new = {
        name: [getattr(settings, name), settings.reasons[name]]
        for name in ("data", "weights")
        if settings.reasons[name].startswith("auto")  # not what was noted earlier
    }
    if new and {**noted, **new} != noted:
        files.write_json(path, {**noted, **new})


def short_name(value: str) -> str:
    """The name itself, or for a path its last part and a few digits that tell it from others."""
    path = Path(value)
    if len(path.parts) < 2:
        return value
    return f"{path.name.split('.')[0]}-{hashlib.sha256(value.encode()).hexdigest()[:6]}"


def describe(settings: Settings) -> dict:
    """The settings as plain values, to be kept beside a result."""
    kept = asdict(settings)
    return {name: kept[name] for name in ("data", "weights", "size", "side", "precision")}
