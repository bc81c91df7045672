"""`train`: snapshots at every complete cutoff, the recipe, the verdict of the newest cutoff, a bundle."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from churnscope.config.identity import definition
from churnscope.config.models import Config
from churnscope.errors import ConfigError
from churnscope.model.bundle import Bundle, definition_of, write_bundle
from churnscope.model.bundle import promote as promote_version
from churnscope.model.training import Trained
from churnscope.model.training import train as fit
from churnscope.model.tuning import needs_optuna
from churnscope.operations.logs import Progress
from churnscope.operations.looks import looked_at
from churnscope.operations.run import recorded
from churnscope.project.data.attributes import left_out
from churnscope.project.data.audit import audited_table
from churnscope.project.days import backtest_splits, training_split
from churnscope.project.log import logged_run, pictures, track
from churnscope.project.models.backtesting import Backtesting
from churnscope.project.models.comparison import Ground
from churnscope.project.models.dividing import built_at
from churnscope.project.models.judging import Judgement, baseline_fitters, figures_of
from churnscope.project.models.promotion import Promotion, gate, has_champion_model, stand_in
from churnscope.project.models.saved import feature_plan, model_name, snapshot_plan, split_of
from churnscope.project.money.worth import worth_if_kept
from churnscope.project.results import LabelSaid, StandIn, TrainResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.snapshots import SnapshotPlan, SnapshotTable
from churnscope.timeline import Split

NOT_ASKED = Promotion(granted=False, reason="not asked for")


def train(config: Config, as_of: int | None, progress: Progress, *, promote: bool) -> TrainResult:
    """Train, judge and save a model; `Project.train` says more."""
    _refuse_what_cannot_be_trained(config)
    folders, started_ms = Folders.of(config), time.time_ns() // 1_000_000
    with recorded(folders.ledger, "train") as record, loaded_data(config, as_of, progress) as loaded:
        facts = facts_of("train", config, loaded)
        record.run_id, record.as_of = facts.run_id, facts.as_of
        split = training_split(config, loaded)
        plan = snapshot_plan(config, loaded, built_at(split.all, loaded))
        table, audit = audited_table(config, loaded, plan, split, progress)
        audit.refuse_leaks()
        progress("training", 0, 1)
        trained = fit(table, split, config.model, fitters=baseline_fitters(config))
        progress("training", 1, 1)
        worth = worth_if_kept(config, loaded, split.test[0], progress)
        backtesting = Backtesting(config, None, table, loaded.as_of, progress, {split: trained.evaluation}, worth)
        verdict = backtesting.verdict(split, backtest_splits(config, loaded))
        looks = looked_at(folders.looks, {iso(verdict.cutoff)}, facts.run_id)
        bundle = _bundle(config, plan, split, trained, {**figures_of(verdict), "leak_audit": audit.to_json()})
        folder = write_bundle(folders.models, bundle)
        audit.past.remember(all_sources=True)
        bundle = replace(bundle, version=folder.name)
        serving = _Serving(config, bundle, verdict, table)
        promotion, rule = serving.settle(Ground(config, loaded, progress)) if promote else (NOT_ASKED, None)
        record.counts = {"snapshots": trained.rows, "churned_customers": trained.churned_customers}
        record.counts["unlabelled"] = table.unlabelled(*split.all)
        record.outputs = [str(folder)]
        written = (folder.name,) if rule is None else (folder.name, rule.version)
        drawings = pictures(verdict) if config.tracking.enabled else {}  # else nobody would see them
        run = logged_run(
            config, facts, verdict, started_ms, bundle=bundle, findings=audit.findings, written=written, drawings=drawings
        )
        tracking = track(config, run, record)
    return TrainResult(
        name=bundle.name,
        version=folder.name,
        folder=folder,
        as_of=loaded.as_of,
        split=split,
        rows=trained.rows,
        churned=int((table.churned == 1).sum()),
        label=LabelSaid.of(config),
        unlabelled=table.unlabelled(*split.all),
        rounds=trained.rounds,
        tuned=trained.tuned,
        features=len(plan.specs),
        evaluation=verdict.evaluation,
        grade=verdict.grade,
        promoted=promotion.granted,
        promotion=promotion.reason,
        stand_in=rule,
        looks=looks[iso(verdict.cutoff)],
        findings=audit.findings,
        tracking=tracking,
        left_out=left_out(config, loaded),
    )


def _refuse_what_cannot_be_trained(config: Config) -> None:
    """Say so before any data are read."""
    needs_optuna(config.model)
    if config.model.estimator is not None:
        raise ConfigError(
            "[model] estimator: a saved model holds numbers and no code, so that a classifier of one's own cannot be saved.",
            "Judge it with `churnscope evaluate`; to train the model of churnscope, leave the key out.",
        )


def _bundle(config: Config, plan: SnapshotPlan, split: Split, trained: Trained, figures: Mapping[str, Any]) -> Bundle:
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
        figures=figures,
        tuned={} if trained.tuned is None else trained.tuned.to_json(),
    )


@dataclass(frozen=True)
class _Serving:
    """A written model that asks to be the champion, and what it was judged on."""

    config: Config
    bundle: Bundle
    verdict: Judgement
    table: SnapshotTable

    def settle(self, ground: Ground) -> tuple[Promotion, StandIn | None]:
        """Make the model the champion where the gate is open; where it is closed and no model serves, the best simple rule."""
        decision = self._asked(self.bundle, ground)
        if decision.granted or has_champion_model(self.config):
            return decision, None
        rule = stand_in(self.config, self.bundle, self.verdict, self.table)
        if rule is None:
            return decision, None
        rule = replace(rule, version=write_bundle(Folders.of(self.config).models, rule, latest=False).name)
        return decision, StandIn(rule.stands_in, rule.version) if self._asked(rule, ground).granted else None

    def _asked(self, candidate: Bundle, ground: Ground) -> Promotion:
        """What the gate says of a written bundle, which is the champion from then on where it is open."""
        (test,) = split_of(candidate).test
        decision = gate(self.config, candidate, lambda one, other: ground.compared(one, other, test, self.table))
        if decision.granted:
            promote_version(Folders.of(self.config).models, candidate.name, candidate.version)
        return decision
