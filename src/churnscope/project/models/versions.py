"""What `models` answers: versions of a model, one of them in full, two compared, and which one serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from churnscope.evaluation.figures import Evaluation
from churnscope.evaluation.grade import Grade
from churnscope.evaluation.intervals import Estimate
from churnscope.project.results import Summarised, Tracking, iso
from churnscope.reports.wording import counted


@dataclass(frozen=True)
class Version:
    """A saved model in a line.

    Parameters
    ----------
    as_of : first day it did not read, as a date.
    marks : which of the words champion and latest mean it.
    cutoff : the test cutoff, as a date; empty where the bundle is damaged, as are the figures.
    stands_in : the simple rule it consists of; empty for a model.
    damage : why it cannot be used; empty where it can.
    """

    version: str
    as_of: str
    marks: tuple[str, ...] = ()
    cutoff: str = ""
    auroc: float | None = None
    log_loss: float | None = None
    grade: str = ""
    stands_in: str = ""
    damage: str = ""


@dataclass(frozen=True, repr=False)
class VersionList(Summarised):
    """Every version of a model, oldest as-of day first, and the champions before the present one, oldest first."""

    name: str
    versions: tuple[Version, ...]
    before: tuple[str, ...]

    @property
    def summary(self) -> str:
        """What came out."""
        serving = next((each.version for each in self.versions if "champion" in each.marks), None)
        serves = "none serves" if serving is None else f"{serving} serves as champion"
        return f"{counted(len(self.versions), 'saved versions')} of {self.name}; {serves}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "" if self.versions else "Next: project.train()"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"name": self.name, "versions": [asdict(each) for each in self.versions], "before": list(self.before)}


@dataclass(frozen=True, repr=False)
class VersionDetails(Summarised):
    """A saved model in full.

    Parameters
    ----------
    split : cutoffs by use, as dates.
    features : how many it reads; `dropped` with reason are those it was not given.
    recipe : what orders the customers.
    corrections : of the probabilities that were kept.
    evaluation, grade : of its twin, at the test cutoff.
    """

    name: str
    version: str
    as_of: int
    marks: tuple[str, ...]
    recipe: str
    corrections: tuple[str, ...]
    split: Mapping[str, tuple[str, ...]]
    features: int
    dropped: Mapping[str, str]
    baselines: tuple[str, ...]
    cutoff: str
    evaluation: Evaluation
    grade: Grade

    @property
    def summary(self) -> str:
        """What came out."""
        marks = f" ({', '.join(self.marks)})" if self.marks else ""
        return f"{self.name} {self.version}{marks}, {self.recipe} of {counted(self.features, 'features')}: {self.grade.text}"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        plain = {key: getattr(self, key) for key in ("name", "version", "recipe", "features", "cutoff")}
        return plain | {
            "as_of": iso(self.as_of),
            "marks": list(self.marks),
            "corrections": list(self.corrections),
            "split": {use: list(days) for use, days in self.split.items()},
            "dropped": dict(self.dropped),
            "baselines": list(self.baselines),
            "evaluation": self.evaluation.to_json(),
            "grade": self.grade.to_json(),
        }


@dataclass(frozen=True, repr=False)
class Comparison(Summarised):
    """Two versions at the newest complete cutoff, which neither has learned from.

    Parameters
    ----------
    evaluation : of both on the same customers.
    differences : by metric, the first minus the second, with the interval of the paired difference.
    verdict : in a sentence.
    """

    name: str
    one: str
    other: str
    cutoff: int
    evaluation: Evaluation
    differences: Mapping[str, Estimate]
    verdict: str

    @property
    def summary(self) -> str:
        """What came out."""
        return f"{self.name} {self.one} and {self.other} at {iso(self.cutoff)}: {self.verdict}"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "one": self.one,
            "other": self.other,
            "cutoff": iso(self.cutoff),
            "evaluation": self.evaluation.to_json(),
            "verdict": self.verdict,
        }


@dataclass(frozen=True, repr=False)
class Served(Summarised):
    """The champion after a change, the one before, why, and where the change was logged."""

    name: str
    version: str
    before: str | None
    reason: str
    tracking: Tracking = field(default_factory=Tracking)

    @property
    def summary(self) -> str:
        """What came out."""
        return f"Champion of {self.name}: {self.version} ({self.reason})"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "Next: project.score()"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)
