"""Where pictures are drawn, in our style whatever the user's settings.

The same figures give the same bytes for one version of Matplotlib: no clock, no random ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final, Literal
from xml.etree import ElementTree as ET

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Kind = Literal["svg", "png"]
Size = tuple[float, float]
Draw = Callable[["Axes"], None]

SIZE_INCHES: Final[Size] = (7.0, 4.6)
DOTS_PER_INCH: Final = 130  # of PNG
MODEL_COLOUR: Final = "#0072b2"  # colours of Okabe and Ito (2008), told apart by the colour-blind
CHANCE_COLOUR: Final = "#767676"
LINE_COLOUR: Final = "#555555"
BASELINE_COLOURS: Final = ("#c44f00", "#00795a", "#a8447a", "#8a6000", "#5b4ea3")  # told from white by 4.5 to 1
BASELINE_DASHES: Final = ("-", (0, (6, 2)), (0, (2, 1.5)), (0, (6, 2, 1.5, 2)), (0, (1, 1)))  # and without colour
STYLE: Final = {
    "font.family": "DejaVu Sans",  # comes with Matplotlib
    "font.size": 10.0,
    "text.parse_math": False,  # a dollar sign in a name is a dollar sign
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": LINE_COLOUR,
    "axes.titlesize": 11.0,
    "axes.titlelocation": "left",
    "axes.titlepad": 12.0,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "legend.frameon": False,
    "legend.fontsize": 9.0,
    "svg.fonttype": "path",
    "svg.hashsalt": "churnscope",
}
_LEFT_OUT = frozenset({"metadata", "style"})
_INHERITED = {"stroke-linejoin": "round", "stroke-linecap": "butt"}  # what the style element says, for this picture alone


def drawn(draw: Draw, kind: Kind = "svg", *, size: Size = SIZE_INCHES) -> bytes:
    """A picture on one pair of axes.

    Parameters
    ----------
    draw : draws on the axes it is given.
    size : width and height in inches.
    """
    return drawn_on(lambda figure: draw(figure.add_subplot()), kind, size=size)


def drawn_on(draw: Callable[[Figure], None], kind: Kind = "svg", *, size: Size = SIZE_INCHES) -> bytes:
    """A picture of several pairs of axes; `draw` makes them on the figure it is given."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with _our_style():
        figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
        FigureCanvasAgg(figure)  # draws without a display
        draw(figure)
        content = BytesIO()
        figure.savefig(content, format=kind, metadata=_metadata(kind))
    return content.getvalue()


def empty_picture(axes: Axes) -> None:
    """What stands where there is nothing to draw."""
    axes.text(0.5, 0.5, "nothing to show", ha="center", va="center", color=CHANCE_COLOUR)
    axes.set_axis_off()


def inline(svg: bytes, *, prefix: str, label: str) -> str:
    """An SVG picture of Matplotlib as an element of an HTML page.

    It brings no style sheet and no style attribute, so a page may forbid them; it scales with its place.

    Parameters
    ----------
    prefix : of its ids, which have to differ from those of other pictures on the page.
    label : what it shows, for those who cannot see it.
    """
    root = ET.fromstring(svg)  # noqa: S314 - drawn above, not received
    for parent in root.iter():
        for child in [child for child in parent if _local(child.tag) in _LEFT_OUT]:
            parent.remove(child)
    for element in root.iter():
        attributes = dict(pair for name, value in element.attrib.items() for pair in _plain(_local(name), value, prefix))
        element.tag, element.tail, element.text = _local(element.tag), None, None
        element.attrib.clear()
        element.attrib.update(attributes)
    for name in ("width", "height", "version"):
        del root.attrib[name]
    root.attrib.update({**_INHERITED, "role": "img", "aria-label": label})
    return ET.tostring(root, encoding="unicode")


def percent(value: float, _position: float = 0) -> str:
    """A share as a tick of an axis."""
    return f"{100 * value:g}%"


def plain_number(value: float, _position: float = 0) -> str:
    """A number as a tick of an axis: 0.5, 20, 1,000."""
    return f"{value:,.10g}"


@contextmanager
def _our_style() -> Iterator[None]:
    from matplotlib import style

    with style.context(["default", STYLE]):
        yield


def _metadata(kind: Kind) -> dict[str, Any]:
    return {"Date": None, "Creator": "churnscope"} if kind == "svg" else {"Software": None}


def _local(name: str) -> str:
    """A name without its name space, which HTML knows for itself."""
    return name.rpartition("}")[2]


def _plain(name: str, value: str, prefix: str) -> list[tuple[str, str]]:
    """An attribute as a page may hold it: styles one by one, ids with their prefix."""
    if name == "style":
        pairs = (part.partition(":") for part in value.split(";") if part.strip())
        return [(key.strip(), setting.strip()) for key, _, setting in pairs]
    if name == "id":
        return [(name, f"{prefix}-{value}")]
    return [(name, value.replace("#", f"#{prefix}-", 1) if name in {"href", "clip-path"} else value)]
