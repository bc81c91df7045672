"""What the steps answer that look at data: check, audit, catalog, features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from churnscope.evaluation.leak_audit import Finding
from churnscope.features import FeatureSpec
from churnscope.project.results.summarised import Summarised, iso, near
from churnscope.reports.wording import counted
from churnscope.sources.report import SourceReport


@dataclass(frozen=True, repr=False)
class CheckResult(Summarised):
    """What is in the sources, and whether it is enough.

    Parameters
    ----------
    as_of : first day that is not read.
    complete_through : last day on which the data are whole.
    reports : one per source.
    cutoffs : complete cutoffs that training would use, rising.
    advice : what to do, most urgent first.
    quarantine : folder of the files of quarantined rows; None where there are none.
    """

    as_of: int
    complete_through: int
    reports: tuple[SourceReport, ...]
    cutoffs: tuple[int, ...]
    advice: tuple[str, ...]
    quarantine: Path | None

    @property
    def summary(self) -> str:
        """What came out."""
        used, rows = sum(report.used for report in self.reports), sum(report.rows_in for report in self.reports)
        cutoffs = counted(len(self.cutoffs), "cutoffs")
        return f"{used:,} of {rows:,} rows are used; {cutoffs} to train on, as of {iso(self.as_of)}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return self.advice[0] if self.advice else "Next: project.train()"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "as_of": iso(self.as_of),
            "complete_through": iso(self.complete_through),
            "sources": [_report(report) for report in self.reports],
            "cutoffs": [iso(cutoff) for cutoff in self.cutoffs],
            "advice": list(self.advice),
            "quarantine": None if self.quarantine is None else str(self.quarantine),
        }


@dataclass(frozen=True, repr=False)
class AuditResult(Summarised):
    """What the leak audit found.

    Parameters
    ----------
    findings : leaks first, accepted ones last.
    unchecked : by column without history, why nobody can tell whether it is as of today.
    snapshots, features : of the table that training would learn from.
    customers, cutoffs : whose features were built again with another future.
    compared_with : by source, the day of the run whose past the present one is compared with.
    renewed : whether the past as it is now is what later runs are compared with, whatever was found.
    """

    name: str
    as_of: int
    findings: tuple[Finding, ...]
    snapshots: int
    features: int
    customers: int
    cutoffs: tuple[int, ...]
    compared_with: Mapping[str, int]
    renewed: bool = False
    unchecked: Mapping[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """What came out."""
        found = [finding for finding in self.findings if finding.is_open]
        said = counted(len(found), "findings") if found else "no leak found"
        looked_at = f"{counted(self.features, 'features')} at {counted(len(self.cutoffs), 'cutoffs')}"
        return f"{said} in {looked_at}, as of {iso(self.as_of)}"

    @property
    def is_clean(self) -> bool:
        """Whether there is no finding that nobody has accepted."""
        return not any(finding.is_open for finding in self.findings)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "as_of": iso(self.as_of),
            "clean": self.is_clean,
            "findings": [finding.to_json() for finding in self.findings],
            "cannot_be_checked": dict(self.unchecked),
            "snapshots": self.snapshots,
            "features": self.features,
            "customers": self.customers,
            "cutoffs": [iso(cutoff) for cutoff in self.cutoffs],
            "compared_with": {source: iso(day) for source, day in self.compared_with.items()},
            "renewed": self.renewed,
        }


@dataclass(frozen=True, repr=False)
class CatalogResult(Summarised):
    """What the features of a config mean.

    Parameters
    ----------
    features : in the order of the matrix.
    families : name -> what the family tells.
    left_out : what is told of customers and is no feature, why, and what to do.
    """

    name: str
    features: tuple[FeatureSpec, ...]
    families: Mapping[str, str]
    left_out: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """What came out."""
        number = len({spec.family for spec in self.features})
        families = "1 family" if number == 1 else f"{number} families"
        return f"{counted(len(self.features), 'features')} in {families}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "Next: project.snapshots() builds them"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "features": [asdict(spec) for spec in self.features],
            "families": dict(self.families),
            "left_out": list(self.left_out),
        }


@dataclass(frozen=True, repr=False)
class FeaturesResult(Summarised):
    """A written snapshot table.

    Parameters
    ----------
    unlabelled : rows whose outcome is known, and that the kind of label leaves out.
    """

    name: str
    cutoffs: tuple[int, ...]
    rows: int
    features: tuple[FeatureSpec, ...]
    output: Path
    was_done: bool
    unlabelled: int = 0

    @property
    def summary(self) -> str:
        """What came out."""
        size = f"{counted(self.rows, 'snapshots')} of {counted(len(self.features), 'features')}"
        return f"{size} at {counted(len(self.cutoffs), 'cutoffs')}: {near(self.output)}"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "name": self.name,
            "cutoffs": [iso(cutoff) for cutoff in self.cutoffs],
            "rows": self.rows,
            "unlabelled": self.unlabelled,
            "features": len(self.features),
            "output": str(self.output),
            "was_done": self.was_done,
        }


def _report(report: SourceReport) -> dict[str, Any]:
    days = {
        name: None if day is None else iso(day)
        for name, day in (("first_day", report.first_day), ("last_day", report.last_day))
    }
    return asdict(report) | days
