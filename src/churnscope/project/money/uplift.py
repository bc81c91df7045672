"""`uplift`: learn on a randomised campaign whom its offers change, and rank the customers of a day by it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, InputError, nearest
from churnscope.levels import Level, named
from churnscope.operations.exports import export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import recorded
from churnscope.project.models.saved import snapshot_plan
from churnscope.project.money.assignments import Assignments, arm_source, read_assignments
from churnscope.project.money.customer_values import CustomerValues
from churnscope.project.money.uplifted import RETAINED, CampaignFigures, OfferFigures, UpliftResult
from churnscope.project.results import iso
from churnscope.project.session import Folders, facts_of, loaded_data, refuse_source_as_output
from churnscope.reports.uplift_chart import qini_chart
from churnscope.scoring import risk_order
from churnscope.snapshots import SnapshotPlan, SnapshotTable, build_snapshots
from churnscope.timeline import date_of
from churnscope.uplift import (
    KINDS,
    NO_OFFER,
    ArmRate,
    CrossFitted,
    Effects,
    Experiment,
    PolicyValue,
    arm_rates,
    assignment_auroc,
    best_offer,
    cross_fitted,
    net_gain,
    policy_values,
    refuse_predictable,
    refuse_small,
    riskiest,
    uplift_figures,
    uplift_settings,
)

FIGURES, PICTURE = "figures.json", "qini.svg"
BYTES_PER_ROW = 200
MOST_DAYS = 60  # of assignment: features are built at each
FEW_OUTCOMES = 1_000  # of an arm: below it coefficients are noise
DIGITS = 6

logger = logging.getLogger(__name__)


def uplift(
    config: Config,
    as_of: int | None,
    progress: Progress,
    *,
    values: Path | None = None,
    output: Path | None = None,
    wait_seconds: float = 0,
) -> UpliftResult:
    """Rank the customers of a day by what an offer changes; `Project.uplift` says more."""
    folders = Folders.of(config)
    arm_source(config)
    refuse_source_as_output(config, output)
    if output is not None:
        export(output)
    worth = None if values is None else CustomerValues.read(values)
    with recorded(folders.ledger, "uplift") as record, loaded_data(config, as_of, progress) as loaded:
        facts = facts_of("uplift", config, loaded, options={} if worth is None else {"values": worth.sha256})
        record.run_id, record.as_of = facts.run_id, facts.as_of
        outputs = _output_set(folders, loaded.as_of, output)
        with outputs.held(wait_seconds=wait_seconds):
            was_done = outputs.is_intact(facts.run_id)
            if not was_done:
                figures, table = _Learning(config, loaded, progress, worth).done(facts.run_id)
                writers = {name: _writer(name, table, figures) for name in outputs.names}
                counts = {"campaign_customers": figures.customers, "listed": figures.listed, "worth_it": figures.worth_it}
                outputs.write(facts, writers, counts, needed_bytes=BYTES_PER_ROW * table.num_rows)
            manifest = outputs.read()
            written = tuple(outputs.folder / name for name in outputs.names)
            figures = CampaignFigures.from_json(json.loads(written[-1].read_bytes()))
        assert manifest is not None
        record.counts, record.outputs = dict(manifest.counts), list(map(str, written))
    for note in figures.notes:
        logger.warning("%s", note)
    return UpliftResult(config.name, loaded.as_of, facts.run_id, figures, written, outputs.manifest_path, was_done)


@dataclass(frozen=True, eq=False)
class _Campaign:
    """The experiment with the rows it was made of.

    Parameters
    ----------
    customer : shape (n,), of each customer of the experiment.
    outcome : what was wanted.
    value : of one outcome more.
    costs : of each offer.
    left_out : why customers are left out -> how many.
    """

    experiment: Experiment
    customer: NDArray[np.int64]
    outcome: str
    value: float
    costs: tuple[float, ...]
    left_out: Mapping[str, int]


@dataclass(frozen=True, eq=False)
class _Ranked:
    """The customers of the list.

    Parameters
    ----------
    ids, value : shape (n,), of each, and what an outcome is worth with them.
    gains : shape (n, n_offers), what each offer is expected to bring.
    effects : what is expected of them.
    """

    ids: NDArray[np.object_]
    value: NDArray[np.float64]
    gains: NDArray[np.float64]
    effects: Effects


@dataclass(frozen=True)
class _Learning:
    """The data of a day, and what is asked of them."""

    config: Config
    loaded: Loaded
    progress: Progress
    worth: CustomerValues | None

    def done(self, run_id: str) -> tuple[CampaignFigures, pa.Table]:
        """The figures and the list."""
        assigned = read_assignments(self.config, self.loaded)
        table = self._built(np.unique(assigned.day))
        campaign = self._campaign(assigned, table)
        experiment, settings = campaign.experiment, uplift_settings(self.config.model)
        rng, threads = np.random.default_rng(self.config.model.seed), self.config.engine.threads or 0
        refuse_small(experiment)
        assignment = assignment_auroc(experiment, settings, rng, threads=threads)
        refuse_predictable(experiment.offers, assignment)
        self.progress("learners", 0, 1)
        crossed = cross_fitted(experiment, settings, rng, threads=threads)
        self.progress("learners", 1, 1)
        rows, customers = self._listed(campaign, crossed, table)
        ids, value = self.loaded.ids()[customers], campaign.value
        worth = np.full(len(ids), value) if self.worth is None else self.worth.of(ids, value)
        gains = net_gain(rows.uplift[self.config.uplift.learner], worth, campaign.costs)
        listed = np.bincount(best_offer(gains), minlength=len(experiment.offers) + 1)[1:]
        control, *rates = arm_rates(experiment)
        offers = []
        for number, rate in enumerate(rates, start=1):
            pair = experiment.pair(number)
            treated, outcome = experiment.arm[pair] == number, experiment.outcome[pair]
            learners = {
                kind: uplift_figures(outcome, crossed.effects.uplift[kind][pair, number - 1], treated, rng) for kind in KINDS
            }
            shown = (rate, campaign.costs[number - 1], assignment[number - 1], learners, int(listed[number - 1]))
            offers.append(OfferFigures(*shown))
        figures = CampaignFigures(
            campaign.outcome,
            value,
            self.config.uplift.learner,
            control,
            tuple(offers),
            self._policies(campaign, crossed.effects, control, rates),
            campaign.left_out,
            tuple(self._notes(campaign, control, offers)),
            len(customers),
            "" if self.worth is None else self.worth.name,
        )
        return figures, self._table(_Ranked(ids, worth, gains, rows), experiment.offers, run_id)

    def _built(self, days: NDArray[np.int64]) -> SnapshotTable:
        """Features of everybody at some cutoffs."""
        if len(days) > MOST_DAYS:
            raise InputError(
                f"The campaign was assigned on {len(days):,} days; features are built at each, and {MOST_DAYS} are too many.",
                "Name one campaign under [uplift] campaign, or take a part of it with `where`.",
            )
        customers = self.loaded.n_customers
        plan = self._plan(tuple(days.tolist()))
        return build_snapshots(self.loaded.blocks(), plan, progress=lambda done: self.progress("features", done, customers))

    def _plan(self, days: tuple[int, ...]) -> SnapshotPlan:
        """The features of a config, of all who are active, whenever their term ends."""
        return replace(snapshot_plan(self.config, self.loaded, days), due_days=None)

    def _campaign(self, assigned: Assignments, table: SnapshotTable) -> _Campaign:
        place = _places(table, assigned)
        active = place >= 0
        asked = self.config.uplift.outcome or ("outcome" if np.isfinite(assigned.outcome).any() else RETAINED)
        outcome = assigned.outcome
        if asked == RETAINED:
            churned = table.churned[place]
            outcome = np.where(np.isin(churned, (0, 1)), 1.0 - churned, np.nan)
        known = active & np.isfinite(outcome)
        rows = np.flatnonzero(known)
        left_out = {
            **assigned.left_out,
            "were not active on the day": int((~active).sum()),
            "have no known outcome": int((active & ~known).sum()),
        }
        if not len(rows):
            told = ", ".join(f"{n:,} {why}" for why, n in left_out.items() if n)
            raise InputError(
                f"Of no customer of the campaign the outcome is known: {told}.",
                "Give data that reach to the end of the horizon after it, or map columns.outcome.",
            )
        experiment = Experiment(
            np.asfortranarray(table.features[place[rows]]),
            table.specs,
            assigned.arm[rows],
            outcome[rows].astype(np.int8),
            assigned.offers,
        )
        value, costs = self._value(asked), tuple(self._costs(assigned))
        return _Campaign(experiment, assigned.customer[rows], asked, value, costs, {why: n for why, n in left_out.items() if n})

    def _value(self, outcome: str) -> float:
        """What one outcome more is worth: as declared, of a customer who stays as [profit] says, else 1."""
        declared, profit = self.config.uplift.value, self.config.profit
        if declared is None and profit is not None and outcome == RETAINED:
            declared = profit.one_value
        return 1.0 if declared is None else declared

    def _costs(self, assigned: Assignments) -> list[float]:
        """What each offer costs: as declared, else what it cost on average, else nothing."""
        declared = self.config.uplift.costs
        for name in declared:
            if name not in assigned.offers:
                raise ConfigError(f"[uplift] costs.{name}: there is no such offer.", nearest(name, assigned.offers))
        found = []
        for number, name in enumerate(assigned.offers, start=1):
            paid = assigned.cost[assigned.arm == number]
            found.append(declared.get(name, float(paid.mean()) if len(paid) and np.isfinite(paid).all() else 0.0))
        return found

    def _policies(
        self, campaign: _Campaign, effects: Effects, control: ArmRate, rates: list[ArmRate]
    ) -> tuple[PolicyValue, ...]:
        """No one, everyone, the riskiest, and what each learner would choose."""
        experiment, value, costs = campaign.experiment, campaign.value, campaign.costs
        nobody = np.full(len(experiment), NO_OFFER, np.int8)
        rules = {"no one": nobody}
        rules |= {f"everyone: {name}": nobody + np.int8(number) for number, name in enumerate(experiment.offers, start=1)}
        chosen = {kind: best_offer(net_gain(effects.uplift[kind], value, costs)) for kind in KINDS}
        size = int((chosen[self.config.uplift.learner] != NO_OFFER).sum())
        brings = [(rate.rate - control.rate) * value - cost for rate, cost in zip(rates, costs, strict=True)]
        best = int(np.argmax(brings))
        rules[f"highest risk: {experiment.offers[best]}"] = riskiest(effects.untreated, size, best + 1)
        rules |= {f"{kind.upper()}-learner": chosen[kind] for kind in KINDS}
        return policy_values(experiment, rules, value, costs)

    def _listed(self, campaign: _Campaign, crossed: CrossFitted, table: SnapshotTable) -> tuple[Effects, NDArray[np.int64]]:
        """What is expected of the customers of the day; whom the learners saw that very day is told of out of fold."""
        here = table if not self.config.has_days else self._built(np.array([self.loaded.as_of]))
        effects, customers = crossed.expected(here.features), here.customer.astype(np.int64)
        if not self.config.has_days:
            rows = np.searchsorted(customers, campaign.customer)
            for kind in KINDS:
                effects.uplift[kind][rows] = crossed.effects.uplift[kind]
            effects.untreated[rows] = crossed.effects.untreated
        return effects, customers

    def _table(self, found: _Ranked, offers: tuple[str, ...], run_id: str) -> pa.Table:
        """A row per customer, by falling expected net gain of the best offer."""
        best, gain = best_offer(found.gains), found.gains.max(axis=1)
        order = risk_order(gain, found.ids)
        n = len(order)
        words = [word for word, _ in named([Level(name, number) for number, name in enumerate(offers)])]
        uplift = np.round(found.effects.uplift[self.config.uplift.learner][order], DIGITS)
        names = np.array([None, *offers], dtype=object)
        return pa.table(
            {
                "rank": pa.array(np.arange(1, n + 1), pa.int64()),
                "customer_id": pa.array(found.ids[order], pa.string()),
                "as_of": pa.repeat(pa.scalar(date_of(self.loaded.as_of)), n),
                "best_offer": pa.array(names[best[order]], pa.string()),
                "expected_net_gain": pa.array(np.round(gain[order], DIGITS)),
                "value": pa.array(found.value[order]),
                **{f"uplift_{word}": pa.array(uplift[:, place]) for place, word in enumerate(words)},
                "probability_untreated": pa.array(np.round(found.effects.untreated[order], DIGITS)),
                "run_id": pa.repeat(run_id, n),
            }
        )

    def _notes(self, campaign: _Campaign, control: ArmRate, offers: list[OfferFigures]) -> list[str]:
        """What to know before using the numbers."""
        notes, few = [], [rate.name for rate in (control, *(offer.rate for offer in offers)) if rate.outcomes < FEW_OUTCOMES]
        if few:
            notes.append(
                f"Fewer than {FEW_OUTCOMES:,} outcomes in {', '.join(few)}: who is changed most can hardly be told from chance."
            )
        if self.worth is None and campaign.value == 1 and self.config.uplift.value is None and any(campaign.costs):
            notes.append("An outcome is taken to be worth 1, and offers have costs: say under [uplift] value what it is worth.")
        learner = self.config.uplift.learner
        unsure = [offer.rate.name for offer in offers if offer.learners[learner].qini.low <= 0]
        if unsure:
            notes.append(
                f"{', '.join(unsure)}: the {learner.upper()}-learner's order is not surely better than a random one; give the "
                "offer to everyone where it pays on average, else to no one."
            )
        return notes


def _places(table: SnapshotTable, assigned: Assignments) -> NDArray[np.int64]:
    """The row of each assigned customer as of the day, -1 where there is none."""
    key = table.customer.astype(np.int64) + (table.cutoff.astype(np.int64) << 32)
    wanted = assigned.customer + (assigned.day << 32)
    order = np.argsort(key, kind="stable")
    found = np.minimum(np.searchsorted(key, wanted, sorter=order), max(len(key) - 1, 0))
    if not len(key):
        return np.full(len(wanted), -1, np.int64)
    place = order[found]
    return np.where(key[place] == wanted, place, -1)


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The rows, the picture and, last, the figures: beside the file the user named, or in a folder of the day."""
    if output is not None:
        beside = OutputSet.beside(output)
        names = (output.name, f"{output.name}.{PICTURE}", f"{output.name}.{FIGURES}")
        return OutputSet(beside.folder, names, beside.manifest)
    return OutputSet(folders.outputs / "uplift" / iso(as_of), ("uplift.csv", "uplift.parquet", PICTURE, FIGURES))


def _writer(name: str, table: pa.Table, figures: CampaignFigures) -> Writer:
    if not name.endswith((FIGURES, PICTURE)):
        write = export(Path(name))
        return lambda stream: write(table, stream)

    def write_bytes(stream: BinaryIO) -> int:
        saved = json.dumps(figures.to_json(), indent=2, sort_keys=True) + "\n"
        curves = {offer.rate.name: offer.learners for offer in figures.offers}
        stream.write(saved.encode() if name.endswith(FIGURES) else qini_chart(curves, figures.learner))
        return 1

    return write_bytes
