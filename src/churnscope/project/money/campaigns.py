"""What `campaign report` answers: by campaign its lists, both arms, and what calling changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.decisions.campaign import HARMED, LEAST_P, NOT_AS_DRAWN, UNKNOWN, WORKED, Effect
from churnscope.project.results import WithRows, iso, near
from churnscope.reports.wording import counted

if TYPE_CHECKING:
    from churnscope.project.frames import Frame


@dataclass(frozen=True)
class ListJudged:
    """A list of a campaign.

    Parameters
    ----------
    as_of : the day it was made for.
    is_complete : whether its outcome is known; one that is not is left out.
    called, control : its lines of each arm.
    with_outcome : lines of which a result came back.
    """

    list_id: str
    as_of: str
    is_complete: bool
    called: int
    control: int
    with_outcome: int


@dataclass(frozen=True)
class CampaignFigures:
    """A campaign over the lists whose outcome is known.

    Parameters
    ----------
    campaign : its name.
    lists : the oldest first.
    effect : None where no list's outcome is known yet.
    results : lines to be called of these lists, by what came of the last call; `without_result` among them.
    not_in_data : customers of these lists who are in no source any more; left out.
    unlabelled : customers to be called and of control whose outcome the label leaves out, or whose label is not there.
    notes : what to know before using the numbers.
    """

    campaign: str
    lists: tuple[ListJudged, ...]
    effect: Effect | None
    results: Mapping[str, int]
    not_in_data: int
    unlabelled: tuple[int, int]
    notes: tuple[str, ...]

    @property
    def judged(self) -> tuple[ListJudged, ...]:
        """The lists whose outcome is known."""
        return tuple(each for each in self.lists if each.is_complete)

    @property
    def verdict(self) -> str:
        """What can be said of the calls, in a sentence or two."""
        return "No list's outcome is known yet." if self.effect is None else _sentence(self.effect)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            **asdict(self),
            "lists": [asdict(each) for each in self.lists],
            "effect": None if self.effect is None else self.effect.to_json(),
            "unlabelled": list(self.unlabelled),
            "notes": list(self.notes),
            "verdict": self.verdict,
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> CampaignFigures:
        """What `to_json` wrote."""
        parts = {
            "lists": tuple(ListJudged(**each) for each in saved["lists"]),
            "effect": None if saved["effect"] is None else Effect.from_json(saved["effect"]),
            "unlabelled": tuple(saved["unlabelled"]),
            "notes": tuple(saved["notes"]),
        }
        return cls(**{name: value for name, value in (saved | parts).items() if name != "verdict"})  # type: ignore[operator]


@dataclass(frozen=True, repr=False)
class CampaignResult(WithRows):
    """A written campaign report.

    Parameters
    ----------
    campaigns : by name.
    was_done : whether the very same run had been done before and its files were intact: nothing was written.
    """

    name: str
    as_of: int
    run_id: str
    horizon_days: int
    campaigns: tuple[CampaignFigures, ...]
    outputs: tuple[Path, ...]
    manifest: Path
    was_done: bool

    @property
    def summary(self) -> str:
        """What came out."""
        if len(self.campaigns) == 1:
            return f"{self.campaigns[0].campaign} as of {iso(self.as_of)}: {self.campaigns[0].verdict}"
        return f"{counted(len(self.campaigns), 'campaigns')} as of {iso(self.as_of)}: {near(self.outputs[0])}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "The figures: to_pandas(), to_arrow(), to_polars()"

    def frame(self) -> Frame:
        """A row per campaign and measure, as written.

        Raises
        ------
        StorageError : when the file is gone or cannot be read.
        """
        from churnscope.operations.exports import read_export
        from churnscope.project.frames import Frame

        return Frame(read_export(self.outputs[0]), "a measure of a campaign")

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "as_of": iso(self.as_of),
            "run_id": self.run_id,
            "horizon_days": self.horizon_days,
            "campaigns": [each.to_json() for each in self.campaigns],
            "outputs": [str(path) for path in self.outputs],
            "manifest": str(self.manifest),
            "was_done": self.was_done,
        }


def _sentence(effect: Effect) -> str:
    called, control, retention = effect.called.customers, effect.control.customers, effect.retention
    if effect.verdict == UNKNOWN and called:
        return "Effect unknown: there is no control group. Let the next lists hold some customers back by chance."
    if effect.verdict == UNKNOWN:
        return "Effect unknown: nobody was to be called."
    if effect.verdict == NOT_AS_DRAWN:
        return (
            f"Effect not told: of {counted(called + control, 'customers')} {control:,} are in control; drawing as planned "
            f"gives that less than once in {round(1 / LEAST_P):,} times. Find out who went missing, or was moved."
        )
    assert retention is not None
    points, between = f"{100 * abs(retention.value):.1f} points", f"{100 * retention.low:+.1f} to {100 * retention.high:+.1f}"
    said = {
        WORKED: f"Calling kept customers: retention is {points} higher than in control ({between}).",
        HARMED: f"Calling cost customers: retention is {points} lower than in control ({between}).",
    }
    return said.get(effect.verdict, f"Cannot tell: the effect on retention may be anything from {between} points.")
