"""What was judged before: the evaluation in a bundle, and those that `evaluate` wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnscope.config.identity import config_hash
from churnscope.config.models import Config
from churnscope.decisions import ProfitFigures
from churnscope.evaluation.figures import Evaluation
from churnscope.evaluation.grade import Grade
from churnscope.evaluation.leak_audit import Finding
from churnscope.files import file_sha256
from churnscope.operations.output_set import OutputSet
from churnscope.project.results import iso
from churnscope.reports.findings import Judged
from churnscope.timeline import cutoff_named

FIGURES = "evaluation.json"


@dataclass(frozen=True)
class PastFold:
    """A cutoff of a backtest; `newcomers` judges customers never trained on, None where there were none."""

    cutoff: int
    evaluation: Evaluation
    newcomers: Evaluation | None


@dataclass(frozen=True)
class Past:
    """An evaluation, its backtest, and the hash of the file they stand in.

    Parameters
    ----------
    version : of the model that was judged.
    folds : rising by cutoff; empty where the backtest was left out.
    """

    cutoff: int
    version: str
    evaluation: Evaluation
    folds: tuple[PastFold, ...]
    sha256: str


def folds_of(past: Sequence[Past], version: str) -> tuple[PastFold, ...]:
    """The newest backtest of a model; empty where it has none."""
    return next((each.folds for each in reversed(past) if each.version == version and each.folds), ())


def past_evaluations(folder: Path, config: Config, as_of: int) -> tuple[Past, ...]:
    """The evaluations under a folder that were made of this very config, as of the day or an earlier one; by cutoff.

    A file that is not as it was written is left out.
    """
    homes = sorted(folder.iterdir()) if folder.is_dir() else []
    return tuple(past for home in homes for past in _evaluation_in(home, config_hash(config), iso(as_of)))


def judged_in(figures: Mapping[str, Any]) -> Judged:
    """The judgement of a bundle's figures."""
    profit = ProfitFigures.from_json(figures["profit"]) if "profit" in figures else None
    return Judged(day_of(figures["cutoff"]), Evaluation.from_json(figures["evaluation"]), Grade(**figures["grade"]), profit)


def audited_in(figures: Mapping[str, Any]) -> tuple[Finding, ...] | None:
    """What a leak audit found when a bundle was trained; None where it was not asked."""
    found = figures.get("leak_audit")
    return None if found is None else tuple(Finding(**each) for each in found)


def day_of(text: str) -> int:
    """The day number of an ISO date, or the part of the customers that a cutoff is."""
    return cutoff_named(text)


def _evaluation_in(home: Path, config: str, as_of: str) -> Iterator[Past]:
    manifest, path = OutputSet(home, (FIGURES,)).read(), home / FIGURES
    if manifest is None or manifest.facts.config != config or manifest.facts.as_of > as_of:
        return
    entry = manifest.files.get(FIGURES)
    if entry is not None and path.is_file() and file_sha256(path) == entry.sha256:
        document = json.loads(path.read_bytes())
        yield Past(
            cutoff=day_of(document["cutoff"]),
            version=manifest.facts.model.get("version", ""),
            evaluation=Evaluation.from_json(document["evaluation"]),
            folds=tuple(map(_fold, document.get("backtest", ()))),
            sha256=entry.sha256,
        )


def _fold(written: Mapping[str, Any]) -> PastFold:
    new = written["newcomers"]
    evaluation = Evaluation.from_json(written["evaluation"])
    return PastFold(day_of(written["cutoff"]), evaluation, None if new is None else Evaluation.from_json(new))
