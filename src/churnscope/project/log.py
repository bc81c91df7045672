"""What is logged of a training, an evaluation or a change of the champion: figures, settings, models, never a customer."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from types import MappingProxyType
from typing import Any

from churnscope.config.identity import definition
from churnscope.config.models import Config
from churnscope.errors import ServiceError
from churnscope.evaluation.backtest import Fold
from churnscope.evaluation.leak_audit import Finding, in_short
from churnscope.features import FeatureSpec
from churnscope.model.bundle import Bundle, champion, read_bundle, resolve, saved_files
from churnscope.operations.run import RunFacts, RunRecord
from churnscope.project.models.judging import Judgement
from churnscope.project.models.past import judged_in
from churnscope.project.models.saved import model_name
from churnscope.project.models.subjects import Described
from churnscope.project.models.versions import Served
from churnscope.project.results import SyncResult, Tracking, fold_json, iso
from churnscope.project.session import Folders
from churnscope.reports.charts import calibration_chart, decile_chart, gains_chart
from churnscope.reports.money_charts import profit_chart
from churnscope.tracking import LoggedRun, SavedModel, Tracker, flat_metrics

DESCRIPTION = "mlflow.note.content"  # what a run's page says above everything else
_NOT_IN_KEYS = re.compile(r"[^\w.:/ -]")  # MLflow refuses them


def pictures(verdict: Judgement) -> dict[str, bytes]:
    """The pictures of an evaluation as SVG, by file name."""
    charts = {"calibration": calibration_chart, "gains": gains_chart, "deciles": decile_chart}
    drawings = {f"{name}.svg": chart(verdict.evaluation) for name, chart in charts.items()}
    return drawings if verdict.profit is None else drawings | {"profit.svg": profit_chart(verdict.profit)}


def logged_run(
    config: Config,
    facts: RunFacts,
    verdict: Judgement,
    started_ms: int,
    *,
    bundle: Bundle | Described,
    folds: Sequence[Fold] = (),
    findings: Sequence[Finding] | None = None,
    written: Sequence[str] = (),
    drawings: Mapping[str, bytes] = MappingProxyType({}),
) -> LoggedRun:
    """A training or evaluation as the tracker takes it.

    Parameters
    ----------
    bundle : the model that was judged; an evaluation is shown below its training.
    folds : of a backtest, runs below this one and steps of its `backtest/` metrics.
    findings : of a leak audit; None where none was made.
    written : versions of models that the run wrote.
    drawings : as `pictures` draws them.
    """
    money = {} if verdict.profit is None else verdict.profit.metrics()
    metrics, key = flat_metrics(verdict.evaluation) | money, f"{facts.command}:{facts.run_id}:{started_ms}"
    return LoggedRun(
        key=key,
        name=f"{facts.command} {bundle.version}",
        started_ms=started_ms,
        params=_params(config, bundle),
        steps={name: {_step(verdict.cutoff): value} for name, value in metrics.items()} | _backtest_steps(folds),
        children=tuple(_logged_fold(fold, key, started_ms) for fold in folds),
        below="" if written or isinstance(bundle, Described) else f"{bundle.name}:{bundle.version}",
        tags={
            "command": facts.command,
            "run_id": facts.run_id,
            "as_of": facts.as_of,
            "cutoff": iso(verdict.cutoff),
            "model": bundle.name,
            "model_version": bundle.version,
            "grade": verdict.grade.text,
            "predicted": config.prediction.of,
            **({} if findings is None else {"leak_audit": in_short(findings)}),
            "config_hash": facts.config,
            "definition_hash": definition_hash(bundle),
            "data_fingerprint": hashlib.sha256("\n".join(sorted(facts.inputs.values())).encode()).hexdigest(),
            DESCRIPTION: f"Grade: {verdict.grade.text}. {verdict.grade.reason}",
        },
        artifacts={
            "config.json": _json(definition(config)),
            "definition.json": _json(dict(bundle.definition)),
            "data.json": _json(dict(facts.inputs)),
            "evaluation.json": _json(verdict.evaluation.to_json()),
            "grade.json": _json(verdict.grade.to_json()),
            **({} if findings is None else {"leak_audit.json": _json([finding.to_json() for finding in findings])}),
            "features.json": _json({"features": list(map(asdict, bundle.specs)), "dropped": dict(bundle.dropped)}),
            "features.csv": _catalogue(bundle),
            **{f"pictures/{name}": content for name, content in drawings.items()},
        },
        inputs=facts.inputs,
        models=tuple(saved_model(config, version) for version in written),
    )


def champion_run(config: Config, command: str, served: Served) -> LoggedRun:
    """A change of the champion, by hand, as the tracker takes it."""
    started_ms = time.time_ns() // 1_000_000
    tags = {"command": command, "model": served.name, "model_version": served.version, "reason": served.reason}
    return LoggedRun(
        key=f"{command.replace(' ', '_')}:{served.version}:{started_ms}",
        name=f"{command} {served.version}",
        started_ms=started_ms,
        tags=tags | {"before": served.before or "", DESCRIPTION: f"Champion: {served.version}, {served.reason}."},
        below=f"{served.name}:{served.version}",
        models=(saved_model(config, served.version),),
    )


def saved_model(config: Config, version: str) -> SavedModel:
    """A written version as the tracker takes it."""
    folder = resolve(Folders.of(config).models, model_name(config), version)
    bundle = read_bundle(folder)
    grade = judged_in(bundle.figures).grade
    tags = {
        "as_of": iso(bundle.as_of),
        "definition_hash": definition_hash(bundle),
        "grade": grade.text,
        "recipe": bundle.stands_in or ("logistic regression" if bundle.small else "boosted trees"),
    }
    return SavedModel(
        name=bundle.name,
        version=bundle.version,
        files=saved_files(folder),
        features=tuple(spec.name for spec in bundle.specs),
        tags=tags,
        description=f"{version}. Grade: {grade.text}. {grade.reason}",
    )


def definition_hash(bundle: Bundle | Described) -> str:
    """SHA-256 of what is predicted, of whom and when: equal for models that answer the same question."""
    asked = {key: value for key, value in bundle.definition.items() if key != "split"}
    return hashlib.sha256(json.dumps(asked, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _params(config: Config, bundle: Bundle | Described) -> dict[str, str]:
    """Every key of the config that decides figures, one by one so that runs can be compared, and the size of the model."""
    settings = {key: value for key, value in definition(config).items() if key != "sources"}
    sizes = {"features": len(bundle.specs), "features_without_use": len(bundle.dropped)}
    return {_NOT_IN_KEYS.sub("_", key): text for key, text in _flat(settings)} | {name: str(n) for name, n in sizes.items()}


def _flat(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _flat(item, f"{key}.{name}" if key else str(name))
    else:
        yield key, value if isinstance(value, str) else json.dumps(value)


def _catalogue(bundle: Bundle | Described) -> bytes:
    """The catalogue as a table: MLflow's pages show it as one."""
    text = io.StringIO()
    table = csv.DictWriter(text, [each.name for each in fields(FeatureSpec)], lineterminator="\n")
    table.writeheader()
    table.writerows(map(asdict, bundle.specs))
    return text.getvalue().encode()


def _step(cutoff: int) -> int:
    """A cutoff as MLflow shows it beside its figures: 2024-02-28 is 20240228, part 3 is 3."""
    return int(iso(cutoff).removeprefix("part ").replace("-", ""))


def _backtest_steps(folds: Sequence[Fold]) -> dict[str, dict[int, float]]:
    """The model's figures at every cutoff of a backtest, by metric."""
    steps: dict[str, dict[int, float]] = {}
    for fold in folds:
        for metric, figure in fold.evaluation.model.metrics.items():
            steps.setdefault(f"backtest/{metric}", {})[_step(fold.cutoff)] = figure.value
    return steps


def _logged_fold(fold: Fold, key: str, started_ms: int) -> LoggedRun:
    newcomers = {} if fold.newcomers is None else flat_metrics(fold.newcomers)
    return LoggedRun(
        key=f"{key}:{iso(fold.cutoff).replace(' ', '-')}",
        name=f"fold {iso(fold.cutoff)}",
        started_ms=started_ms,
        metrics=flat_metrics(fold.evaluation) | {f"newcomers/{name}": value for name, value in newcomers.items()},
        tags={"command": "backtest", "cutoff": iso(fold.cutoff)},
        artifacts={"fold.json": _json(fold_json(fold))},
    )


def track(config: Config, run: LoggedRun, record: RunRecord) -> Tracking:
    """Log the run, note it in the ledger, and say where it can be looked at."""
    tracked = _tracker(config).log(run)
    record.tracking = {name: text for name, text in asdict(tracked).items() if text}
    return Tracking(tracked.run_id, tracked.look, tracked.reason)


def sync(config: Config) -> SyncResult:
    """Send what is left in the outbox.

    Raises
    ------
    ServiceError : when something is left even so, and the config says that tracking is required.
    """
    sent = _tracker(config).sync()
    left = [run.reason for run in sent if run.state == "pending"]
    if left and config.tracking.required:
        raise ServiceError(
            f"{len(left)} of {len(sent)} runs are still waiting: {left[0]}", "Run `churnscope sync` again later."
        )
    return SyncResult(tuple(Tracking(run.run_id, run.look, run.reason) for run in sent))


def _tracker(config: Config) -> Tracker:
    folders = Folders.of(config)
    return Tracker(config.tracking, folders.outputs, config.name, serving=lambda name: champion(folders.models, name))


def _json(document: object) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()
