"""Class names in other scripts: the fonts that are there are used, and a lack is said once."""

import warnings

import matplotlib
import numpy as np
import pytest

matplotlib.use("agg")

from matplotlib import font_manager
from matplotlib import pyplot as plt

from utils import plots

PICTURES = np.zeros((2, 4, 4, 3), "uint8")


@pytest.fixture(autouse=True)
def style():
    plots._named.clear()
    with plt.rc_context(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plots.use_style()
        yield
        assert not [w for w in caught if "Glyph" in str(w.message)]
    plt.close("all")


def show(titles):
    plots.show_pictures(PICTURES, titles)
    plt.gcf().canvas.draw()


def test_a_lack_of_letters_is_said_once(capsys):
    names = ["\u732b", "na\u00efve \u03b1"]  # the first only in fonts for Chinese
    show(names)
    said = capsys.readouterr().out
    if not said:
        pytest.skip("this computer has a font for Chinese")
    assert said.startswith("No font here has \u732b, so figures show boxes.")
    show(names)
    assert not capsys.readouterr().out


@pytest.mark.parametrize("name", ["WenQuanYi Zen Hei", "A font of one's own"])
def test_a_font_that_has_them_is_used(monkeypatch, capsys, name):
    """matplotlib's font for unknown letters plays one for Chinese."""
    last = font_manager.findfont("DejaVu Sans").replace("DejaVuSans", "LastResortHE-Regular")
    entry = font_manager.FontEntry(fname=last, name=name, size="scalable")
    manager = font_manager.fontManager
    monkeypatch.setattr(manager, "ttflist", [*manager.ttflist, entry])
    manager._findfont_cached.cache_clear()
    plots.use_style()
    assert (plt.rcParams["font.family"] == ["sans-serif", name]) == (name in plots.CHINESE)
    show(["\u732b", "ant"])
    assert plt.rcParams["font.family"] == ["sans-serif", name]
    assert not capsys.readouterr().out


def test_a_dollar_is_no_formula():
    show(["$5_bill", "is $5_bill,\nsaid $10^{ bill"])
