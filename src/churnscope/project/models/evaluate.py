"""`evaluate`: a saved model at the newest complete cutoff it never saw."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import BinaryIO

from churnscope.config.models import Config
from churnscope.evaluation.backtest import Fold
from churnscope.operations.logs import Progress
from churnscope.operations.looks import looked_at
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import RunFacts, recorded
from churnscope.project.days import backtest_splits, complete_cutoffs, newest_cutoff
from churnscope.project.log import logged_run, pictures, track
from churnscope.project.models.backtesting import Backtesting
from churnscope.project.models.dividing import built, built_at
from churnscope.project.models.judging import Judgement, figures_of, judge
from churnscope.project.models.saved import load_model
from churnscope.project.models.subjects import Own, Saved
from churnscope.project.money.worth import worth_if_kept
from churnscope.project.results import EvaluateResult, LabelSaid, fold_json, iso
from churnscope.project.session import Folders, facts_of, loaded_data


def evaluate(config: Config, as_of: int | None, progress: Progress, *, model: str, backtest: bool = True) -> EvaluateResult:
    """Judge a saved model, or a classifier of one's own; `Project.evaluate` says more."""
    folders, started_ms = Folders.of(config), time.time_ns() // 1_000_000
    with recorded(folders.ledger, "evaluate") as record:
        subject = Saved(load_model(config, model)) if config.model.estimator is None else Own.of(config)
        with loaded_data(config, as_of, progress) as loaded:
            options = {"backtest": str(backtest).lower()}
            facts = facts_of("evaluate", config, loaded, model=subject.facts, options=options)
            record.run_id, record.as_of = facts.run_id, facts.as_of
            cutoff = newest_cutoff(config, loaded)
            splits = backtest_splits(config, loaded) if backtest else ()
            cutoffs = complete_cutoffs(config, loaded) if backtest else (cutoff,)
            plan = subject.plan(config, loaded, built_at(cutoffs, loaded))
            table = built(config, loaded, plan, progress)
            worth = worth_if_kept(config, loaded, cutoff, progress)
        backtesting = Backtesting(config, subject.bundle, table, loaded.as_of, progress)
        if splits and not config.has_days:
            (verdict, folds), through = backtesting.cross_validation(splits), loaded.as_of
        else:
            predictor, through = subject.unseen(config, table, cutoff, plan.timing)
            verdict, folds = judge(config, predictor, table, cutoff, worth), backtesting.folds(splits)
        looks = looked_at(folders.looks, {iso(day) for day in (verdict.cutoff, *(fold.cutoff for fold in folds))}, facts.run_id)
        counts = {
            "rows": verdict.evaluation.rows,
            "churned": verdict.evaluation.churned,
            "unlabelled": table.unlabelled(cutoff),
        }
        drawings = pictures(verdict)
        contents = {"evaluation.json": _document(config, verdict, folds), **drawings}
        outputs = _write(config, facts, verdict.cutoff, contents, counts)
        record.counts = counts
        record.outputs = [str(outputs.folder / name) for name in outputs.names]
        name, version = subject.facts["name"], subject.facts["version"]
        described = subject.described(config, table, cutoff, plan.timing)
        run = logged_run(config, facts, verdict, started_ms, bundle=described, folds=folds, drawings=drawings)
        tracking = track(config, run, record)
    return EvaluateResult(
        name=name,
        version=version,
        as_of=loaded.as_of,
        cutoff=verdict.cutoff,
        trained_through=through,
        evaluation=verdict.evaluation,
        grade=verdict.grade,
        profit=verdict.profit,
        looks=looks[iso(verdict.cutoff)],
        label=LabelSaid.of(config),
        unlabelled=counts["unlabelled"],
        backtest=folds,
        outputs=tuple(outputs.folder / name for name in outputs.names),
        tracking=tracking,
    )


def _document(config: Config, verdict: Judgement, folds: Sequence[Fold]) -> bytes:
    """Figures of the cutoff and of the backtest as JSON."""
    label = {"label": asdict(LabelSaid.of(config))}
    document = {**figures_of(verdict), **label, "backtest": [fold_json(fold) for fold in folds]}
    return (json.dumps(document, indent=2, sort_keys=True) + "\n").encode()


def _write(config: Config, facts: RunFacts, cutoff: int, contents: Mapping[str, bytes], counts: Mapping[str, int]) -> OutputSet:
    """Figures and pictures as one output set."""
    home = Folders.of(config).predictions / "evaluation" / iso(cutoff).replace(" ", "-")
    outputs = OutputSet(home, tuple(contents))
    with outputs.held():
        if not outputs.is_intact(facts.run_id):
            writers = {name: _writer(content) for name, content in contents.items()}
            outputs.write(facts, writers, counts)
    return outputs


def _writer(content: bytes) -> Writer:
    def write(stream: BinaryIO) -> int:
        stream.write(content)
        return 1

    return write
