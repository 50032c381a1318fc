"""data/pretrain_vgg16.py: folding is exact, its file loads into Keras, bad input is explained."""

import importlib.util
import tarfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from PIL import Image

SCRIPT = Path(__file__).parents[1] / "data" / "pretrain_vgg16.py"


@pytest.fixture(scope="module")
def pretrain():
    """The script as a module; data/ is not a package."""
    spec = importlib.util.spec_from_file_location("pretrain_vgg16", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def float32_again():
    """Undo the dtype policy that the script sets."""
    yield
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="module")
def model(pretrain):
    """VGG16 with batch norm whose statistics are random, as if it had been trained."""
    keras.utils.set_random_seed(1)
    rng = np.random.default_rng(1)
    model = pretrain.build_model(num_classes=6)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            size = layer.gamma.shape[0]
            gamma, variance = rng.uniform(0.5, 1.5, (2, size))
            beta, mean = rng.normal(0, 0.3, (2, size))
            layer.set_weights([gamma, beta, mean, variance])
    return model


@pytest.fixture
def noise():
    """Eight pictures of random numbers at the size at which the script stores pictures."""
    return np.random.default_rng(2).integers(0, 256, (8, 40, 40, 3)).astype("uint8")


def draw_pictures(folder, count):
    """Write `count` JPEGs of random colours into `folder`."""
    folder.mkdir(parents=True)
    for i in range(count):
        colour = np.random.default_rng(i).integers(0, 256, 3)
        picture = np.full((64, 64, 3), colour, "uint8")
        Image.fromarray(picture).save(folder / f"{folder.name}_{i}.JPEG")


@pytest.fixture
def pictures(tmp_path):
    """A folder of six classes in the layout of the sample."""
    for label in "abcdef":
        draw_pictures(tmp_path / "tiny" / "train" / label, 3)
        draw_pictures(tmp_path / "tiny" / "val" / label, 1)
    return tmp_path / "tiny"


def layout(path):
    """Return shape, type and compression of everything in an HDF5 file."""
    items = {}

    def note(name, item):
        if isinstance(item, h5py.Dataset):
            items[name] = (item.shape, item.dtype, item.compression, item.shuffle)
        else:
            items[name] = "group"

    with h5py.File(path) as file:
        file.visititems(note)
    return items


def assert_same_features(plain, path, batch):
    """Load `path` as a user would and compare with the model that was written."""
    loaded = keras.applications.VGG16(include_top=False, weights=str(path), input_shape=(32, 32, 3))
    np.testing.assert_array_equal(loaded.predict(batch, verbose=0), plain.predict(batch, verbose=0))


def test_folding_is_exact(pretrain, model, noise):
    plain = pretrain.fold_batch_norm(model)
    assert plain.count_params() == 14_714_688
    assert pretrain.check_folding(model, plain, noise) < 1e-5


def test_a_wrong_folding_is_noticed(pretrain, model, noise):
    plain = pretrain.fold_batch_norm(model)
    layer = plain.get_layer("block3_conv2")
    kernel, bias = layer.get_weights()
    layer.set_weights([kernel, bias + 0.1])
    with pytest.raises(ValueError, match="folding batch norm changed the features"):
        pretrain.check_folding(model, plain, noise)


def test_written_file_loads_into_keras(pretrain, model, noise, tmp_path):
    plain = pretrain.fold_batch_norm(model)
    out = tmp_path / "out.weights.h5"
    pretrain.write_weights(plain, out)
    assert list(tmp_path.iterdir()) == [out]  # nothing temporary stays
    assert_same_features(plain, out, pretrain.prepare(noise, 32))


def test_compact_file_loads_and_is_laid_out_like_the_bundled_one(pretrain, model, noise, tmp_path):
    plain = pretrain.fold_batch_norm(model)
    out = tmp_path / "out.weights.h5"
    pretrain.write_weights(plain, out, compact=True)
    assert list(tmp_path.iterdir()) == [out]
    assert layout(out) == layout(SCRIPT.with_name("vgg16-tiny-imagenet.weights.h5"))
    for layer in plain.layers:
        if isinstance(layer, keras.layers.Conv2D):
            kernel, bias = layer.get_weights()
            layer.set_weights([pretrain.round_kernel(kernel).astype("float32"), bias])
    assert_same_features(plain, out, pretrain.prepare(noise, 32))


def test_rounding_keeps_five_significant_bits(pretrain):
    kernel = np.random.default_rng(3).normal(0, 0.1, 10_000).astype("float32")
    rounded = pretrain.round_kernel(kernel)
    assert rounded.dtype == np.float16
    assert not np.any(rounded.view("uint16") & 0x3F)
    large = np.abs(kernel) > 1e-3
    error = np.abs(rounded.astype("float32") - kernel)[large] / np.abs(kernel)[large]
    assert 0.01 < error.max() < 1 / 32 + 1e-3


def test_micro_run(pretrain, pictures, tmp_path, capsys):
    """From an archive of pictures to a file that Keras loads; it must not leave anything else."""
    archive = tmp_path / "tiny.tar.xz"
    with tarfile.open(archive, "w:xz") as tar:
        tar.add(pictures, arcname="tiny")
    out = tmp_path / "weights" / "out.weights.h5"
    out.parent.mkdir()
    options = ["--epochs-small=1", "--epochs-large=1", "--batch-size=6", "--precision=float32"]
    pretrain.main([str(archive), str(out), *options])

    printed = capsys.readouterr().out
    assert "train: 18 pictures of 6 classes" in printed
    assert "24 px" in printed and "32 px" in printed
    assert "val_top1" in printed and "val_top5" in printed
    assert "batch norm folded" in printed
    assert list(out.parent.iterdir()) == [out]
    base = keras.applications.VGG16(include_top=False, weights=str(out), input_shape=(32, 32, 3))
    assert np.isfinite(base.predict(np.zeros((1, 32, 32, 3)), verbose=0)).all()


def test_layout_of_tiny_imagenet_200(pretrain, tmp_path):
    """The original has an images/ folder in each class and a table of validation classes."""
    draw_pictures(tmp_path / "train" / "n01" / "images", 2)
    draw_pictures(tmp_path / "train" / "n02" / "images", 3)
    draw_pictures(tmp_path / "val" / "images", 2)
    table = "images_1.JPEG\tn01\t0\t0\t63\t63\nimages_0.JPEG\tn02\t0\t0\t63\t63\n"
    (tmp_path / "val" / "val_annotations.txt").write_text(table)
    training, validation, class_names = pretrain.read_data(tmp_path)
    assert class_names == ["n01", "n02"]
    assert training[0].shape == (5, 40, 40, 3) and training[0].dtype == np.uint8
    assert training[1].tolist() == [0, 0, 1, 1, 1]
    assert validation[1].tolist() == [0, 1]


def test_training_batches_are_reproducible(pretrain, noise):
    def draw():
        keras.utils.set_random_seed(4)
        batches = pretrain.training_batches(
            noise, np.arange(8, dtype="int32"), num_classes=8, side=24, batch_size=3
        )
        return [(images.numpy(), labels.numpy()) for images, labels in batches]

    first, second = draw(), draw()
    assert [images.shape for images, _ in first] == [(3, 24, 24, 3)] * 2
    for (images, labels), (images_again, labels_again) in zip(first, second, strict=True):
        np.testing.assert_array_equal(images, images_again)
        np.testing.assert_array_equal(labels, labels_again)


def run_with_error(pretrain, capsys, *arguments):
    """Return what the script prints when it refuses `arguments`."""
    with pytest.raises(SystemExit) as stopped:
        pretrain.main([str(argument) for argument in arguments])
    assert stopped.value.code == 2
    return capsys.readouterr().err


def test_bad_input_is_explained(pretrain, pictures, tmp_path, capsys):
    out = tmp_path / "out.weights.h5"

    def error(*arguments):
        return run_with_error(pretrain, capsys, *arguments)

    assert "nowhere: no such folder or archive" in error(tmp_path / "nowhere", out)
    (tmp_path / "empty").mkdir()
    assert "no train/ folder inside" in error(tmp_path / "empty", out)
    (tmp_path / "empty" / "train").mkdir()
    assert "no pictures in train/" in error(tmp_path / "empty", out)
    (tmp_path / "text.tar.xz").write_text("not an archive")
    assert "not a tar archive" in error(tmp_path / "text.tar.xz", out)
    with tarfile.open(tmp_path / "cut.tar.xz", "w:xz") as tar:
        tar.add(pictures, arcname="tiny")
    whole = (tmp_path / "cut.tar.xz").read_bytes()
    (tmp_path / "cut.tar.xz").write_bytes(whole[: len(whole) // 2])
    assert "cut.tar.xz: damaged archive" in error(tmp_path / "cut.tar.xz", out)
    assert "must end in .weights.h5" in error(pictures, tmp_path / "out.keras")
    assert "no such folder for the weights" in error(pictures, tmp_path / "no" / out.name)
    assert "smaller --batch-size" in error(pictures, out, "--batch-size", 100)
    assert "no epochs" in error(pictures, out, "--epochs-small", 0, "--epochs-large", 0)
    broken = pictures / "train" / "a" / "a_1.JPEG"
    broken.write_bytes(b"broken")
    assert "a_1.JPEG: not a readable picture" in error(pictures, out)
    assert not out.exists()


def test_validation_classes_must_be_known(pretrain, pictures, tmp_path, capsys):
    draw_pictures(pictures / "val" / "stranger", 1)
    message = run_with_error(pretrain, capsys, pictures, tmp_path / "out.weights.h5")
    assert "['stranger']" in message


def test_precision_is_detected_not_assumed(pretrain):
    assert pretrain.choose_precision("float32") == "float32"
    assert pretrain.choose_precision("mixed_bfloat16") == "mixed_bfloat16"
    assert pretrain.choose_precision("auto") in ("float32", "mixed_bfloat16")
