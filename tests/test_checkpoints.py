"""Checkpoints of a network of one layer: whole or not there, and the newest good one is found."""

import errno
import os
import shutil

import keras
import numpy as np
import pytest

from utils import checkpoints
from utils.checkpoints import Checkpoint, list_checkpoints, load_newest
from utils.files import CannotWriteError


def build():
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    network.compile(keras.optimizers.Adam(0.01), loss="mse")
    return network


def train(network, *callbacks, epochs, initial_epoch=0):
    """Four steps an epoch, on the same numbers in the same order every time."""
    rng = np.random.default_rng(0)
    inputs, targets = rng.normal(size=(8, 4)), rng.normal(size=(8, 3))
    return network.fit(
        inputs,
        targets,
        batch_size=2,
        shuffle=False,
        validation_data=(inputs, targets),
        epochs=epochs,
        initial_epoch=initial_epoch,
        callbacks=list(callbacks),
        verbose=0,
    )


@pytest.fixture
def network():
    return build()


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    train(build(), Checkpoint(folder, keep=3), epochs=3)
    return folder


@pytest.fixture
def three(made, tmp_path):
    """A folder with the checkpoints of three epochs, oldest first."""
    return list_checkpoints(shutil.copytree(made, tmp_path / "kept"))[::-1]


def cut_off(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def flip_a_bit(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def unknown_compression(path):
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 10] = 99
    path.write_bytes(content)


def empty(path):
    path.write_bytes(b"")


DAMAGES = (cut_off, flip_a_bit, unknown_compression, empty)


def test_names_hold_epoch_and_validation_loss(network, tmp_path):
    history = train(network, Checkpoint(tmp_path, keep=9), epochs=3).history
    expected = [f"{n:02}-{loss:.3f}.keras" for n, loss in enumerate(history["val_loss"], 1)]
    assert sorted(path.name for path in tmp_path.iterdir()) == expected
    assert [checkpoints.epochs_done(path) for path in list_checkpoints(tmp_path)] == [3, 2, 1]


def test_only_the_newest_stay(network, tmp_path):
    train(network, Checkpoint(tmp_path / "kept"), epochs=11)
    names = sorted(path.name[:3] for path in (tmp_path / "kept").iterdir())
    assert names == ["10-", "11-"]


def test_the_newest_is_found_by_number_not_by_letter(tmp_path, capsys):
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    for name in ("9-0.1.keras", "10-0.2.keras", "100-0.3.keras", "11-0.1.partial.keras"):
        network.save(tmp_path / name)
    (tmp_path / "notes.txt").touch()
    _, done = load_newest(tmp_path)
    assert done == 100
    assert (
        "The newest whole checkpoint is 100-0.3.keras, after epoch 100." in capsys.readouterr().out
    )


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_checkpoint_is_named_and_passed_over(three, capsys, damage):
    damage(three[2])
    again, done = load_newest(three[2].parent)
    assert done == 2
    assert again.optimizer.iterations.numpy() == 8
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith(f"{three[2].name} is damaged (")
    assert "()" not in said[0]
    assert said[1] == f"The newest whole checkpoint is {three[1].name}, after epoch 2."


def test_without_a_good_one_training_starts_from_the_beginning(three, tmp_path, capsys):
    assert load_newest(tmp_path / "nowhere") == (None, 0)
    assert capsys.readouterr().out == ""
    for path, damage in zip(three, DAMAGES, strict=False):
        damage(path)
    assert load_newest(three[0].parent) == (None, 0)
    assert capsys.readouterr().out.count("is damaged") == 3


@pytest.mark.parametrize("name", ["03-0.000.keras", "03-9.999.keras"])
def test_an_epoch_trained_again_replaces_its_damaged_checkpoint(three, name):
    """Whatever the losses in their names; and two good ones are there again."""
    folder = three[0].parent
    cut_off(three[2].rename(folder / name))
    again, done = load_newest(folder)
    train(again, Checkpoint(folder), initial_epoch=done, epochs=3)
    kept = list_checkpoints(folder)
    assert [checkpoints.epochs_done(path) for path in kept] == [3, 2]
    assert [checkpoints.damage(path) for path in kept] == [None, None]


def test_a_new_run_in_an_old_folder_keeps_its_own(three, network):
    train(network, Checkpoint(three[0].parent), epochs=1)
    assert load_newest(three[0].parent)[1] == 1


def test_what_a_killed_run_left_half_written_never_gets_a_final_name(network, tmp_path):
    (tmp_path / "01-7.777.partial.keras").write_bytes(b"the first bytes")
    assert load_newest(tmp_path) == (None, 0)
    train(network, Checkpoint(tmp_path), epochs=1)
    (only,) = tmp_path.iterdir()
    assert checkpoints.damage(only) is None


def test_a_resumed_run_goes_on_as_if_nothing_had_happened(network, tmp_path):
    """Weights and the optimizer's state: the same as in a run without a break."""
    train(network, Checkpoint(tmp_path), epochs=2)
    resumed, done = load_newest(tmp_path)
    history = train(resumed, Checkpoint(tmp_path), initial_epoch=done, epochs=4)
    assert history.epoch == [2, 3]
    assert resumed.optimizer.iterations.numpy() == 16

    train(network, initial_epoch=2, epochs=4)  # the run without a break
    for variable, expected in zip(resumed.variables, network.variables, strict=True):
        np.testing.assert_allclose(variable, expected, rtol=1e-6)
    assert sorted(path.name[:3] for path in tmp_path.iterdir()) == ["03-", "04-"]


def test_a_full_disk_while_saving_keeps_what_is_there(three, network, monkeypatch):
    def save(_, path, **__):
        with open(path, "wb") as file:
            file.write(b"the first bytes")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    folder = three[0].parent
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(keras.Model, "save", save)
    with pytest.raises(CannotWriteError, match=f"{folder.name}: No space left on device"):
        train(network, Checkpoint(folder), initial_epoch=3, epochs=4)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_disk_that_is_really_full(small_disk):
    """It holds two checkpoints and the first bytes of a third."""
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(300)])
    network.compile(keras.optimizers.SGD(0.01), loss="mse")

    def fill(epoch, _):
        used = sum(path.stat().st_size for path in small_disk.iterdir())
        assert used + 4_096 < 65_536, "the checkpoints alone fill the disk"
        if epoch == 1:
            (small_disk / "other").write_bytes(bytes(65_536 - used - 16_384))

    inputs, targets = np.ones((2, 4)), np.ones((2, 300))
    with pytest.raises(CannotWriteError, match=f"{small_disk}: No space left on device"):
        network.fit(
            inputs,
            targets,
            validation_data=(inputs, targets),
            epochs=3,
            callbacks=[Checkpoint(small_disk), keras.callbacks.LambdaCallback(on_epoch_end=fill)],
            verbose=0,
        )
    names = sorted(path.name[:3] for path in small_disk.iterdir())
    assert names == ["01-", "02-", "oth"]
    assert load_newest(small_disk)[1] == 2


def test_an_interruption_while_saving_leaves_no_part(three, network, monkeypatch):
    def save(_, path, **__):
        with open(path, "wb") as file:
            file.write(b"the first bytes")
        raise KeyboardInterrupt

    monkeypatch.setattr(keras.Model, "save", save)
    with pytest.raises(KeyboardInterrupt):
        train(network, Checkpoint(three[0].parent), initial_epoch=3, epochs=4)
    assert list_checkpoints(three[0].parent) == three[::-1]
    assert len(list(three[0].parent.iterdir())) == 3


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "outputs").touch()
    with pytest.raises(CannotWriteError, match="outputs"):
        Checkpoint(tmp_path / "outputs" / "checkpoints")
