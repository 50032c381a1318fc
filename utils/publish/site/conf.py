"""How Sphinx makes the site of notebooks/. Called by `python -m utils.publish.site`."""

import sys
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(REPOSITORY))

project = html_title = "Transfer learning with Keras"
author = copyright = ""
language = "en"
extensions = ["myst_nb", "sphinx_copybutton", "utils.publish.site.extras"]
exclude_patterns = ["**.ipynb_checkpoints"]
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
html_use_index = False
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

# Links to the repository and to services that run it, once pyproject.toml names its address.
PYPROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
SITE = PYPROJECT["tool"]["site"]
if SITE["repository"]:
    html_theme_options |= {
        "repository_url": SITE["repository"],
        "repository_branch": SITE["branch"],
        "path_to_docs": "notebooks",
        "use_repository_button": True,
        "launch_buttons": {
            "notebook_interface": "jupyterlab",
            "colab_url": SITE["colab"],
            "binderhub_url": SITE["binder"],
            "jupyterhub_url": SITE["jupyterhub"],
        },
    }
