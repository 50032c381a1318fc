"""A kit of one tiny package: made, damaged, installed. At the end the real one, once."""

import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pip
import pytest

from utils import download
from utils.publish.kit import __main__ as kit
from utils.publish.kit import install
from utils.settings import REPOSITORY

PIP = f"wheels/pip-{pip.__version__}-py3-none-any.whl"
TINY = "wheels/tiny-1.0-py3-none-any.whl"


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    """A function that makes a kit of a git repository with one requirement, and of CIFAR-10."""
    source = tmp_path_factory.mktemp("source")
    repository, cifar10 = source / "repository", download.cifar10_archive(source)
    write(repository / "requirements.txt", "tiny>=1  # the one\n")
    write(repository / "constraints.txt", "tiny==1.0\n")
    write(repository / "notebooks" / "01 first.ipynb", "{}\n")
    shutil.copy(REPOSITORY / "Makefile", repository)
    subprocess.run("git init -q && git add .", shell=True, cwd=repository, check=True)
    write(repository / "notes.txt", "not tracked by git\n")
    write(cifar10.target, "pictures")
    cifar10 = replace(cifar10, hash=f"sha256:{install.sha256(cifar10.target)}")
    (source / "wheels").mkdir()
    site_packages = Path(pip.__file__).parent.parent
    with zipfile.ZipFile(source / PIP, "w") as wheel:
        for path in (*site_packages.glob("pip/**/*.*"), *site_packages.glob("pip-*/*")):
            if path.suffix != ".pyc":
                wheel.write(path, path.relative_to(site_packages))
    with zipfile.ZipFile(source / TINY, "w") as wheel:
        wheel.writestr("tiny.py", "answer = 42\n")
        wheel.writestr("tiny-1.0.dist-info/METADATA", "Name: tiny\nVersion: 1.0\n")
        wheel.writestr("tiny-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\n")
        wheel.writestr("tiny-1.0.dist-info/RECORD", "")

    def make(folder, wheels=source / "wheels"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(download, "cifar10_archive", lambda home: cifar10)
            patch.setenv("PIP_NO_INDEX", "1")
            patch.setenv("PIP_FIND_LINKS", str(wheels))
            kit.build(folder, repository)

    return make


@pytest.fixture(scope="module")
def made(make, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "kit"
    make(folder)
    return folder


@pytest.fixture
def stick(made, tmp_path):
    """A copy to damage, with a space in its path, as sticks have them."""
    return Path(shutil.copytree(made, tmp_path / "my stick" / "kit"))


def run_installer(stick, target, home, **changes):
    """Run install.sh where pip would ask a dead index and install elsewhere; returns the result."""
    home.mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHON": sys.executable}
    environment |= {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_USER": "1"} | changes
    command = ["sh", stick / "install.sh", target]
    return subprocess.run(command, env=environment, capture_output=True, text=True)


def test_a_kit_holds_tracked_files_wheels_and_their_checksums(made):
    assert set(kit.files_in(made)) == {
        "README.txt", "SHA256SUMS", "install.ps1", "install.py", "install.sh", "kit.json",
        "repository/Makefile", "repository/constraints.txt", "repository/requirements.txt",
        "repository/notebooks/01 first.ipynb", PIP, TINY, install.CIFAR10,
    }  # fmt: skip
    subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=made, check=True)
    for name in ("README.txt", "install.ps1", "install.sh"):
        assert "@PYTHON@" not in (made / name).read_text()
    assert list(made.parent.iterdir()) == [made]


def test_without_git_what_runs_have_made_stays_behind(tmp_path):
    for name in ("utils/a.py", ".venv/b.py", "outputs/c.csv", "utils/__pycache__/d.pyc"):
        write(tmp_path / "repository" / name, "")
    kit.copy_repository(tmp_path / "repository", tmp_path / "copy")
    assert kit.files_in(tmp_path / "copy") == ["utils/a.py"]


def test_an_earlier_kit_stays_until_the_new_one_is_whole(make, stick, tmp_path, monkeypatch):
    before = (stick / "SHA256SUMS").read_text()
    with pytest.raises(install.KitError, match="package index"):
        make(stick, wheels=tmp_path)
    assert (stick / "SHA256SUMS").read_text() == before
    monkeypatch.setattr(download, "is_on_disk", lambda file: False)
    make(stick)
    assert install.CIFAR10 not in kit.files_in(stick)
    assert list(stick.parent.iterdir()) == [stick]


def test_a_full_disk_and_files_that_are_not_a_kits_are_refused(make, stick, tmp_path, monkeypatch):
    for mine in (stick / "slides.txt", tmp_path / "photos" / "cat.jpg"):
        write(mine, "mine")
        with pytest.raises(install.KitError, match=mine.name):
            make(mine.parent)
        assert mine.read_text() == "mine"
    usage = shutil.disk_usage(tmp_path)._replace(free=10**8)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(install.KitError, match=r"0\.1 GB are free and 0\.8 GB are needed"):
        make(tmp_path / "kit")
    assert not (tmp_path / "kit").exists()


@pytest.mark.parametrize("harm", ["damage", "delete", "list"])
def test_a_damaged_kit_names_the_file_and_changes_nothing(harm, stick, tmp_path):
    damaged = stick / ("SHA256SUMS" if harm == "list" else TINY)
    damaged.unlink() if harm == "delete" else damaged.write_bytes(b"x" + damaged.read_bytes()[1:])
    result = run_installer(stick, tmp_path / "target", tmp_path / "home")
    assert result.returncode == 1
    assert damaged.name in result.stderr and PIP not in result.stderr
    assert not (tmp_path / "target").exists() and not list((tmp_path / "home").iterdir())


def test_other_machines_and_folders_in_use_are_refused(stick, tmp_path, monkeypatch):
    write(tmp_path / "mine" / "thesis.txt", "mine")
    for folder in (tmp_path / "mine", stick / "inside"):
        assert "Name a new folder" in run_installer(stick, folder, tmp_path / "home").stderr
    assert kit.files_in(tmp_path / "mine") == ["thesis.txt"]

    monkeypatch.setattr(install, "HERE", stick)
    monkeypatch.setattr(install, "MACHINE", "a telephone")
    with pytest.raises(install.KitError, match="this is a telephone"):
        install.install(tmp_path / "new")
    script = stick / "install.sh"
    write(script, script.read_text().replace(install.PYTHON, "3.99"))
    result = run_installer(stick, tmp_path / "new", tmp_path / "home")
    assert result.returncode == 1 and "Python 3.99 is needed" in result.stderr
    assert not (tmp_path / "new").exists()


def test_an_interrupted_install_is_resumed(stick, tmp_path):
    target, home, keras = tmp_path / "my course", tmp_path / "home", tmp_path / "keras"
    write(keras / "datasets", "a file where a folder is wanted")
    failed = run_installer(stick, target, home, KERAS_HOME=str(keras))
    assert failed.returncode == 1 and "datasets" in failed.stderr
    assert not (target / ".venv" / "ready").exists()

    (keras / "datasets").unlink()
    result = run_installer(stick, target, home, KERAS_HOME=str(keras))
    assert result.returncode == 0, result.stderr
    python = target / ".venv" / "bin" / "python"
    subprocess.run([python, "-c", "import pip, tiny; assert tiny.answer == 42"], check=True)
    assert download.cifar10_archive(keras).target.read_text() == "pictures"
    assert (target / "notebooks" / "01 first.ipynb").exists()
    subprocess.run(["make", "-q", ".venv/ready"], cwd=target, check=True)  # nothing to install


@pytest.mark.slow
def test_the_real_kit_installs_without_an_index_and_runs_notebook_01(tmp_path):
    """Needs a package index, 3 GB of disk and three to five minutes."""
    stick, target = tmp_path / "the stick", tmp_path / "my course"
    try:
        kit.build(stick)
        result = run_installer(stick, target, tmp_path / "home")
        assert result.returncode == 0, result.stderr
        python = target / ".venv" / "bin" / "python"
        environment = os.environ | {"TRANSFER_OUTPUTS": str(tmp_path / "outputs")}
        command = [python, "-m", "utils.publish.execute", "01"]
        subprocess.run(command, cwd=target, env=environment, check=True)
        assert (tmp_path / "outputs" / "notebooks" / "01-download.ipynb").exists()
    finally:
        shutil.rmtree(tmp_path)
