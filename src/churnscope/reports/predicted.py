"""What is said of a model that tells who leaves, said of one that tells who comes back."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Say = Callable[[str], str]
Told = TypeVar("Told")

# Whole phrases before the words in them: the first that fits a place counts.
_OF_RETURN: Final = (
    ("churned and stayed", "came back and stayed away"),
    (r"churned and ([\d,]+) stayed", r"came back and \1 stayed away"),
    ("churned ones, and some who stayed, are needed to tell", "who came back, and some who did not, are needed to tell"),
    (r"(\d+%) left, of the safest", r"\1 came back, of the least likely"),
    ("customers about to leave", "customers about to come back"),
    ("Predicted and observed churn", "Predicted and observed returns"),
    ("What drives churn", "What drives a return"),
    ("chances? of churn", "chance of coming back"),
    ("(?:churn probability|probability of churn)", "probability of coming back"),
    ("(?:the )?churn rate", "the share who came back"),
    ("(?:likely )?to leave", "to come back"),
    ("who left", "who came back"),
    ("leaving", "coming back"),
    ("at high risk", "likely to come back"),
    ("[Cc]ustomers by risk", "Customers by chance of coming back"),
    ("high risk", "likely"),
    ("medium risk", "possible"),
    ("low risk", "unlikely"),
    ("the higher the risk", "the higher the chance"),
    ("the lower the risk", "the lower the chance"),
    ("How the risk goes", "How the chance goes"),
    ("who buys rarely often leaves, and would not stay for being made to buy", "who bought often may return without any offer"),
    ("should leave", "should come back"),
    ("one who stayed", "one who stayed away"),
    ("tenth left than", "tenth came back than"),
    ("At high risk", "Likely to come back"),
    ("Active customers", "Inactive customers"),
    ("raises the risk", "raises the chance"),
    ("raise the risk", "raise the chance"),
    ("lowers the risk", "lowers the chance"),
    ("lower the risk", "lower the chance"),
    ("riskier", "likelier"),
    ("riskiest", "likeliest"),
    ("safest", "least likely"),
    ("active customers", "inactive customers"),
    ("not active any more", "inactive"),
    ("speaks for staying", "speaks against coming back"),
    ("churned", "came back"),
    ("Churned", "Came back"),
    ("churn", "a return"),
    ("Churn", "Return"),
)
_PHRASE = re.compile(r"(?<![\w-])(?:" + "|".join(f"(?:{phrase})" for phrase, _ in _OF_RETURN) + r")(?![\w-])")
_EACH = tuple((re.compile(phrase), words) for phrase, words in _OF_RETURN)


def of_return(text: str) -> str:
    """A sentence on who leaves as one on who comes back.

    Examples
    --------
    >>> of_return("Of the riskiest tenth 62% left, of the safest 3%; 970 churned")
    'Of the likeliest tenth 62% came back, of the least likely 3%; 970 came back'
    """
    return _PHRASE.sub(_said, text)


def say_of(predicted: str) -> Say:
    """How sentences are said of what is predicted, `churn` or `reactivation`."""
    return of_return if predicted == "reactivation" else _as_it_is


def retold(part: Told, say: Say) -> Told:
    """A part of a page, or of what a command prints, with all its texts said in another way, those of pictures too."""
    if say is _as_it_is:
        return part
    if isinstance(part, str):
        return say(part)  # type: ignore[return-value]
    if isinstance(part, tuple):
        return tuple(retold(each, say) for each in part)  # type: ignore[return-value]
    if not is_dataclass(part) or isinstance(part, type):
        return part
    told = {field.name: retold(getattr(part, field.name), say) for field in fields(part)}
    if "draw" in told:
        told["draw"] = redrawn(told["draw"], say)
    return replace(part, **told)


def redrawn(draw: Callable[[Axes], None], say: Say) -> Callable[[Axes], None]:
    """A drawing with all its texts said in another way."""

    def drawing(axes: Axes) -> None:
        from matplotlib.text import Text

        draw(axes)
        for text in axes.findobj(Text):
            if isinstance(text, Text) and text.get_text():
                text.set_text(say(text.get_text()))

    return draw if say is _as_it_is else drawing


def _said(found: re.Match[str]) -> str:
    """The words of the first phrase that fits what was found."""
    for phrase, words in _EACH:
        if fits := phrase.fullmatch(found[0]):
            return fits.expand(words)
    return found[0]


def _as_it_is(text: str) -> str:
    return text
