"""How Sphinx makes the site of notebooks/. Called by `python -m utils.site`."""

import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPOSITORY))

# Where the repository and the services of its launch buttons are; see pyproject.toml.
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
globals().update({f"site_{name}": value for name, value in PYPROJECT["tool"]["site"].items()})

project = "Transfer learning with Keras"
author = copyright = ""
language = "en"
extensions = ["myst_nb", "sphinx_copybutton", "utils.site.extras"]
exclude_patterns = ["locale", "**.ipynb_checkpoints", "exercises.py"]
templates_path = ["templates"]

nb_execution_mode = "off"
nb_number_source_lines = False
myst_heading_anchors = 4
myst_enable_extensions = []
suppress_warnings = [
    "mystnb.unknown_mime_type",
    "myst.header",  # an exercise's heading may stand below an unnumbered one
]
copybutton_exclude = ".linenos, .gp, .go"

locale_dirs = ["locale"]
gettext_compact = False
gettext_uuid = False
gettext_location = False

html_context = {"default_mode": "auto"}
html_theme = "sphinx_book_theme"
html_sidebars = {
    "**": ["site-logo.html", "search-button-field.html", "sbt-sidebar-nav.html"],
}
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = "static/favicon.svg"
html_copy_source = True
html_sourcelink_suffix = ""
html_show_sphinx = False
html_last_updated_fmt = None
html_theme_options = {
    "home_page_in_toc": True,
    "show_toc_level": 2,
    "use_download_button": True,
    "use_fullscreen_button": False,
    "article_header_end": ["language-switch.html", "article-header-buttons.html"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "footer_content_items": [],
}
