"""What a config says of processes, key events and occasions."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from churnscope.config.fields import Days, Name, Section, Text


class Step(Section):
    """A step of a process: rows of a source, or another time or a mark of the row of the first step."""

    name: Text | None = None  # of the step; default: `at`, `where` or the source
    source: Name | None = None  # whose rows are the step; absent: the row of the first step tells it
    where: str | None = None  # a flag or signal: only rows where it is true
    at: str | None = None  # a further time of the row, as resolved, due or paid; default: the row's own

    @property
    def word(self) -> str:
        """What the step is called."""
        return self.name or self.at or self.where or self.source or ""


class Process(Section):
    """Something customers go through with us, step by step."""

    steps: Annotated[tuple[Step, ...], Field(min_length=2)]
    fails: Step | None = None  # what ends it badly
    within_days: Days | None = None  # not finished by then is a failure too
    by: str | None = None  # a column all steps' rows carry: rows of one customer with the same value belong together

    @model_validator(mode="after")
    def _first_step_has_rows(self) -> Process:
        if self.steps[0].source is None:
            raise ValueError("the first step needs a source")
        for step in (*self.steps[1:], *([self.fails] if self.fails else [])):
            if step.source is None and step.at is None and step.where is None:
                raise ValueError("a later step needs a source, or at or where of the first step's row")
        if len(set(self.all_steps)) < len(self.all_steps):
            raise ValueError("two steps are the same")
        return self

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps, and what fails."""
        return (*self.steps, *([self.fails] if self.fails else []))


class Mark(Section):
    """Rows of a source."""

    source: Name
    where: str | None = None  # a flag or signal: only rows where it is true


class KeyEvents(Section):
    """After which events more or fewer customers leave."""

    days: Days = 30  # an event counts at a cutoff when it happened in the last so many days
    events: dict[Name, Mark] = Field(default_factory=dict)  # beside those that are found


class Occasion(Section):
    """A day that is a reason to get in touch."""

    source: Name
    column: str  # a date of a customer, or a further time of a row of events
    yearly: bool = True  # it comes again every year; 29 February on 28 February of other years
    days: Days = 30  # so many days ahead it counts as near
