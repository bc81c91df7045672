"""What is logged of a training or an evaluation: figures and settings, never a customer."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict

from churnscope.config.identity import definition
from churnscope.config.models import Config
from churnscope.evaluation.backtest import Fold
from churnscope.evaluation.leak_audit import Finding, in_short
from churnscope.operations.run import RunFacts, RunRecord
from churnscope.project.judging import Judgement
from churnscope.project.results import SyncResult, Tracking, fold_json, iso
from churnscope.project.session import Folders
from churnscope.reports.charts import calibration_chart, decile_chart, gains_chart
from churnscope.tracking import LoggedRun, Tracker, flat_metrics


def pictures(verdict: Judgement) -> dict[str, bytes]:
    """The pictures of an evaluation as SVG, by file name."""
    charts = {"calibration": calibration_chart, "gains": gains_chart, "deciles": decile_chart}
    return {f"{name}.svg": chart(verdict.evaluation) for name, chart in charts.items()}


def logged_run(
    config: Config,
    facts: RunFacts,
    verdict: Judgement,
    started_ms: int,
    *,
    version: str,
    folds: Sequence[Fold] = (),
    findings: Sequence[Finding] | None = None,
) -> LoggedRun:
    """A run as the tracker takes it; the folds of a backtest are runs below it and steps of its `backtest/` metrics.

    `findings` are those of a leak audit, None where none was made.
    """
    metrics, key = flat_metrics(verdict.evaluation), f"{facts.command}:{facts.run_id}:{started_ms}"
    return LoggedRun(
        key=key,
        name=f"{facts.command} {version}",
        started_ms=started_ms,
        params={key: json.dumps(value) for key, value in definition(config).items() if key != "sources"},
        steps={name: {verdict.cutoff: value} for name, value in metrics.items()} | _backtest_steps(folds),
        children=tuple(_logged_fold(fold, key, started_ms) for fold in folds),
        tags={
            "command": facts.command,
            "run_id": facts.run_id,
            "as_of": facts.as_of,
            "cutoff": iso(verdict.cutoff),
            "model_version": version,
            "grade": verdict.grade.text,
            **({} if findings is None else {"leak_audit": in_short(findings)}),
            "config_hash": facts.config,
            "data_fingerprint": ",".join(sorted(digest[:16] for digest in facts.inputs.values())),
        },
        artifacts={
            "config.json": _json(definition(config)),
            "evaluation.json": _json(verdict.evaluation.to_json()),
            "grade.json": _json(verdict.grade.to_json()),
            **({} if findings is None else {"leak_audit.json": _json([finding.to_json() for finding in findings])}),
            **{f"pictures/{name}": content for name, content in pictures(verdict).items()},
        },
    )


def _backtest_steps(folds: Sequence[Fold]) -> dict[str, dict[int, float]]:
    """The model's figures at every cutoff of a backtest, by metric."""
    steps: dict[str, dict[int, float]] = {}
    for fold in folds:
        for metric, figure in fold.evaluation.model.metrics.items():
            steps.setdefault(f"backtest/{metric}", {})[fold.cutoff] = figure.value
    return steps


def _logged_fold(fold: Fold, key: str, started_ms: int) -> LoggedRun:
    newcomers = {} if fold.newcomers is None else flat_metrics(fold.newcomers)
    return LoggedRun(
        key=f"{key}:{iso(fold.cutoff)}",
        name=f"fold {iso(fold.cutoff)}",
        started_ms=started_ms,
        metrics=flat_metrics(fold.evaluation) | {f"newcomers/{name}": value for name, value in newcomers.items()},
        tags={"command": "backtest", "cutoff": iso(fold.cutoff)},
        artifacts={"fold.json": _json(fold_json(fold))},
    )


def track(config: Config, run: LoggedRun, record: RunRecord) -> Tracking:
    """Log the run, note it in the ledger, and say where it can be looked at."""
    tracked = Tracker(config.tracking, Folders.of(config).outputs, config.name).log(run)
    record.tracking = {name: text for name, text in asdict(tracked).items() if text}
    return Tracking(tracked.run_id, tracked.look, tracked.reason)


def sync(config: Config) -> SyncResult:
    """Send what is left in the outbox."""
    sent = Tracker(config.tracking, Folders.of(config).outputs, config.name).sync()
    return SyncResult(tuple(Tracking(run.run_id, run.look, run.reason) for run in sent))


def _json(document: object) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
