"""The one choice: who decides, what is noted, what is refused. No test asks a real server."""

import json

import pytest

from utils import download, hardware, settings
from utils.settings import BUNDLED_WEIGHTS, SettingsError, choose_settings


@pytest.fixture(autouse=True)
def clean(monkeypatch, tmp_path):
    """No variables, outputs and Keras's folder of this test's own, no look at the hardware."""
    for name in ("DATA", "WEIGHTS", "SIZE", "SIDE"):
        monkeypatch.delenv(f"TRANSFER_{name}", raising=False)
    monkeypatch.setenv("TRANSFER_OUTPUTS", str(tmp_path / "outputs"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(hardware, "choose_precision", lambda: ("float32", "for the test"))


class World:
    """What is on disk and what answers, by a word of its URL; counts the looks at both."""

    def __init__(self):
        self.on_disk, self.answering, self.looks = set(), set(), 0

    def is_on_disk(self, file):
        self.looks += 1
        return any(word in file.url for word in self.on_disk)

    def answers(self, file):
        self.looks += 1
        return any(word in file.url for word in self.answering)


@pytest.fixture
def world(monkeypatch):
    world = World()
    monkeypatch.setattr(download, "is_on_disk", world.is_on_disk)
    monkeypatch.setattr(download, "answers", world.answers)
    return world


def test_without_anything_within_reach_the_bundled_edition_is_taken_and_shouted(world):
    chosen = choose_settings()
    assert (chosen.data, chosen.weights, chosen.size, chosen.side) == (
        "toys", "bundled", "default", 32,
    )  # fmt: skip
    printed = str(chosen)
    assert "BUNDLED EDITION: toys stand in for CIFAR-10's pictures" in printed
    assert "Tiny ImageNet stand in for ImageNet's" in " ".join(printed.split())
    assert "With the internet, execute notebook 01 again" in " ".join(printed.split())
    assert "=" * 78 in printed.splitlines()


@pytest.mark.parametrize(
    ("place", "reason"),
    [("on_disk", "auto: found on disk"), ("answering", "auto: its server answers")],
)
def test_auto_takes_the_real_thing_where_it_can(world, place, reason):
    setattr(world, place, {"cifar-10", "vgg16"})
    chosen = choose_settings()
    assert (chosen.data, chosen.weights, chosen.side) == ("cifar10", "imagenet", 48)
    assert chosen.reasons["data"] == chosen.reasons["weights"] == reason
    assert "BUNDLED" not in str(chosen)


def test_data_and_weights_are_chosen_each_for_itself(world):
    world.on_disk = {"cifar-10"}
    chosen = choose_settings()
    assert (chosen.data, chosen.weights, chosen.side) == ("cifar10", "bundled", 32)
    assert "BUNDLED EDITION: weights" in str(chosen)


def test_an_argument_wins_over_a_variable_and_that_over_the_noted_choice(world, monkeypatch):
    noted = choose_settings()
    assert noted.data == "toys"
    monkeypatch.setenv("TRANSFER_DATA", "cifar10")
    monkeypatch.setenv("TRANSFER_SIZE", "tiny")
    monkeypatch.setenv("TRANSFER_SIDE", " 64 ")
    by_variable = choose_settings()
    assert (by_variable.data, by_variable.size, by_variable.side) == ("cifar10", "tiny", 64)
    assert by_variable.reasons["data"] == "asked for by TRANSFER_DATA"
    by_argument = choose_settings(data="toys", size="full", side=40)
    assert (by_argument.data, by_argument.size, by_argument.side) == ("toys", "full", 40)
    assert by_argument.reasons["data"] == "asked for here"


def test_the_argument_auto_wins_over_a_variable(world, monkeypatch):
    monkeypatch.setenv("TRANSFER_DATA", "cifar10")
    monkeypatch.setenv("TRANSFER_SIDE", "64")
    chosen = choose_settings(data="auto", side="auto")
    assert (chosen.data, chosen.side) == ("toys", 32)


def test_an_empty_variable_is_none(world, monkeypatch):
    monkeypatch.setenv("TRANSFER_DATA", "")
    monkeypatch.setenv("TRANSFER_SIZE", "  ")
    chosen = choose_settings()
    assert (chosen.data, chosen.size) == ("toys", "default")


def test_the_choice_is_made_once_and_followed_without_asking_a_server(world):
    first = choose_settings()
    world.answering = {"cifar-10", "vgg16"}  # the internet comes back between two notebooks
    world.looks = 0
    second = choose_settings()
    assert world.looks == 0
    assert second == first
    assert "noted earlier, auto: cifar10 is neither on disk" in str(second)
    assert "BUNDLED EDITION" in str(second)


def test_anew_looks_again_and_its_choice_is_followed(world):
    choose_settings()
    world.answering = {"cifar-10", "vgg16"}
    assert choose_settings(anew=True).data == "cifar10"
    world.answering = set()
    assert choose_settings().data == "cifar10"


def test_what_is_asked_for_by_name_is_not_noted(world):
    choose_settings()
    choose_settings(data="cifar10", weights="none")
    followed = choose_settings()
    assert (followed.data, followed.weights) == ("toys", "bundled")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b'{"data": ["toy',
        b"\xff",
        b"[1, 2]",
        b"null",
        b'{"data": "toys"}',
        b'{"data": ["no data", "auto"]}',
    ],
)
def test_a_damaged_note_is_as_good_as_none(world, tmp_path, content):
    note = tmp_path / "outputs" / "choice.json"
    note.parent.mkdir()
    note.write_bytes(content)
    world.on_disk = {"cifar-10"}
    chosen = choose_settings()
    assert (chosen.data, chosen.weights) == ("cifar10", "bundled")
    assert json.loads(note.read_text())["data"] == ["cifar10", "auto: found on disk"]


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        ("data", "cifar100", "auto, cifar10, toys, or a folder"),
        ("data", "/no/such/folder", "auto, cifar10, toys, or a folder"),
        ("data", str(BUNDLED_WEIGHTS), "auto, cifar10, toys, or a folder"),
        ("weights", "resnet", "auto, imagenet, bundled, none, or a weights file"),
        ("weights", "/no/such/file.h5", "auto, imagenet, bundled, none, or a weights file"),
        ("weights", str(BUNDLED_WEIGHTS.parent), "auto, imagenet, bundled, none, or a weights"),
        ("size", "large", "tiny, default, full"),
        ("side", "31", "auto, or a whole number of pixels, 32 or more"),
        ("side", "48.5", "auto, or a whole number of pixels, 32 or more"),
        ("side", "-48", "auto, or a whole number of pixels, 32 or more"),
        ("side", "wide", "auto, or a whole number of pixels, 32 or more"),
    ],
)
def test_a_value_that_cannot_be_is_named_with_those_that_can(
    world, monkeypatch, name, value, allowed
):
    monkeypatch.setenv(f"TRANSFER_{name.upper()}", value)
    with pytest.raises(SettingsError) as caught:
        choose_settings()
    assert f"TRANSFER_{name.upper()}={value} " in str(caught.value)
    assert allowed in str(caught.value)


@pytest.mark.parametrize(
    ("weights", "side"),
    [("imagenet", 48), ("bundled", 32), ("none", 32), (str(BUNDLED_WEIGHTS), 48)],
)
def test_side_follows_the_weights(world, weights, side):
    assert choose_settings(weights=weights).side == side


def test_a_path_that_is_not_whole_counts_from_the_repository(world, tmp_path, monkeypatch):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "my.weights.h5").touch()
    monkeypatch.setattr("utils.settings.REPOSITORY", tmp_path)
    monkeypatch.setenv("TRANSFER_OUTPUTS", "elsewhere")
    chosen = choose_settings(data="pictures", weights="my.weights.h5")
    assert chosen.outputs == tmp_path.resolve() / "elsewhere"
    assert chosen.data == str((tmp_path / "pictures").resolve())
    assert chosen.weights == str((tmp_path / "my.weights.h5").resolve())


def test_editions_never_mix(world, tmp_path):
    """Two folders of one name, and every other difference, give different folders of results."""
    folders = [tmp_path / place / "pictures" for place in ("home", "school")]
    for folder in folders:
        folder.mkdir(parents=True)
    choices = [
        choose_settings(data="toys", weights="bundled"),
        choose_settings(data=str(folders[0]), weights="bundled"),
        choose_settings(data=str(folders[1]), weights="bundled"),
        choose_settings(data="toys", weights="none"),
        choose_settings(data="toys", weights="bundled", side=48),
        choose_settings(data="toys", weights="bundled", size="tiny"),
    ]
    assert choices[0].edition == "toys-bundled-default-32px"
    assert choices[1].edition.startswith("pictures-")
    assert len({choice.folder for choice in choices}) == len(choices)
    assert {choice.folder.parent for choice in choices} == {(tmp_path / "outputs").resolve()}


def test_printing_shows_each_value_and_why(world):
    printed = str(choose_settings(data="cifar10", weights="none", size="tiny", side=40))
    rows = [line.split(maxsplit=2) for line in printed.splitlines()]
    assert rows == [
        ["data", "cifar10", "asked for here"],
        ["weights", "none", "asked for here"],
        ["size", "tiny", "asked for here"],
        ["side", "40", "asked for here"],
        ["precision", "float32", "for the test"],
    ]


def test_describe_gives_plain_values(world):
    kept = settings.describe(choose_settings(data="toys", weights="bundled"))
    assert json.loads(json.dumps(kept)) == {
        "data": "toys",
        "weights": "bundled",
        "size": "default",
        "side": 32,
        "precision": "float32",
    }
