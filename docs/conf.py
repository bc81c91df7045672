"""How `make docs` builds the documentation: MyST pages, numpydoc docstrings, the PyData theme. Nothing is fetched."""

from __future__ import annotations

import re
from importlib.metadata import version as installed_version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

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
autodoc_preserve_defaults = True
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

_ENTRY = re.compile(r"^(?P<indent> *)(?P<names>[\w*][\w*, ]*) : (?P<said>.+)$")


def setup(app: Sphinx) -> None:
    """Read our sections before numpydoc does."""
    app.connect("autodoc-process-docstring", _said_below, priority=400)


def _said_below(_app: Sphinx, _what: str, _name: str, _of: object, _options: object, lines: list[str]) -> None:
    """Put what `name : what it is` says below the name: numpydoc would take it for the type."""
    written: list[str] = []
    listed = False
    for place, line in enumerate(lines):
        if place + 1 < len(lines) and re.fullmatch(r" *-{3,}", lines[place + 1]):
            listed = line.strip() in {"Parameters", "Attributes", "Raises"}
        entry = _ENTRY.match(line) if listed else None
        written += [f"{entry['indent']}{entry['names']}", f"{entry['indent']}    {entry['said']}"] if entry else [line]
    lines[:] = written
