"""A page: sections of sentences, pictures and tables, written as one HTML file that asks nothing of a network.

Whatever is not a picture drawn here is escaped. The page forbids itself scripts, requests and styles other than its own.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Final, Literal

from churnscope.reports.canvas import SIZE_INCHES, Draw, Size, drawn, inline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURE_INCHES: Final[Size] = (4.8, 3.3)  # half the width of the page, so that letters stay legible on a phone

FEW_COLUMNS: Final = 4

Tone = Literal["", "good", "bad"]


@dataclass(frozen=True)
class Cell:
    """A cell of a table: a text, a smaller one below it, and whether it is good news."""

    text: str
    small: str = ""
    tone: Tone = ""


@dataclass(frozen=True)
class Table:
    """A table of ready texts.

    Parameters
    ----------
    align : a sign for each column, `<` for words and `>` for figures.
    rows : cells; the first of a row names it.
    notes : terms of the table and what they mean.
    is_wide : too wide for a phone, which shows each row as a list of its cells.
    """

    caption: str
    align: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell | str, ...], ...]
    notes: tuple[tuple[str, str], ...] = ()
    is_wide: bool = False

    @property
    def kind(self) -> str:
        """Its class in the style sheet: a table of few columns does not fill the page."""
        return "wide" if self.is_wide else "narrow" if len(self.columns) <= FEW_COLUMNS else ""


@dataclass(frozen=True)
class Picture:
    """A drawing and the sentence that says what to see."""

    sentence: str
    draw: Draw
    size: Size = PICTURE_INCHES

    def svg(self, name: str) -> str:
        """The drawing as an element of a page, on which the name is its own."""
        return inline(drawn(self.draw, size=self.size), prefix=name, label=self.sentence)

    def titled(self) -> bytes:
        """The drawing under its sentence, as an SVG file."""

        def draw(axes: Axes) -> None:
            self.draw(axes)
            axes.set_title(self.sentence, fontsize=9.5, wrap=True)

        is_tall = self.size[1] > SIZE_INCHES[1]
        return drawn(draw, size=self.size if is_tall else SIZE_INCHES)


@dataclass(frozen=True)
class Section:
    """A section of the page, in the order of its fields; a single picture has the first table beside it.

    Parameters
    ----------
    origin : where its figures come from, so that each can be looked up.
    is_stacked : whether its tables need the whole width, so that none stands beside a picture.
    """

    anchor: str
    title: str
    lead: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    pictures: tuple[Picture, ...] = ()
    tables: tuple[Table, ...] = ()
    closing: tuple[str, ...] = ()
    origin: str = ""
    is_stacked: bool = False

    @property
    def beside(self) -> int:
        """How many tables stand beside the picture."""
        return int(len(self.pictures) == 1 and bool(self.tables) and not self.is_stacked)


@dataclass(frozen=True)
class Part:
    """Sections under one heading, for one kind of reader."""

    anchor: str
    title: str
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Verdict:
    """The first thing to read."""

    headline: str
    meaning: str
    reasons: tuple[str, ...]
    tone: Tone


@dataclass(frozen=True)
class Page:
    """All of it.

    Parameters
    ----------
    warning : what to mind when handing the page on; empty for nothing.
    figures : a few numbers to remember: label, value, and what it compares with.
    """

    title: str
    subtitle: str
    warning: str
    verdict: Verdict
    figures: tuple[tuple[str, str, str], ...]
    parts: tuple[Part, ...]
    stamp: tuple[tuple[str, str], ...]

    def to_html(self) -> bytes:
        """The page as a UTF-8 file; the same page gives the same bytes."""
        from jinja2 import Environment, PackageLoader, StrictUndefined

        loader = PackageLoader("churnscope.reports")
        environment = Environment(
            loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        style = files("churnscope.reports").joinpath("templates/page.css").read_text("utf-8")
        template = environment.get_template("page.html.j2")
        return template.render(page=self, style=style, style_hash=_hash(style)).encode()


def _hash(style: str) -> str:
    """As a content security policy names what it lets in."""
    return f"sha256-{b64encode(hashlib.sha256(style.encode()).digest()).decode()}"
