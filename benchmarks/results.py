"""How good the models are on the example configs, as docs/results.md.

    python benchmarks/results.py        trains and backtests every config whose data are at hand, and writes the page

Definitions and marks were fixed before the test cutoffs were looked at. The page holds no clock: the same data, versions and
configs give the same page, but for the count of looks.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from math import isnan
from pathlib import Path

from churnscope import Project
from churnscope.config.load import load_config
from churnscope.errors import ConfigError
from churnscope.evaluation.figures import MODEL, Evaluation
from churnscope.evaluation.grade import is_better
from churnscope.evaluation.intervals import Estimate
from churnscope.operations.looks import looks_at
from churnscope.project.session import Folders
from churnscope.reports.wording import active_customers, churned_customers
from churnscope.timeline import date_of, is_part

TOP = Path(__file__).parents[1]
METRICS = {"auroc": "AUROC", "log_loss": "log loss", "ece": "ECE"}
DECIDING = ("auroc", "log_loss")
FIVE_PARTS = "five parts"  # of the customers, each judged by a model of the others, where no date divides them
RULES = ("base rate", "recency rule", "overdue ratio", "P0")


@dataclass(frozen=True)
class Mark:
    """What has to be reached at a cutoff, and what hand-made features with a tuned LightGBM reached there."""

    auroc: float
    log_loss: float
    reference: tuple[float, float]


@dataclass(frozen=True)
class Case:
    """A config as of a day, with what has to be seen there.

    Parameters
    ----------
    as_of : the first day that is not read; empty for the whole of the data.
    marks : by cutoff.
    ahead_at : cutoffs at which the model has to order customers better than each of `RULES`, with the whole paired interval.
    """

    config: str
    as_of: str
    marks: dict[str, Mark]
    ahead_at: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """The config file."""
        return TOP / "configs" / f"{self.config}.toml"


@dataclass(frozen=True)
class Judged:
    """A cutoff of a case."""

    cutoff: str
    evaluation: Evaluation
    looks: int = 0


CASES = (
    Case("online_retail", "", {"2011-09-10": Mark(0.772, 0.550, (0.777, 0.543))}),
    Case(
        "cdnow",
        "",
        {"1998-04-02": Mark(0.725, 0.586, (0.731, 0.583))},
        ahead_at=("1998-02-01", "1998-03-03", "1998-04-02"),
    ),
    Case("college_messages", "2004-08-31", {"2004-08-01": Mark(0.82, 0.47, (0.829, 0.461))}),
    Case("college_messages", "", {}),
    Case("telco_churn", "", {}),
    Case("megaline", "", {}),
    Case("ravenstack", "", {}),
    Case("telco_flat", "", {FIVE_PARTS: Mark(0.847, 0.412, (0.850, 0.411))}),
)


def main() -> None:
    """Measure, print how long it took, and write the page."""
    os.environ.setdefault("CHURNSCOPE__TRACKING__ENABLED", "false")
    parts, results = [], []
    for case in CASES:
        begun = time.monotonic()
        missing = absent(case)
        judged = () if missing else measured(case)
        parts.append(_skipped(case, missing) if missing else section(case, judged))
        results.append((case, judged))
        print(f"{case.config} {case.as_of}: {missing or f'{time.monotonic() - begun:.0f} seconds'}")
    (TOP / "docs" / "results.md").write_text("\n\n".join([HEAD, summary(results), *parts]) + "\n", encoding="utf-8")


def absent(case: Case) -> str:
    """Why a case cannot be measured here; empty where it can."""
    try:
        config = load_config(case.path)
    except ConfigError as error:
        return error.what
    files = [Path(file.path) for source in config.sources.values() for file in source.files]
    missing = [file.name for file in files if not file.exists()]
    return f"{missing[0]} is not there." if missing else ""


def measured(case: Case, *, backtest: bool = True) -> tuple[Judged, ...]:
    """The test cutoff, and before it the cutoffs of the backtest, oldest first."""
    project = Project(case.path)
    trained = project.train(case.as_of or None, promote=False)
    looks = Folders.of(project.config).looks
    cutoff = trained.split.test[0]
    if is_part(cutoff):
        return (Judged(FIVE_PARTS, trained.evaluation, looks_at(looks, date_of(trained.as_of).isoformat())),)
    judged = {cutoff: trained.evaluation}
    if backtest:
        result = project.evaluate(case.as_of or None, model=str(trained.folder))
        judged |= {fold.cutoff: fold.evaluation for fold in result.backtest}
    days = {cutoff: date_of(cutoff).isoformat() for cutoff in judged}
    return tuple(Judged(days[cutoff], judged[cutoff], looks_at(looks, days[cutoff])) for cutoff in sorted(judged))


def missed(case: Case, judged: tuple[Judged, ...]) -> list[str]:
    """What had to be seen and was not."""
    found = {each.cutoff: each.evaluation for each in judged}
    misses = [f"{cutoff} was not judged" for cutoff in sorted({*case.marks, *case.ahead_at} - set(found))]
    for cutoff, mark in case.marks.items():
        if cutoff in found:
            auroc, loss = (found[cutoff].model.metrics[metric].value for metric in DECIDING)
            misses += [f"{cutoff}: AUROC {auroc:.4f} below {mark.auroc}"] if not auroc >= mark.auroc else []
            misses += [f"{cutoff}: log loss {loss:.4f} above {mark.log_loss}"] if not loss <= mark.log_loss else []
    for cutoff in case.ahead_at:
        if cutoff in found:
            behind = [rule for rule in RULES if not is_better("auroc", found[cutoff].differences[rule]["auroc"])]
            misses += [f"{cutoff}: not ahead of {rule}" for rule in behind]
    return misses


HEAD = """\
# Results

Written by `make results`, which trains and backtests every config whose data are at hand.

Every model below had learned only from outcomes that were closed on the morning of its cutoff, and so had the simple
rules beside it. In brackets: 95 % intervals from resampled customers. A paired difference is the model minus the rule on
the same resampled customers; it is printed bold where the whole interval is on the better side. AUROC: 0.5 is chance, 1
perfect. Log loss and ECE (ten bins of equal size) are better when lower. *Looks* counts the runs on the measuring machine
that have seen the outcome of a cutoff."""

MARKS_LEAD = """\
The marks were set beforehand. The reference is what a careful data scientist's hand-made features with a tuned LightGBM reached
on the same customers; for `online_retail` with a shift of the log-odds learned from the cutoff a year earlier."""


def summary(results: list[tuple[Case, tuple[Judged, ...]]]) -> str:
    """The marks, the references, and what was reached."""
    rows = []
    for case, judged in results:
        found = {each.cutoff: each.evaluation.model.metrics for each in judged}
        for cutoff, mark in case.marks.items():
            for metric, least, reference in zip(DECIDING, (mark.auroc, mark.log_loss), mark.reference, strict=True):
                value = found[cutoff][metric].value if cutoff in found else float("nan")
                cells = (_verdict(metric, value, least), _verdict(metric, round(value, 3), reference))  # given so
                reached = "not measured" if isnan(value) else f"{value:.3f}"
                bound = "at least" if metric == "auroc" else "at most"
                rows.append((case.config, cutoff, METRICS[metric], reached, f"{bound} {least:.3f}", cells[0]))
                rows[-1] += (f"[{reference:.3f}]", cells[1])
    header = ("config", "cutoff", "metric", "reached", "mark", "", "reference", "")
    ahead = [line for case, judged in results for line in _ahead(case, judged)]
    return "\n\n".join(
        [
            "## Marks and references",
            MARKS_LEAD,
            _table(header, rows, words=(0, 1, 2, 5, 7)),
            *ahead,
        ]
    )


def section(case: Case, judged: tuple[Judged, ...]) -> str:
    """All figures of a case, the test cutoff first."""
    config = load_config(case.path)
    title = f"## {case.config}" + (f", as of {case.as_of}" if case.as_of else "")
    who = f"Active: {_lower(active_customers(config))} Churned: {_lower(churned_customers(config))}"
    return "\n\n".join([title, who, *(_cutoff(each, is_test=each is judged[-1]) for each in reversed(judged))])


def _cutoff(judged: Judged, *, is_test: bool) -> str:
    evaluation = judged.evaluation
    about = (
        f"{evaluation.customers:,} customers, base rate {evaluation.base_rate:.4f}; looks: {judged.looks}; "
        f"intervals from {evaluation.bootstraps} resamplings."
    )
    rows = [_row(name, evaluation) for name in (MODEL, *(name for name in evaluation.predictors if name != MODEL))]
    header = ("", *METRICS.values(), "AUROC: model minus it", "log loss: model minus it")
    return f"### {judged.cutoff}, {'test' if is_test else 'backtest'}\n\n{about}\n\n{_table(header, rows, words=(0,))}"


def _row(name: str, evaluation: Evaluation) -> tuple[str, ...]:
    figures = (_estimate(evaluation.predictors[name].metrics[metric]) for metric in METRICS)
    if name == MODEL:
        return (f"**{name}**", *figures, "", "")
    return (name, *figures, *(_difference(metric, evaluation.differences[name][metric]) for metric in DECIDING))


def _ahead(case: Case, judged: tuple[Judged, ...]) -> list[str]:
    """Whether the model is ahead where it has to be, in a sentence."""
    if not case.ahead_at or not judged:
        return []
    behind = [miss for miss in missed(case, judged) if "not ahead" in miss or "not judged" in miss]
    said = "missed (" + "; ".join(behind) + ")" if behind else "met"
    rules, days = f"{', '.join(RULES[:-1])} and {RULES[-1]}", ", ".join(case.ahead_at)
    return [f"`{case.config}` ahead of {rules} by AUROC, the paired interval above 0, at {days}: {said}."]


def _verdict(metric: str, value: float, bound: float) -> str:
    if isnan(value):
        return ""
    return "met" if (value >= bound if metric == "auroc" else value <= bound) else "missed"


def _estimate(figure: Estimate, sign: str = "") -> str:
    if isnan(figure.value):
        return "-"
    return f"{figure.value:{sign}.3f} [{figure.low:{sign}.3f}, {figure.high:{sign}.3f}]"


def _difference(metric: str, figure: Estimate) -> str:
    text = _estimate(figure, "+")
    return f"**{text}**" if is_better(metric, figure) else text


def _skipped(case: Case, reason: str) -> str:
    as_of = f" as of {case.as_of}" if case.as_of else ""
    return f"## {case.config}{as_of}\n\nSkipped: {reason} Where the data come from: `configs/{case.config}.toml`."


def _lower(sentence: str) -> str:
    return f"{sentence[:1].lower()}{sentence[1:]}"


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]], *, words: tuple[int, ...]) -> str:
    rule = tuple("---" if place in words else "---:" for place in range(len(header)))
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))


if __name__ == "__main__":
    main()
