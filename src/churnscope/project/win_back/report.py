"""`win-back report`: how many got which step, and whether those who are contacted come back more often than others."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from datetime import date
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from churnscope.activity import Activity
from churnscope.config.models import Config, Label
from churnscope.decisions.aftermath import Question, aftermath
from churnscope.decisions.campaign import Chosen, Effect, effect
from churnscope.engines.duckdb import Loaded
from churnscope.errors import InputError
from churnscope.lifecycle.winning_back import plain
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet
from churnscope.operations.run import recorded
from churnscope.outcomes import CONTROL, StepTaken, Ways
from churnscope.project.money.outcomes import store_of
from churnscope.project.results import iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.project.win_back.next_steps import settings_of
from churnscope.project.win_back.won_back import StepUse, WinBackReport
from churnscope.timeline import Timing, date_of, day_number

Costs = np.ndarray[tuple[int], np.dtype[np.float64]]
FIGURES = "win_back_report.json"


def win_back_report(config: Config, as_of: int | None, progress: Progress, *, wait_seconds: float = 0) -> WinBackReport:
    """Judge what was done to win customers back; `Project.win_back_report` says more."""
    folders, settings = Folders.of(config), settings_of(config)
    with recorded(folders.ledger, "win-back-report") as record, loaded_data(config, as_of, progress) as loaded:
        with store_of(config) as store:
            ways = store.win_back_ways(date_of(loaded.as_of))
        if not ways.steps:
            raise InputError(
                f"Nobody had entered before {date_of(loaded.as_of)}.",
                "Run churnscope win-back next day by day, and the report when the first days are over.",
            )
        digest = hashlib.sha256(repr(ways).encode()).hexdigest()
        facts = facts_of("win-back report", config, loaded, options={"ways": digest})
        record.run_id, record.as_of = facts.run_id, facts.as_of
        window = _window_days(config)
        entered = _first_entries(ways)
        closed = [row for row in entered if day_number(row.entered) + window <= loaded.as_of]
        names = [step.name for step in settings.steps]
        given = [row for row in ways.steps if row.place]
        outputs = OutputSet(folders.outputs / "win_back" / iso(loaded.as_of), (FIGURES,), "report.manifest.json")
        report = WinBackReport(
            name=config.name,
            campaign=settings.campaign,
            as_of=loaded.as_of,
            window_days=window,
            entered=len(entered),
            open=len(entered) - len(closed),
            steps={name: _use(given, name) for name in dict.fromkeys([*names, *(row.step for row in given)])},
            answers=dict(sorted(Counter(plain(told.answer) for told in ways.answers).items())),
            effect=_effect(config, loaded, closed, ways, progress) if closed else None,
            outputs=(outputs.folder / FIGURES,),
            manifest=outputs.manifest_path,
        )
        content = (json.dumps(report.figures(), indent=2, sort_keys=True, allow_nan=False) + "\n").encode()

        def write(stream: BinaryIO) -> int:
            stream.write(content)
            return 1

        with outputs.held(wait_seconds=wait_seconds):
            if not outputs.is_intact(facts.run_id):
                outputs.write(facts, {FIGURES: write}, {"entered": len(entered)})
        record.outputs = [str(path) for path in report.outputs]
    return report


def _window_days(config: Config) -> int:
    return config.reactivation.horizon_days or config.prediction.horizon_days


def _first_entries(ways: Ways) -> list[StepTaken]:
    """By customer, the row of their first entering: what was done then may decide whether they enter again."""
    first: dict[str, StepTaken] = {}
    for row in ways.steps:
        if row.place == 0 and (row.customer_id not in first or row.entered < first[row.customer_id].entered):
            first[row.customer_id] = row
    return list(first.values())


def _use(given: list[StepTaken], name: str) -> StepUse:
    rows = [row for row in given if row.step == name]
    return StepUse(len(rows), round(sum(row.contact_cost for row in rows), 2))


def _effect(config: Config, loaded: Loaded, closed: list[StepTaken], ways: Ways, progress: Progress) -> Effect:
    """Those who entered and were to be contacted against those left alone, over the same number of days."""
    ids = pa.array(loaded.ids(), pa.string())
    found = pc.index_in(pa.array([row.customer_id for row in closed], pa.string()), value_set=ids)
    place = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    there = place >= 0
    rows = [row for row, is_there in zip(closed, there.tolist(), strict=True) if is_there]
    amounts = ["amount" in source.columns for source in config.sources.values() if source.role == "purchases"]
    question = Question(
        Activity(config.activity, loaded.places, config.resolution),
        Label(),
        Timing(_window_days(config), 0),
        loaded.as_of,
        config.resolution,
        loaded.columns["purchases"] if amounts and all(amounts) else None,
    )
    days = [day_number(row.entered) for row in rows]
    n = loaded.n_customers
    came = aftermath(loaded.blocks(), place[there], days, question, lambda done: progress("outcomes", done, n))
    returned = came.churned == 0
    settings = settings_of(config)
    share = 1 - (1 - settings.control_share) * (1 - settings.universal_share)
    chosen = Chosen(
        np.array([row.arm == CONTROL for row in rows], np.bool_),
        returned,
        np.full(len(rows), share),
        came.spend,
        came.spend_before,
        _contact_costs(rows, ways) + returned * _offer_costs(rows, ways),
    )
    return effect(chosen, margin=config.value.margin)


def _contact_costs(rows: list[StepTaken], ways: Ways) -> Costs:
    """Of each, what sending all steps since they entered cost."""
    spent: dict[tuple[str, date], float] = defaultdict(float)
    for step in ways.steps:
        spent[step.customer_id, step.entered] += step.contact_cost
    return np.array([spent[row.customer_id, row.entered] for row in rows], np.float64)


def _offer_costs(rows: list[StepTaken], ways: Ways) -> Costs:
    """Of each, the offer of the newest step they got: what is counted as taken where they come back."""
    newest = {(row.customer_id, row.entered): row.offer_cost for row in ways.steps if row.place}
    return np.array([newest.get((row.customer_id, row.entered), 0.0) for row in rows], np.float64)
