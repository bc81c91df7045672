"""What was guessed and why, and what can be asked where a guess is not enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Guess:
    """One thing the config will say.

    Parameters
    ----------
    key : where it stands, such as `sources.orders.columns.time`.
    value : what it says, as words.
    evidence : why: counts, names of columns, formats; never a value of the data.
    check : whether a person should look at it.
    """

    key: str
    value: str
    evidence: str = ""
    check: bool = False

    @property
    def comment(self) -> str:
        """The evidence as it stands in the config."""
        return f"check: {self.evidence}" if self.check else self.evidence


@dataclass(frozen=True)
class Question:
    """Something only the owner of the files knows.

    Parameters
    ----------
    key : where the answer will stand.
    text : the question; the evidence is part of it.
    default : the guess.
    choices : the possible answers; empty: any text.
    whole_number : whether the answer is a number of days.
    """

    key: str
    text: str
    default: str
    choices: tuple[str, ...] = ()
    whole_number: bool = False


Ask = Callable[[Question], str | None]  # None: nobody is there to answer, the guess stands
ANSWERED = "as answered"
FEWEST_CHURNED = 30  # fewer are refused by `train`


def nobody(question: Question) -> None:
    """The answer of a run that nobody watches."""


def percent(part: int, whole: int) -> str:
    """A share in words that do not round a flaw away.

    Examples
    --------
    >>> percent(9_998, 10_000), percent(10, 10), percent(1, 10_000)
    ('9,998 of 10,000', 'all 10', '1 of 10,000')
    """
    return f"all {whole:,}" if part == whole else f"{part:,} of {whole:,}"


def counted(number: int, noun: str) -> str:
    """A number with its noun.

    Examples
    --------
    >>> counted(1, "file"), counted(2_000, "row")
    ('1 file', '2,000 rows')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
