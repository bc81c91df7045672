"""How `make docs` builds the documentation: MyST pages, numpydoc docstrings, the PyData theme. Nothing is fetched."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "churnscope"
author = "The churnscope authors"
copyright = author  # noqa: A001  # the name Sphinx asks for
release = installed_version("churnscope")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "numpydoc", "sphinx_copybutton"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}
nitpicky = False
suppress_warnings = ["config.cache"]

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
copybutton_prompt_text = "$ "

autodoc_typehints = "none"  # numpydoc sections give shapes and units beside the types
autodoc_member_order = "bysource"
autosummary_generate = False
numpydoc_show_class_members = False

html_theme = "pydata_sphinx_theme"
html_title = "churnscope"
html_show_sourcelink = False
html_theme_options = {
    "show_prev_next": True,
    "navigation_with_keys": False,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
}
