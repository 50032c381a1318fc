"""Checkpoints that survive a power cut: whole or not there, and the newest good one is found.

Taught in notebook 04.
"""

import os
import zipfile
from pathlib import Path

import keras

from utils import files

NAME = "{epoch:02d}-{val_loss:.3f}"
PARTIAL = ".partial.keras"


class Checkpoint(keras.callbacks.ModelCheckpoint):
    """Keras's ModelCheckpoint after every epoch, made safe.

    A file gets its final name, epoch and validation loss (`03-0.812.keras`), only once it is
    whole. The newest `keep` files stay: a VGG16 with its optimizer's state weighs 120 to 180 MB.
    Files of the same or a later epoch are left over from a run that this one replaces, and go.

    Raises:
        files.CannotWriteError: the disk is full or the folder read-only; earlier files stay.
    """

    def __init__(self, folder: Path, *, keep: int = 2):
        super().__init__(str(Path(folder) / (NAME + PARTIAL)))
        self.folder = files.make_folder(folder)
        self.keep = keep

    def on_epoch_end(self, epoch, logs=None):
        try:
            self._delete_partial()  # a run that was killed may have left one
            super().on_epoch_end(epoch, logs)
            for partial in self.folder.glob(f"*{PARTIAL}"):
                written = partial.with_name(partial.name.replace(PARTIAL, ".keras"))
                os.replace(partial, written)
                self._delete_outdated(written)
        except OSError as error:
            raise files.cannot_write(self.folder, error) from error
        finally:
            self._delete_partial()

    def _delete_partial(self) -> None:
        for partial in self.folder.glob(f"*{PARTIAL}"):
            partial.unlink()

    def _delete_outdated(self, newest: Path) -> None:
        found = list_checkpoints(self.folder)
        before = [path for path in found if epochs_done(path) < epochs_done(newest)]
        for path in {*found} - {newest, *before[: self.keep - 1]}:
            path.unlink()


def list_checkpoints(folder: Path) -> list[Path]:
    """The finished checkpoints, newest first."""
    finished = [p for p in Path(folder).glob("[0-9]*-*.keras") if not p.name.endswith(PARTIAL)]
    return sorted(finished, key=epochs_done, reverse=True)


def epochs_done(checkpoint: Path) -> int:
    """How many epochs were behind this checkpoint: 3 for `03-0.812.keras`."""
    return int(checkpoint.name.split("-")[0])


def load_newest(folder: Path) -> tuple[keras.Model | None, int]:
    """The newest checkpoint that can be read, and how many epochs it has behind it.

    A damaged file is named in a printed line and the one before it is taken. Without any good
    file the answer is (None, 0): start from the beginning.
    """
    for path in list_checkpoints(folder):
        problem = damage(path)
        if problem is None:
            print(f"The newest whole checkpoint is {path.name}, after epoch {epochs_done(path)}.")
            return keras.models.load_model(path), epochs_done(path)
        print(f"{path.name} is damaged ({problem}); trying the checkpoint before it.")
    return None, 0


def damage(path: Path) -> str | None:
    """What is wrong with a .keras file, a zip archive; None where it is whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            broken = archive.testzip()
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile) as error:
        return str(error) or "it ends too early"
    return broken and f"its part {broken} does not match its checksum"
