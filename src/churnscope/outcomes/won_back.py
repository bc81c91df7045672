"""What the store keeps of winning customers back: who entered when, who got which step on which day, who answered what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from churnscope.outcomes.lines import ARMS


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A row of a customer's way: that they entered, or a step they got.

    Parameters
    ----------
    entered : the day on which they entered; with the customer it names the way.
    place : 0 of entering, then the number of the step.
    step : its name; empty of entering.
    arm : `callable`, or `control` of who is left alone, of whom there is the row of entering alone.
    probability, worth : of coming back and what that is expected to bring, as known when they entered; None: not known.
    """

    customer_id: str
    entered: date
    place: int
    day: date
    arm: str
    step: str = ""
    channel: str = ""
    offer: str = ""
    message: str = ""
    contact_cost: float = 0.0
    offer_cost: float = 0.0
    probability: float | None = None
    worth: float | None = None

    def __post_init__(self) -> None:
        if self.arm not in ARMS:
            raise ValueError(f"the arm of a row is one of {', '.join(ARMS)}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a customer answered on a day; one a day at most."""

    customer_id: str
    day: date
    answer: str


@dataclass(frozen=True)
class Ways:
    """All rows and answers of before a day, by customer and day."""

    steps: tuple[StepTaken, ...]
    answers: tuple[Answer, ...]

    @property
    def last_step(self) -> dict[str, date]:
        """By customer, the day of the newest step they got."""
        return {row.customer_id: row.day for row in sorted(self.steps, key=lambda row: row.day) if row.place}


Decide = Callable[[Ways], tuple[StepTaken, ...]]
"""From what was known before a day to the rows of the day."""
