"""The page that classifies a picture in the browser answers as Keras does."""

import io
import json
import shutil

import numpy as np
import pytest
from PIL import Image

from data import toys
from utils.files import REPOSITORY
from utils.picture_folders import read_picture
from utils.publish.site import __main__ as site
from utils.publish.site import classifier

CACHE = REPOSITORY / "outputs" / "classifier"  # so that the runtime is fetched once only
NAMES, SIDE = ["ants", "bees", "黄蜂"], 40


def small_network():
    keras = pytest.importorskip("keras")
    keras.utils.set_random_seed(1)
    layers = keras.layers
    picture = keras.Input((SIDE, SIDE, 3), name="pictures")
    x = layers.Rescaling(1 / 64, offset=-2)(picture)
    x = layers.Conv2D(8, 3, activation="relu")(x)
    x = layers.Flatten()(layers.MaxPooling2D(2)(x))
    return keras.Model(picture, layers.Dense(len(NAMES), activation="softmax")(x))


@pytest.fixture(scope="module")
def network():
    return small_network()


@pytest.fixture(scope="module")
def models(tmp_path_factory, network):
    """A folder with models in ONNX, one of them no classifier of pictures."""
    for name in classifier.PACKAGES:
        pytest.importorskip(name, reason="make site installs what ONNX needs")
    import onnx

    from utils.photos import ship

    folder = tmp_path_factory.mktemp("models")
    pictures = np.stack([toys.render(k, 1, 3, side=SIDE)[0] for k in range(10)])
    with ship.quiet():
        ship.to_onnx(network, folder / "model.onnx", NAMES)
        ship.to_onnx_int8(folder / "model-int8.onnx", pictures)
    value = onnx.helper.make_tensor_value_info
    node = onnx.helper.make_node("Softmax", ["in"], ["out"])
    ends = [[value(name, onnx.TensorProto.FLOAT, [1, 9])] for name in ("in", "out")]
    graph = onnx.helper.make_graph([node], "other", *ends)
    other = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 15)])
    other.ir_version = 8
    onnx.save(other, folder / "other.onnx")
    (folder / "notes.txt").write_text("Bees fly.")
    (folder / "text.onnx").write_text("Bees fly.")
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory, models):
    """A small site, with a small network as its example."""
    pytest.importorskip("myst_nb", reason="make site installs what the site is built with")
    example, source = tmp_path_factory.mktemp("example"), tmp_path_factory.mktemp("notebooks")
    shutil.copy(models / "model-int8.onnx", example / "example.onnx")
    about = {"names": NAMES, "pictures": 50, "accuracy": 0.5, "difference": 0.01}
    (example / "about.json").write_text(json.dumps(about))
    for name in NAMES:
        Image.fromarray(toys.render(3, 1, 3)[0]).save(example / f"{name}.png")
    try:
        parts = classifier.lay_out(
            classifier.fetch_runtime(CACHE), example, example.with_name("parts")
        )
    except classifier.MissingError as error:
        pytest.skip(str(error))
    for name in ("index", "glossary", "teaching"):
        (source / f"{name}.md").write_text(f"# {name.title()}\n")
    shutil.copytree(site.NOTEBOOKS / "locale", source / "locale")
    target = tmp_path_factory.mktemp("site") / "site"
    site.build(target, source, parts)
    return target


@pytest.fixture
def page(open_page):
    """The page at a phone's width, ready."""
    page = open_page("classify.html", width=390, permissions=["camera"])
    page.get_by_text("Drop a picture here").wait_for()
    return page


def choose(page, path):
    kind = ".onnx" if path.suffix == ".onnx" else "image/*"
    if kind == ".onnx" and not page.locator("#classifier > details[open]").count():
        page.locator("#classifier > details > summary").click()
    page.locator(f'input[accept="{kind}"]').set_input_files(path)


def answers(page):
    """What the page answers: probabilities by class."""
    page.locator(".bars li").first.wait_for(timeout=60_000)
    rows = page.locator(".bars li").all()
    assert len(rows) == len(NAMES)
    return {row.get_attribute("data-name"): float(row.get_attribute("data-probability"))
            for row in rows}  # fmt: skip


def draw(path, label=3, side=200):
    Image.fromarray(toys.render(label, 1, 5, side=side)[0]).save(path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name, tolerance", [("model.onnx", 1e-4), ("model-int8.onnx", 0.03)])
def test_a_model_of_ones_own_answers_as_keras_does(
    page, models, network, tmp_path, name, tolerance
):
    picture = draw(tmp_path / "my cat.png")
    choose(page, models / name)
    page.get_by_text(f"{name}: 3 classes, pictures of {SIDE}").wait_for()
    assert page.get_by_text("The example knows").is_hidden()
    choose(page, picture)
    found = answers(page)
    expected = network.predict(read_picture(picture, SIDE)[None].astype("float32"), verbose=0)[0]
    assert max(expected) > 0.4 and list(found.values()) == sorted(found.values(), reverse=True)
    for label, probability in zip(NAMES, expected, strict=True):
        assert found[label] == pytest.approx(probability, abs=tolerance)
    best = NAMES[expected.argmax()]
    assert page.get_by_role("status").inner_text().startswith(f"{best}: ")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.troubles == []
    page.get_by_role("button", name="Back to the example").click()
    page.get_by_text("The example knows").wait_for()
    page.get_by_text("example.onnx: 3 classes").wait_for()


def odd_pictures():
    """Pictures of many kinds, and by how much a pixel may differ: decoders of JPEG round."""
    rng = np.random.default_rng(0)
    smooth = Image.fromarray(rng.integers(0, 256, (9, 13, 3), "uint8")).resize((317, 210))
    yield "wide.png", smooth, {}, 0
    yield "tall.webp", smooth.rotate(90, expand=True), {"lossless": True}, 0
    yield "small.png", smooth.resize((21, 17)), {}, 0
    yield "exact.png", smooth.resize((SIDE, SIDE)), {}, 0
    yield "grey.png", smooth.convert("L"), {}, 0
    yield "grey16.png", Image.fromarray(257 * np.asarray(smooth.convert("L"), "uint16")), {}, 0
    yield "palette.png", smooth.quantize(20), {}, 0
    glass = smooth.convert("RGBA")
    glass.putalpha(smooth.getchannel("R"))
    yield "glass.png", glass, {}, 4
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    yield "turned.jpg", smooth, {"exif": exif, "quality": 95}, 4
    yield "plain.jpg", smooth, {"quality": 80}, 4


@pytest.mark.slow
def test_pictures_are_prepared_as_in_python(page, tmp_path):
    script = """async ([bytes, side]) => {
        const { prepare } = await import("./_static/picture.js");
        return Array.from(await prepare(new Blob([new Uint8Array(bytes)]), side));
    }"""
    for name, picture, options, tolerance in odd_pictures():
        path = tmp_path / name
        picture.save(path, **options)
        found = page.evaluate(script, [list(path.read_bytes()), SIDE])
        expected = read_picture(path, SIDE).reshape(-1).astype(int)
        assert abs(np.array(found) - expected).max() <= tolerance, name


@pytest.mark.slow
def test_what_cannot_be_used_is_named_and_the_page_goes_on(page, models, tmp_path):
    for name, message in {
        "notes.txt": "notes.txt is not a picture that this browser can read. Take a JPEG",
        "text.onnx": "text.onnx is not a model in ONNX. Export one with utils.photos.ship",
        "other.onnx": "other.onnx takes other inputs than one square RGB picture",
    }.items():
        choose(page, models / name)
        page.get_by_role("status").get_by_text(message).wait_for()
        assert not page.locator(".bars").count()
    choose(page, draw(tmp_path / "cat.png"))
    assert sum(answers(page).values()) == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
def test_toys_are_offered_a_dropped_file_is_read_and_so_is_the_camera(page, tmp_path):
    page.get_by_role("button", name="Toy: bees").press("Enter")
    first = answers(page)
    buffer = io.BytesIO()
    Image.fromarray(255 - toys.render(3, 1, 3)[0]).save(buffer, "PNG")
    page.evaluate(
        """(bytes) => {
            const dropped = new DataTransfer();
            dropped.items.add(new File([new Uint8Array(bytes)], "dropped.png"));
            const options = { dataTransfer: dropped, bubbles: true, cancelable: true };
            document.body.dispatchEvent(new DragEvent("drop", options));
        }""",
        list(buffer.getvalue()),
    )
    page.wait_for_function(
        "(before) => document.querySelector('.bars li').dataset.probability !== before",
        arg=str(max(first.values())),
    )
    assert sum(answers(page).values()) == pytest.approx(1, abs=1e-3)
    page.get_by_role("button", name="Use the camera").click()
    page.wait_for_function("document.querySelector('video').videoWidth > 0")
    page.get_by_role("button", name="Take the picture").click()
    page.get_by_role("button", name="Use the camera").wait_for()
    page.locator(".result:not([hidden])").wait_for()
    assert page.troubles == []


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["light", "dark"])
def test_is_accessible_in_both_languages(open_page, mode, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for name in ("classify.html", "zh/classify.html"):
        page = open_page(name, mode=mode, width=390)
        page.locator("#classifier button img").first.wait_for()
        choose(page, draw(tmp_path / "cat.png"))
        answers(page)
        assert page.troubles == []
        page.add_style_tag(content="* { transition: none !important; animation: none !important; }")
        found = axe.run(page).response["violations"]
        assert not found, [(v["id"], [n["html"][:160] for n in v["nodes"][:3]]) for v in found]
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.slow
def test_the_example_answers_as_keras_does(tmp_path, models):
    """The real one, which `make site` trains: accurate, and near its network in Keras."""
    from utils.photos import answers, cost

    example = classifier.make_example(CACHE)
    about = json.loads((example / "about.json").read_text("utf-8"))
    assert about["accuracy"] > 0.85 and about["difference"] < 0.1
    network, names = answers.load_model(example / "example.keras")
    assert names == about["names"]
    picture = read_picture(draw(tmp_path / "cat.png", side=32), 64)[None].astype("float32")
    ours, theirs = network.predict(picture, verbose=0), cost.open_onnx(example / "example.onnx")
    assert abs(ours - theirs(picture)).max() < 0.1


def test_without_npm_the_page_is_left_out_and_the_reason_said(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert classifier.prepare(tmp_path / "cache") is None
    said = capsys.readouterr().out
    assert "is left out" in said and "npm is not installed" in said and "npm pack onnx" in said


def test_an_archive_that_is_another_one_is_refused(tmp_path):
    (tmp_path / classifier.ARCHIVE).write_bytes(b"something else")
    with pytest.raises(classifier.MissingError, match=r"1\.30\.0: sha512 .*\n.*Delete it"):
        classifier.fetch_runtime(tmp_path)


def test_missing_packages_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier, "PACKAGES", ("json", "no_such_package"))
    with pytest.raises(classifier.MissingError, match=r"needs no_such_package\. To install"):
        classifier.make_example(tmp_path)
