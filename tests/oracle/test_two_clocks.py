"""A row known later than a cutoff changes nothing there: in any role and family, in training and in scoring, to the last bit.

Rows of every role in `ROLES` are drawn from its columns, and every family of the catalogue is built, so that none is forgotten.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from churnscope.config.load import load_config
from churnscope.events import Block, Events
from churnscope.events.block import NO_DAY
from churnscope.features import FAMILIES
from churnscope.operations.logs import silent
from churnscope.project.session import loaded_data
from churnscope.roles import ROLES, Role
from churnscope.snapshots import ScoringRows, SnapshotPlan, SnapshotTable, build_scoring_rows, build_snapshots
from churnscope.timeline import day_number
from oracle.effort import fewer
from oracle.every_role import (
    FILE_DAYS,
    FIRST,
    block_of_every_role,
    plan_for,
    readable_roles,
    rows_of_a_file,
    signals_of,
    source_text,
    with_other_values,
)
from oracle.scenes import CUTOFFS

pytestmark = pytest.mark.property
every_role = pytest.mark.parametrize("role", ROLES)


def own_clocks(role: Role) -> tuple[str, ...]:
    """Further times of a row that are known when they come; an agreed end is known with the row."""
    return tuple(clock for clock in role.clocks if role.column(clock).told == clock)


def changed(block: Block, role: str, change: Callable[[Events], Events]) -> Block:
    return replace(block, logs={**block.logs, role: change(block.logs[role])})


def without(events: Events, rows: np.ndarray) -> Events:
    """`Events.where` leaves `visible_day` out, which some of the kept rows need."""
    kept = events.where(~rows)
    return replace(kept, signals=dict(kept.signals), visible_day=events.visible_day[~rows])


def later_known(events: Events, cutoff: int) -> np.ndarray:
    return (events.day < cutoff) & (events.visible_day > cutoff)


def assert_same_at(plan: SnapshotPlan, cutoff: int, block: Block, *others: Block) -> None:
    """In training, where the cutoff is one of several, and in scoring."""
    table, *tables = (build_snapshots([one], plan, threads=1) for one in (block, *others))
    scores, *scored = (build_scoring_rows([one], plan.at([cutoff]), threads=1) for one in (block, *others))
    for other, other_scores in zip(tables, scored, strict=True):
        for values in ("customer", "features"):
            one, two = (getattr(rows, values)[rows.cutoff == cutoff] for rows in (table, other))
            np.testing.assert_array_equal(one, two)
        assert_same_scoring(scores, other_scores)


def assert_same_scoring(one: ScoringRows, other: ScoringRows) -> None:
    np.testing.assert_array_equal(one.status, other.status)
    np.testing.assert_array_equal(one.days_since_last_event, other.days_since_last_event)
    np.testing.assert_array_equal(one.table.features, other.table.features)


@pytest.mark.slow
@every_role
@fewer
@given(seed=st.integers(0, 10**6), cutoff=st.sampled_from(CUTOFFS))
def test_a_row_known_later_changes_nothing_at_the_cutoff(role: str, seed: int, cutoff: int) -> None:
    block, plan = block_of_every_role(seed), plan_for(role)
    late, rng = later_known(block.logs[role], cutoff), np.random.default_rng(seed)
    gone = changed(block, role, lambda events: without(events, late))
    other = changed(block, role, lambda events: with_other_values(rng, role, events, late))
    assert_same_at(plan, cutoff, block, gone, other)


@pytest.mark.parametrize("role", [role.name for role in ROLES.values() if own_clocks(role)])
@fewer
@given(seed=st.integers(0, 10**6), cutoff=st.sampled_from(CUTOFFS))
def test_what_a_row_is_told_later_changes_nothing_at_the_cutoff(role: str, seed: int, cutoff: int) -> None:
    """A further time of the row at or after the cutoff, or not there yet, and what is told with it."""
    block, plan, rng = block_of_every_role(seed), plan_for(role), np.random.default_rng(seed)

    def told_otherwise(events: Events) -> Events:
        signals, drawn = dict(events.signals), signals_of(rng, ROLES[role], events.day)
        for clock in own_clocks(ROLES[role]):
            day = signals[f"{clock}_day"]
            later = (day == NO_DAY) | (day >= cutoff)
            for name in [column.name for column in ROLES[role].columns if column.told == clock != column.name]:
                signals[name] = np.where(later, drawn[name], signals[name])
            signals[f"{clock}_day"] = np.where(later, rng.choice([NO_DAY, cutoff, cutoff + 40], len(day)), day)
            signals[clock] = np.where(later, rng.integers(0, 2**50, len(day)), signals[clock])
        return replace(events, signals=signals)

    assert_same_at(plan, cutoff, block, changed(block, role, told_otherwise))


def test_every_family_is_built_and_would_change_if_late_rows_were_seen() -> None:
    """Else the properties above would say nothing of it."""
    plan = plan_for("purchases")
    assert {spec.family for spec in plan.specs} == {family.name for family in FAMILIES}
    block = block_of_every_role(0, customers=200)
    at_once = {role: replace(events, visible_day=events.day + np.int32(1)) for role, events in block.logs.items()}
    late, seen = (build_snapshots([one], plan, threads=1) for one in (block, replace(block, logs=at_once)))
    _, here, there = np.intersect1d(_keys(late), _keys(seen), return_indices=True)
    one, other = late.features[here], seen.features[there]
    differs = ((one != other) & ~(np.isnan(one) & np.isnan(other))).any(axis=0)
    touched = {spec.family for spec, differ in zip(plan.specs, differs, strict=True) if differ}
    assert touched == {family.name for family in FAMILIES} - {"calendar"}  # which reads no row


def _keys(table: SnapshotTable) -> np.ndarray:
    return table.cutoff.astype(np.int64) * 10_000 + table.customer


# -- from files --------------------------------------------------------------------------------------------------------------

AS_OF = FIRST.date() + timedelta(days=FILE_DAYS)
DAYS = [day_number(AS_OF) - back for back in (120, 60, 0)]
Rows = dict[str, list[dict[str, str]]]


def answers(folder: Path, files: Rows, roles: tuple[Role, ...], **source: object) -> tuple[SnapshotTable, ScoringRows]:
    """Training table and rows to score of a business with a file for every role."""
    folder.mkdir()
    for role in roles:
        with (folder / f"{role.name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, [column.name for column in role.columns], extrasaction="ignore")
            writer.writeheader()
            writer.writerows(files[role.name])
    rule = '[activity]\nrules = [{ source = "purchases", days = 60 }]\n[prediction]\nhorizon_days = 30\n'
    head = f'name = "all"\ncomplete_through = {AS_OF - timedelta(days=1)}\n'
    text = head + rule + "".join(source_text(role, **source) for role in roles)
    (folder / "config.toml").write_text(text)
    config = load_config(folder / "config.toml")
    with loaded_data(config, None, silent) as loaded:
        plan = SnapshotPlan.from_config(config, loaded, DAYS)
        table = build_snapshots(loaded.blocks(), plan, threads=1)
        assert {role.name for role in roles} <= set(loaded.columns)
        return table, build_scoring_rows(loaded.blocks(), plan.at(DAYS[-1:]))


@pytest.fixture(scope="module")
def files() -> Rows:
    rng = np.random.default_rng(0)
    return {role.name: rows_of_a_file(rng, role) for role in readable_roles()}


def assert_same_answers(one: tuple[SnapshotTable, ScoringRows], other: tuple[SnapshotTable, ScoringRows]) -> None:
    assert len(one[0].customer) > 20
    for values in ("customer", "cutoff", "churned", "features"):
        np.testing.assert_array_equal(getattr(one[0], values), getattr(other[0], values))
    assert_same_scoring(one[1], other[1])


@pytest.mark.slow
def test_rows_of_files_known_after_the_day_change_no_label_no_feature_and_no_score(files: Rows, tmp_path: Path) -> None:
    as_of = f"{AS_OF}T00:00:00Z"
    known = {role: [row for row in rows if row["known"] <= as_of] for role, rows in files.items()}
    assert all(len(known[role]) < len(rows) for role, rows in files.items())
    roles = readable_roles()
    assert_same_answers(answers(tmp_path / "all", files, roles), answers(tmp_path / "known", known, roles))


@pytest.mark.slow
def test_a_delay_is_a_known_time_so_many_days_after_each_row(files: Rows, tmp_path: Path) -> None:
    def later(row: dict[str, str]) -> dict[str, str]:
        return {**row, "known": f"{datetime.fromisoformat(row['time']) + timedelta(days=20):%Y-%m-%dT%H:%M:%SZ}"}

    roles = readable_roles()
    told = {role: [later(row) for row in rows] for role, rows in files.items()}
    delayed = answers(tmp_path / "delay", files, roles, known=False, delay_days=20)
    assert_same_answers(answers(tmp_path / "known", told, roles), delayed)
