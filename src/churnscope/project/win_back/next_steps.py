"""`win-back next`: who is won back by which step today, decided once a day, kept in the store, written as one output set."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from churnscope.activity import Activity
from churnscope.config.models import Config
from churnscope.config.winning_back import WinBack
from churnscope.decisions.control_group import ControlGroup
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, InputError
from churnscope.events import Grid
from churnscope.files import file_sha256
from churnscope.lifecycle.spells import STAGES
from churnscope.lifecycle.winning_back import (
    ENTERED,
    NEVER,
    Decided,
    People,
    Taken,
    Way,
    decided,
    offer_of,
    ways_of,
)
from churnscope.operations.exports import export, read_export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import recorded
from churnscope.outcomes import CALLABLE, CONTROL, StepTaken, Ways
from churnscope.outcomes.words import DO_NOT_CALL, result_in
from churnscope.project.lifecycle.stages import life_of
from churnscope.project.money.list_inputs import Outside, Past, outside
from churnscope.project.money.outcomes import store_of
from churnscope.project.results import iso
from churnscope.project.session import Folders, facts_of, loaded_data, refuse_source_as_output
from churnscope.project.win_back.won_back import WinBackResult, WinBackToday
from churnscope.reports.openings import opening
from churnscope.scoring import EXPECTED_VALUE, WHO_RETURNS, id_hashes
from churnscope.timeline import date_of, day_number

FIGURES, CONTROL_FILE = "figures.json", "control.parquet"
OWNER_ALONE = 0o600  # may read and write what names customers
REFUSED = "refused"
LINES = pa.schema(
    [
        ("customer_id", pa.string()),
        ("step", pa.string()),
        ("channel", pa.string()),
        ("message", pa.string()),
        ("offer", pa.string()),
        ("entered", pa.date32()),
        ("step_number", pa.int32()),
        ("reactivation_probability", pa.float64()),
        ("expected_value", pa.float64()),
        ("campaign", pa.string()),
        ("as_of", pa.date32()),
    ]
)


@dataclass(frozen=True)
class NextRequest:
    """What is asked beside the day: the scores it is made from, where it goes, how long to wait for another run."""

    scores: Path | None = None
    output: Path | None = None
    wait_seconds: float = 0


def settings_of(config: Config) -> WinBack:
    """What the config says of winning customers back.

    Raises
    ------
    ConfigError : when it says nothing.
    """
    if config.win_back is None:
        raise ConfigError(
            "The config says nothing of winning customers back.", "Add [win_back] and its steps: see configs/reference.toml."
        )
    return config.win_back


def win_back_next(config: Config, as_of: int | None, progress: Progress, request: NextRequest) -> WinBackResult:
    """Decide, remember and write who gets which step on a day; `Project.win_back_next` says more."""
    folders, settings = Folders.of(config), settings_of(config)
    refuse_source_as_output(config, request.output)
    if request.output is not None:
        export(request.output)
    with recorded(folders.ledger, "win-back-next") as record, loaded_data(config, as_of, progress) as loaded:
        outputs = _output_set(folders, loaded.as_of, request.output)
        with outputs.held(wait_seconds=request.wait_seconds), store_of(config) as store:
            scores = _Scores.of(folders, loaded.as_of, request.scores)
            there = outside(config, {}, {}, loaded.as_of)
            past = Past.of(store.history(), loaded.as_of, settings.campaign, silent=store.asked_for_silence())
            deciding = _Deciding(config, settings, loaded, scores, there, past, progress)
            _ = deciding.people  # before anybody else has to wait for the store
            rows = store.win_back_day(date_of(loaded.as_of), deciding.rows)
            before = store.win_back_ways(date_of(loaded.as_of))
            digest = hashlib.sha256(json.dumps([asdict(row) for row in rows], default=str).encode()).hexdigest()
            options = {"rows": digest} | ({} if scores is None else {"scores": scores.sha256})
            facts = facts_of("win-back next", config, loaded, options=options)
            record.run_id, record.as_of = facts.run_id, facts.as_of
            was_done = outputs.is_intact(facts.run_id)
            if not was_done:
                today = deciding.today(rows, before)
                outputs.write(facts, _writers(outputs.names, settings, loaded.as_of, rows, today), _counts(today))
            written = tuple(outputs.folder / name for name in outputs.names)
            today = WinBackToday.from_json(json.loads(written[-1].read_bytes()))
        record.counts, record.outputs = _counts(today), list(map(str, written))
    return WinBackResult(config.name, loaded.as_of, facts.run_id, today, written, outputs.manifest_path, was_done)


@dataclass(frozen=True, eq=False)
class _Scores:
    """Scores of `score --reactivation`, by customer."""

    ids: pa.Array
    probability: NDArray[np.float64]
    worth: NDArray[np.float64]
    as_of: str
    sha256: str

    @classmethod
    def of(cls, folders: Folders, as_of: int, path: Path | None) -> _Scores | None:
        """Those named, else the newest of the day or before; None where there are none.

        Raises
        ------
        InputError : when the file is not one of such scores, or is of a later day.
        """
        written = sorted(folders.outputs.glob("reactivation/scores/????-??-??/scores.parquet"))
        known = [each for each in written if each.parent.name <= iso(as_of)]
        path = path or (known[-1] if known else None)
        if path is None:
            return None
        if not path.is_file():
            raise InputError(f"{path}: there is no such file.", "Name a file that `churnscope score --reactivation` wrote.")
        table = read_export(path)
        missing = [name for name in ("customer_id", "as_of", WHO_RETURNS.probability) if name not in table.column_names]
        if missing:
            what = f"{path.name} has no column {', '.join(missing)}."
            raise InputError(what, "Name a file that `churnscope score --reactivation` wrote.")
        ids = table.column("customer_id").cast(pa.string()).combine_chunks()
        days = {str(day) for day in pc.unique(table.column("as_of")).to_pylist()}
        if len(pc.unique(ids)) != len(ids) or len(days) > 1 or max(days, default="") > iso(as_of):
            raise InputError(
                f"{path.name} names a customer twice, or holds scores of another day than one up to {iso(as_of)}.",
                "Run churnscope score --reactivation as of the day.",
            )
        probability = np.asarray(table.column(WHO_RETURNS.probability).cast(pa.float64()).to_numpy())
        has_worth = EXPECTED_VALUE in table.column_names
        worth = np.asarray(table.column(EXPECTED_VALUE).cast(pa.float64()).to_numpy()) if has_worth else probability * np.nan
        return cls(ids, probability, worth, max(days, default=""), file_sha256(path))


@dataclass(frozen=True)
class _Deciding:
    """All that a day is decided from."""

    config: Config
    settings: WinBack
    loaded: Loaded
    scores: _Scores | None
    outside: Outside
    past: Past
    progress: Progress

    @property
    def day(self) -> int:
        """Its number."""
        return self.loaded.as_of

    @cached_property
    def people(self) -> People:
        """How all customers stand."""
        loaded, ids = self.loaded, self.loaded.ids()
        place = _Looked(ids)
        spells = life_of(self.config, loaded, self.progress, groups=()).spells
        at = spells.place(self.day)
        inactive = (at >= 0) & (spells.stage[at] == STAGES.index("inactive")) if len(spells.stage) else at >= 0
        entered = spells.entered[at].astype(np.int64) if len(spells.entered) else at
        contact = place.numbers(*self.outside.contacts)
        reached = place.numbers(list(self.past.last_reached), list(self.past.last_reached.values()))
        contacted = np.fmax(self.day - contact, reached)
        never = place.marks([*self.past.never, *self.outside.silent])
        none = np.full(len(ids), np.nan)
        return People(
            ids.tolist(),
            np.where(inactive, entered, NEVER),
            self._last_events(),
            np.where(np.isnan(contacted), NEVER, contacted).astype(np.int64),
            place.marks(self.outside.complaining),
            never,
            none if self.scores is None else place.numbers(self.scores.ids, self.scores.probability),
            none if self.scores is None else place.numbers(self.scores.ids, self.scores.worth),
            self._group.holds(ids.tolist()),
            id_hashes(ids),
        )

    @property
    def _group(self) -> ControlGroup:
        settings = self.settings
        salt = settings.salt or self.config.name
        return ControlGroup(salt, settings.campaign, settings.control_share, settings.universal_share)

    def _last_events(self) -> NDArray[np.int64]:
        """The day of every customer's newest event that counts as activity, as far as it was known."""
        activity = Activity(self.config.activity, self.loaded.places, self.config.resolution)
        grid, days = Grid([self.day], []), [np.empty(0)]
        for block in self.loaded.blocks():
            seen = {role: grid.see(rows.seen_by(self.day)) for role, rows in block.logs.items()}
            days.append(activity.days_since_last(seen)[0])
        since = np.concatenate(days)
        return np.where(np.isnan(since), NEVER, self.day - since).astype(np.int64)

    def decided(self, before: Ways) -> Decided:
        """What is done on the day."""
        return decided(self.settings, self.day, self.people, ways(before))

    def rows(self, before: Ways) -> tuple[StepTaken, ...]:
        """The rows of the day, as the store keeps them."""
        found, at = self.decided(before), {customer: place for place, customer in enumerate(self.people.ids)}
        answers = {customer: way.answer for customer, way in ways(before).items()}
        return tuple(
            self._row(taken, at[taken.customer_id], answers.get(taken.customer_id, ""))
            for taken in (*found.entering, *found.steps)
        )

    def _row(self, taken: Taken, place: int, answer: str) -> StepTaken:
        people = self.people
        row = StepTaken(
            taken.customer_id,
            date_of(taken.entered),
            taken.place,
            date_of(taken.day),
            CONTROL if taken.is_control else CALLABLE,
            probability=_known(people.probability[place], 6),
            worth=_known(people.worth[place], 2),
        )
        if taken.place == ENTERED:
            return row
        step = self.settings.steps[taken.place - 1]
        offer = offer_of(step, answer)
        days = str(self.day - int(people.inactive_from[place])) if people.inactive_from[place] > NEVER else None
        told = {"offer": offer or None, "customer_id": taken.customer_id, "days_inactive": days}
        return replace(
            row,
            step=step.name,
            channel=step.channel,
            offer=offer,
            message=opening(step.message, told),
            contact_cost=step.contact_cost,
            offer_cost=step.offer_cost,
        )

    def today(self, rows: Iterable[StepTaken], before: Ways) -> WinBackToday:
        """The day in figures: what is done by the rows of the store, what holds the others by what is known now."""
        found, kept = self.decided(before), list(rows)
        names = [step.name for step in self.settings.steps]
        steps = {name: sum(row.step == name for row in kept) for name in names}
        entered = [row for row in kept if row.place == ENTERED]
        return WinBackToday(
            campaign=self.settings.campaign,
            control_share=self.settings.control_share,
            scores_of=None if self.scores is None else self.scores.as_of,
            entered=len(entered),
            control=sum(row.arm == CONTROL for row in entered),
            waiting=found.waiting,
            steps=steps,
            states={state: count for state, count in sorted(found.states.items()) if state not in names},
        )


def ways(before: Ways) -> dict[str, Way]:
    """By customer, how far they have come, with what they have answered since they entered."""
    found = ways_of(
        Taken(row.customer_id, day_number(row.entered), row.place, day_number(row.day), row.arm == CONTROL)
        for row in before.steps
    )
    for told in before.answers:
        way = found.get(told.customer_id)
        if way is None:
            continue
        result = result_in(told.answer)
        if result == DO_NOT_CALL:
            found[told.customer_id] = replace(way, never=True)
        elif day_number(told.day) < way.last.entered:
            continue
        elif result == REFUSED:
            found[told.customer_id] = replace(way, has_declined=True)
        else:
            found[told.customer_id] = replace(way, answer=told.answer)
    return found


@dataclass(frozen=True, eq=False)
class _Looked:
    """Looks all customers up in other tables."""

    ids: NDArray[np.object_]

    def numbers(self, ids: Iterable[str] | pa.Array, values: Iterable[float] | NDArray[np.float64]) -> NDArray[np.float64]:
        """The value of each customer, NaN where the table has none."""
        named = ids if isinstance(ids, pa.Array) else pa.array(list(ids), pa.string())
        numbers = np.append(np.asarray(values if isinstance(values, np.ndarray) else list(values), np.float64), np.nan)
        place = pc.index_in(pa.array(self.ids, pa.string()), value_set=named)
        return np.asarray(numbers[pc.fill_null(place, len(numbers) - 1).to_numpy(zero_copy_only=False)])

    def marks(self, ids: Iterable[str]) -> NDArray[np.bool_]:
        """Who is named."""
        named = pa.array(sorted(set(ids)), pa.string())
        return np.asarray(pc.is_in(pa.array(self.ids, pa.string()), value_set=named).to_numpy(zero_copy_only=False))


def _known(value: float, digits: int) -> float | None:
    return None if np.isnan(value) else round(float(value), digits)


def _counts(today: WinBackToday) -> dict[str, int]:
    return {"entered": today.entered, "control": today.control, "steps": sum(today.steps.values())}


def _writers(
    names: tuple[str, ...], settings: WinBack, as_of: int, rows: Iterable[StepTaken], today: WinBackToday
) -> Mapping[str, Writer]:
    """What writes each file; they name people and are for their owner alone."""
    kept = list(rows)
    steps = [row for row in kept if row.place > ENTERED]
    order = {step.name: place for place, step in enumerate(settings.steps)}
    steps.sort(key=lambda row: (order.get(row.step, len(order)), -(row.worth or 0), -(row.probability or 0), row.customer_id))
    lines = [
        {
            "customer_id": row.customer_id,
            "step": row.step,
            "channel": row.channel,
            "message": row.message,
            "offer": row.offer,
            "entered": row.entered,
            "step_number": row.place,
            "reactivation_probability": row.probability,
            "expected_value": row.worth,
            "campaign": settings.campaign,
            "as_of": date_of(as_of),
        }
        for row in steps
    ]
    control = pa.table({"customer_id": pa.array([row.customer_id for row in kept if row.arm == CONTROL], pa.string())})
    figures = (json.dumps(today.to_json(), indent=2) + "\n").encode()
    tables = {name: control if name.endswith(CONTROL_FILE) else pa.Table.from_pylist(lines, LINES) for name in names[:-1]}
    return {name: _private(Path(name), table) for name, table in tables.items()} | {names[-1]: _plain(figures)}


def _private(name: Path, table: pa.Table) -> Writer:
    def write(stream: BinaryIO) -> int:
        os.fchmod(stream.fileno(), OWNER_ALONE)  # before anything is in it
        return export(name)(table, stream)

    return write


def _plain(content: bytes) -> Writer:
    def write(stream: BinaryIO) -> int:
        stream.write(content)
        return 1

    return write


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The steps, who is left alone, and, last, the figures: beside the file the user named, or in a folder of the day."""
    if output is not None:
        beside = OutputSet.beside(output)
        return OutputSet(
            beside.folder, (output.name, f"{output.name}.{CONTROL_FILE}", f"{output.name}.{FIGURES}"), beside.manifest
        )
    return OutputSet(folders.outputs / "win_back" / iso(as_of), ("win_back.csv", "win_back.parquet", CONTROL_FILE, FIGURES))
