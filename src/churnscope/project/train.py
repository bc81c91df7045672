"""`train`: snapshots at every complete cutoff, the recipe, the verdict of the newest cutoff, a bundle."""

from __future__ import annotations

import time

from churnscope.config.identity import definition
from churnscope.config.models import Config
from churnscope.model.bundle import Bundle, champion, definition_of, promote, write_bundle
from churnscope.model.training import Trained
from churnscope.model.training import train as fit
from churnscope.operations.logs import Progress
from churnscope.operations.run import recorded
from churnscope.project.days import training_split
from churnscope.project.judging import Judgement, baseline_fitters, judge
from churnscope.project.log import logged_run, track
from churnscope.project.models import feature_plan, model_name, snapshot_plan
from churnscope.project.promotion import Promotion, may_become_champion
from churnscope.project.results import TrainResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.snapshots import SnapshotPlan, build_snapshots
from churnscope.timeline import Split


def train(config: Config, as_of: int | None, progress: Progress, *, promote: bool) -> TrainResult:
    """Train, judge and save a model; `Project.train` says more."""
    folders, started_ms = Folders.of(config), time.time_ns() // 1_000_000
    with recorded(folders.ledger, "train") as record, loaded_data(config, as_of, progress) as loaded:
        facts = facts_of("train", config, loaded)
        record.run_id, record.as_of = facts.run_id, facts.as_of
        split = training_split(config, loaded.first_day, loaded.as_of)
        plan = snapshot_plan(config, loaded, split.all)
        customers = loaded.n_customers
        table = build_snapshots(loaded.blocks(), plan, progress=lambda done: progress("features", done, customers))
        progress("training", 0, 1)
        trained = fit(table, split, config.model, fitters=baseline_fitters(config))
        progress("training", 1, 1)
        verdict = judge(config, trained.evaluation, table, split.test[0])
        bundle = _bundle(config, plan, split, trained, verdict)
        folder = write_bundle(folders.models, bundle)
        promotion = _promote(config, folders, folder.name, verdict, asked=promote)
        record.counts = {"snapshots": trained.rows, "churned_customers": trained.churned_customers}
        record.outputs = [str(folder)]
        tracking = track(config, logged_run(config, facts, verdict, started_ms, folder.name), record)
    return TrainResult(
        name=bundle.name,
        version=folder.name,
        folder=folder,
        as_of=loaded.as_of,
        split=split,
        rows=trained.rows,
        churned=int((table.churned == 1).sum()),
        rounds=trained.rounds,
        features=len(plan.specs),
        evaluation=verdict.evaluation,
        grade=verdict.grade,
        promoted=promotion.granted,
        promotion=promotion.reason,
        tracking=tracking,
    )


def _bundle(config: Config, plan: SnapshotPlan, split: Split, trained: Trained, verdict: Judgement) -> Bundle:
    return Bundle(
        name=model_name(config),
        as_of=plan.as_of,
        final=trained.final,
        evaluation=trained.evaluation,
        small=trained.small,
        dropped=trained.dropped,
        profile=trained.profile,
        plan=feature_plan(plan),
        config=definition(config),
        definition=definition_of(config, split),
        figures={"cutoff": iso(verdict.cutoff), "evaluation": verdict.evaluation.to_json(), "grade": verdict.grade.to_json()},
    )


def _promote(config: Config, folders: Folders, version: str, verdict: Judgement, *, asked: bool) -> Promotion:
    """Make the version the champion where it was asked for and the gate is open."""
    name = model_name(config)
    present = champion(folders.models, name)
    decision = may_become_champion(verdict.grade, present, small_allowed=config.model.allow_small)
    if asked and decision.granted:
        promote(folders.models, name, version)
        return decision
    return decision if asked else Promotion(granted=False, reason="not asked for")
