"""The settings: who decides, what is refused, and that choosing writes nothing."""

import os
from pathlib import Path, PureWindowsPath

import pytest
from PIL import Image

from utils import download, hardware, settings, variables, weights
from utils.settings import SettingsError, choose_settings


@pytest.fixture(autouse=True)
def on_disk(monkeypatch, tmp_path):
    """No variables, folders of the test, a known precision; the names of the files on disk."""
    for name in ("DATA", "WEIGHTS", "SIZE", "SIDE", "PRECISION"):
        monkeypatch.delenv(f"TRANSFER_{name}", raising=False)
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(hardware, "choose_precision", lambda: ("float32", "for the test"))
    monkeypatch.setattr(hardware, "start_keras", lambda: None)  # it writes its keras.json
    monkeypatch.setattr(variables, "other_python", list)
    found = []
    monkeypatch.setattr(download, "is_on_disk", lambda file: file.name in found)
    return found


def photographs(folder, *sizes):
    """A folder of one class, with a picture of each size (width, height)."""
    (folder / "train" / "ant").mkdir(parents=True)
    for place, size in enumerate(sizes):
        Image.new("RGB", size).save(folder / "train" / "ant" / f"{place}.png")
    return str(folder)


def test_the_defaults(on_disk):
    without = choose_settings()
    assert (without.data, without.weights, without.size) == ("toys", "imagenet", "default")
    assert (without.side, without.precision) == (48, "float32")
    on_disk.append("CIFAR-10")
    assert (choose_settings().data, choose_settings().side) == ("cifar10", 48)


def test_choosing_writes_nothing_but_keras_home(tmp_path):
    assert choose_settings() == choose_settings()
    assert os.listdir(tmp_path) == ["keras"] and not os.listdir(tmp_path / "keras")


def test_an_argument_wins_over_a_variable_and_that_over_the_default(monkeypatch):
    for name, value in (("DATA", "cifar10"), ("SIZE", "tiny"), ("SIDE", " 64 "), ("WEIGHTS", "")):
        monkeypatch.setenv(f"TRANSFER_{name}", value)
    chosen = choose_settings()
    assert (chosen.data, chosen.size, chosen.side) == ("cifar10", "tiny", 64)
    assert chosen.weights == "imagenet"  # an empty variable is none
    assert chosen.reasons["data"] == "TRANSFER_DATA"
    chosen = choose_settings(data="auto", size="full", side=40, precision="mixed_float16")
    assert (chosen.data, chosen.size, chosen.side) == ("toys", "full", 40)
    assert (chosen.precision, chosen.reasons["side"]) == ("mixed_float16", "argument")


@pytest.mark.parametrize(
    ("sizes", "side"),
    [
        ([(32, 32)], 48),
        ([(80, 80)], 64),
        ([(100, 400)], 96),
        ([(300, 300)], 128),
        ([(32, 32), (300, 400), (400, 300)], 128),  # the median decides
        ([], 48),
    ],
)
def test_the_side_follows_the_pictures_of_a_folder(tmp_path, sizes, side):
    chosen = choose_settings(data=photographs(tmp_path / "pictures", *sizes))
    assert chosen.side == side
    assert "px" in chosen.reasons["side"]
    assert choose_settings(data=chosen.data, side=224).side == 224


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("data", "cifar100"),
        ("data", "/no/such/folder"),
        ("data", str(weights.IMAGENET)),
        ("weights", "resnet"),
        ("weights", "/no/such/file.h5"),
        ("weights", str(weights.IMAGENET.parent)),
        ("data", "~nobody-of-this-name/pictures"),
        ("data", "n" * 300),
        ("outputs", "{mine}"),
        ("size", "large"),
        ("side", "31"),
        ("side", "48.5"),
        ("side", "-48"),
        ("side", "wide"),
        ("precision", "float8"),
    ],
)
def test_a_value_that_is_not_allowed_is_named_with_those_that_are(monkeypatch, name, value):
    monkeypatch.setenv(f"TRANSFER_{name.upper()}", value)
    with pytest.raises(SettingsError) as caught:
        choose_settings()
    shown = settings.REPOSITORY / value if name == "outputs" else value
    assert f"TRANSFER_{name.upper()}={shown} " in str(caught.value)
    assert settings.ALLOWED[name] in str(caught.value)
    assert variables.line_to_set(f"TRANSFER_{name.upper()}", "...") in str(caught.value)


def test_a_relative_path_counts_from_the_repository(tmp_path, monkeypatch):
    photographs(tmp_path / "pictures")
    (tmp_path / "my.weights.h5").touch()
    monkeypatch.setattr(settings, "REPOSITORY", tmp_path)
    monkeypatch.setenv("TRANSFER_OUTPUTS", "elsewhere")
    chosen = choose_settings(data="pictures", weights="my.weights.h5")
    found = [chosen.data, chosen.weights, str(chosen.outputs)]
    assert found == [str(tmp_path / name) for name in ("pictures", "my.weights.h5", "elsewhere")]


def test_results_of_unlike_choices_are_never_mixed(tmp_path):
    home, school = (photographs(tmp_path / place / "pictures") for place in ("home", "school"))
    asked = [{}, {"data": home}, {"data": school}, {"weights": "none"}, {"side": 64}]
    chosen = [choose_settings(**changes) for changes in [*asked, {"size": "tiny"}]]
    assert chosen[0].edition == "toys-imagenet-default-48px"
    assert chosen[1].edition.startswith("pictures-")
    assert len({each.folder for each in chosen}) == len(chosen)
    assert {each.folder.parent for each in chosen} == {tmp_path / "outputs"}


def test_settings_are_printed_with_their_reasons():
    chosen = choose_settings(data="cifar10", size="tiny", side=40)
    values = {"data": "cifar10", "weights": "imagenet", "size": "tiny", "side": 40}
    values["precision"] = "float32"
    rows = [line.split(maxsplit=2) for line in str(chosen).splitlines()]
    assert rows == [[name, str(value), chosen.reasons[name]] for name, value in values.items()]


def test_a_folder_with_a_long_name(make_settings, tmp_path):
    """255 bytes are the most that a name can have, and an edition's has more in it."""
    settings = make_settings(data=str(tmp_path / ("猫" * 85)), outputs=tmp_path)
    assert settings.folder.is_dir() and settings.edition.startswith("猫" * 40 + "-")


def test_toys_that_nobody_chose_come_with_the_line_that_chooses_other_pictures(monkeypatch):
    line = variables.line_to_set("TRANSFER_DATA", "FOLDER")
    assert line in str(choose_settings())
    assert line not in str(choose_settings(data="toys"))
    monkeypatch.setenv("TRANSFER_DATES", "cifar10")
    assert '"TRANSFER_DATES" is none of ours' in str(choose_settings(data="toys"))


def test_quotes_that_a_shell_left_in_a_value_are_no_part_of_it(monkeypatch, tmp_path):
    monkeypatch.setenv("TRANSFER_DATA", f'"{photographs(tmp_path / "my pictures")}" ')
    monkeypatch.setenv("TRANSFER_OUTPUTS", f"'{tmp_path / 'my outputs'}'")
    monkeypatch.setenv("KERAS_HOME", f'"{tmp_path / "my keras"}"')
    chosen = choose_settings()
    assert (chosen.data, chosen.outputs) == (f"{tmp_path}/my pictures", tmp_path / "my outputs")
    assert (tmp_path / "my keras").is_dir()


def test_pictures_in_a_drives_root_leave_nothing_there(make_settings, monkeypatch):
    for root, name in (("/", "root"), ("E:\\", "E"), ("\\\\nas\\photos\\", "nasphotos")):
        monkeypatch.setattr(settings, "Path", Path if root == "/" else PureWindowsPath)
        edition = make_settings(data=root).edition
        assert edition.startswith(f"{name}-") and not set(edition) & set("/\\:")


def test_a_long_or_a_known_name_makes_no_odd_folder(make_settings):
    assert len(make_settings(data=f"/{'photographs-' * 20}").edition) < 100
    assert make_settings(data="/elsewhere/toys").edition != make_settings().edition
