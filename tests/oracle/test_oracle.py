"""Every feature, the population and the label, against plain Python."""

from __future__ import annotations

import math

import numpy as np
import pytest

from churnscope.activity import CENSORED, LEFT_OUT
from churnscope.config.models import Cancel, Label, Rule
from churnscope.events import Block
from churnscope.features import FAMILIES, Feature, build
from churnscope.features.feature import NEVER_MISSING
from churnscope.snapshots import SnapshotPlan, build_scoring_rows, build_snapshots
from oracle.expected import ROUNDING, expected_features, visible
from oracle.families import ORACLES
from oracle.history import NO_DAY, Row
from oracle.scenes import AS_OF, CUTOFFS, TIMING, Shape, plan, rows_of, scene

NOT_ACTIVE = Label(kind="not_active")
CONTRACTS = Rule(source="contracts", in_force=True, grace_days=14)


def counted(rule: Rule, rows: list[Row], places: dict[str, tuple[str, int]]) -> list[Row]:
    index = places[rule.source][1]
    rows = [row for row in rows if row.signals.get("source", index) == index and not row.signals.get("is_return", False)]
    return [row for row in rows if rule.where is None or (row.signals[rule.where] and not math.isnan(row.signals[rule.where]))]


def holds(rule: Rule, rows: list[Row], cutoff: int) -> bool:
    if rule.in_force:
        return most_in_force(rows, cutoff, rule.grace_days) >= rule.at_least
    inside = [row for row in rows if cutoff - rule.days <= row.day < cutoff]
    if rule.measure == "events":
        return len(inside) >= rule.at_least
    worth = 0.01 if rule.measure in {"amount", "discount"} else 1
    values = [row.signals[rule.measure] for row in inside]
    return math.fsum(value for value in values if not math.isnan(value)) * worth >= rule.at_least - 1e-9


def most_in_force(rows: list[Row], cutoff: int, grace_days: int) -> int:
    """The most terms in force at one time, just before the cutoff or just before an end in the days of grace."""
    spans = [(row.day, row.time, *end_of(row, cutoff)) for row in rows]
    numbers = [sum(start < cutoff <= end for start, _, end, _ in spans)]
    for _, _, end, instant in spans:
        if cutoff - grace_days <= end < cutoff:
            numbers.append(sum(start < instant <= until for _, start, _, until in spans))
    return max(numbers)


def end_of(row: Row, cutoff: float = math.inf) -> tuple[float, float]:
    """Day and instant of a term's end, as far as the cutoff can know."""
    ends = [(math.inf, math.inf)]
    if row.end_day != NO_DAY:
        ends.append((row.end_day, row.end))
    if row.ended_day != NO_DAY and row.ended_day < cutoff:
        ends.append((row.ended_day, row.ended))
    return min(ends)


def expected_status(block: Block, setting: SnapshotPlan, customer: int, cutoff: int, *, every_row: bool = False) -> int:
    """2 active, 1 with a qualifying event, 0 without; 3 active and not due."""
    places, verdicts, events, due = dict(setting.activity.places), [], 0, setting.due_days is None or every_row
    for rule in setting.activity.definition.rules:
        rows = rows_of(block.logs[places[rule.source][0]], customer)
        rows = [row for row in rows if row.day < cutoff] if every_row else visible(rows, cutoff)
        rows = counted(rule, rows, places)
        verdicts.append(holds(rule, rows, cutoff))
        events += len(rows)
        due = due or (rule.in_force and any(is_due(row, cutoff, *setting.due_days) for row in rows))
    combine = all if setting.activity.definition.combine == "all" else any
    return (2 if due else 3) if combine(verdicts) else int(events > 0)


def is_due(row: Row, cutoff: int, first: int, before: int) -> bool:
    has_ended = NO_DAY < row.ended_day < cutoff
    return row.end_day != NO_DAY and not has_ended and cutoff + first <= row.end_day < cutoff + before


def expected_label(block: Block, setting: SnapshotPlan, customer: int, cutoff: int) -> int:
    begin, end = cutoff + TIMING.gap_days, cutoff + TIMING.gap_days + TIMING.horizon_days
    if end + setting.timing.grace_days > AS_OF:
        return CENSORED
    label, places, rules = setting.label, dict(setting.activity.places), setting.activity.definition.rules
    rows = {rule: counted(rule, rows_of(block.logs[places[rule.source][0]], customer), places) for rule in rules}
    if label.kind == "not_active":
        return int(expected_status(block, setting, customer, end, every_row=True) != 2)
    if label.kind == "contract_end":
        return end_of_contract(rows, begin, end, setting)
    if label.kind == "cancel":
        if label.cancel:
            told = counted(
                Rule(**label.cancel.model_dump()), rows_of(block.logs[places[label.cancel.source][0]], customer), places
            )
            return int(any(begin <= row.day < end for row in told))
        terms = [row for rule in rules if rule.in_force for row in rows[rule]]
        return int(any(begin <= max(row.cancelled_day, row.day) < end for row in terms if row.cancelled_day != NO_DAY))
    if label.kind == "partial":
        before, after = (
            sum(amount(rule, [row for row in rows[rule] if low <= row.day < high]) for rule in rules)
            for low, high in ((cutoff - TIMING.horizon_days, cutoff), (begin, end))
        )
        return int(after < label.share * before - 1e-9) if before > 0 else LEFT_OUT
    return int(not any(begin <= row.day < end for rule in rules for row in rows[rule]))


def amount(rule: Rule, rows: list[Row]) -> float:
    if rule.measure == "events":
        return len(rows)
    values = [row.signals[rule.measure] for row in rows]
    return math.fsum(value for value in values if not math.isnan(value))


def end_of_contract(rows: dict[Rule, list[Row]], begin: int, end: int, setting: SnapshotPlan) -> int:
    """Whether a term ends in the window and nothing is in force then or starts soon after it."""
    terms = list({id_of(row): row for rule, found in rows.items() if rule.in_force for row in found}.values())
    spans = [(row.day, row.time, *end_of(row)) for row in terms]
    if not any(start <= begin <= over for start, _, over, _ in spans):
        return LEFT_OUT
    grace_days = setting.activity.definition.grace_days
    final = {over for _, _, over, instant in spans if over < math.inf and not is_renewed(spans, over, instant, grace_days)}
    if setting.timing.renewals is None:
        return int(any(begin <= over < end for over in final))
    ends = zip(terms, spans, strict=True)
    agreed = {
        over for row, (_, _, over, instant) in ends if over == row.end_day and is_renewed(spans, over, instant, grace_days)
    }
    renewed = 0
    for day in range(begin, end - grace_days):
        if day in final:
            return 1
        renewed += day in agreed
        if renewed == setting.timing.renewals:
            return 0
    return LEFT_OUT


def is_renewed(spans: list[tuple[float, ...]], over: float, instant: float, grace_days: int) -> bool:
    in_force = any(start <= instant < until for _, start, _, until in spans)
    return in_force or any(start > instant and day - over <= grace_days for day, start, _, _ in spans)


def id_of(row: Row) -> tuple[object, ...]:
    return row.time, *row.signals.values()


def check(shape: Shape, *, features: bool = True) -> None:
    block = scene(shape)
    setting = plan(block, shape)
    table = build_snapshots([block], setting, threads=1)
    names = [spec.name for spec in table.specs]
    asked = [(cutoff, customer) for cutoff in CUTOFFS for customer in range(block.n_customers)]
    status = {pair: expected_status(block, setting, pair[1], pair[0]) for pair in asked}
    population = [pair for pair in asked if status[pair] == 2]
    logs = [{role: rows_of(events, customer) for role, events in block.logs.items()} for customer in range(block.n_customers)]
    assert list(zip(table.cutoff.tolist(), table.customer.tolist(), strict=True)) == population
    counts = np.array([[[status[k, c] for c in range(block.n_customers)].count(s) for k in CUTOFFS] for s in (2, 1, 0)])
    np.testing.assert_array_equal(counts, [table.active, table.inactive, table.no_history])
    for row, (cutoff, customer) in enumerate(population):
        assert table.churned[row] == expected_label(block, setting, customer, cutoff), (cutoff, customer)
        if not features:
            continue
        expected = expected_features(logs[customer], setting, cutoff)
        assert sorted(expected) == sorted(names)
        actual = dict(zip(names, table.features[row].tolist(), strict=True))
        for name in names:
            assert actual[name] == pytest.approx(float(expected[name]), nan_ok=True, **ROUNDING), (name, cutoff, customer)


@pytest.mark.parametrize("late", [0.0, 0.01, 0.2, 1.0])
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (2, 3))])
def test_features_population_and_labels_equal_plain_python(seed: int, late: float) -> None:
    """On both clocks: no row known late, few, many, and every one."""
    shape = Shape(seed, customers=32 if late == 0.01 else 16, late=late)
    lags = [events.visible_day - events.day - 1 for events in scene(shape).logs.values() if events.visible_day is not None]
    share = float(np.mean(np.concatenate(lags) > 0)) if lags else 0.0
    assert share == late if late in {0.0, 1.0} else 0.0 < share < 2 * late + 0.02
    check(shape)


@pytest.mark.parametrize(
    "shape",
    [
        Shape(20, label=NOT_ACTIVE, late=0.1),
        Shape(21, combine="all", rules=(Rule(source="shop", days=90), Rule(source="app", days=90))),
        Shape(22, rules=(Rule(source="shop", days=30, measure="amount", at_least=10.01),), label=NOT_ACTIVE),
        Shape(
            23,
            rules=(Rule(source="shop", days=90, where="gift"), Rule(source="app", days=90, measure="duration", at_least=20.0)),
        ),
        Shape(24, late=0.1, rules=(Rule(source="help", days=90), Rule(source="crm", days=30, where="gift"))),
        Shape(25, rules=(Rule(source="help", days=90, measure="severity", at_least=3.0),), label=NOT_ACTIVE),
        Shape(26, late=0.2, rules=(CONTRACTS,), label=NOT_ACTIVE),
        Shape(27, late=0.2, rules=(Rule(source="contracts", in_force=True, where="gift"), Rule(source="app", days=30))),
        Shape(28, late=0.1, rules=(Rule(source="contracts", in_force=True, at_least=2, grace_days=30),), label=NOT_ACTIVE),
        Shape(29, combine="all", rules=(CONTRACTS, Rule(source="shop", days=90)), label=NOT_ACTIVE),
    ],
    ids=["not_active", "all", "money", "marked", "touches", "severity", "terms", "any term", "two terms", "terms and events"],
)
def test_every_kind_of_rule_equals_plain_python(shape: Shape) -> None:
    check(shape)


MARKED = Rule(source="contracts", in_force=True, grace_days=3, where="gift")
NOTICED = Label(kind="cancel", cancel=Cancel(source="crm", where="gift"))
BOUGHT = Rule(source="shop", days=90, measure="amount")


@pytest.mark.parametrize(
    "shape",
    [
        Shape(30, 150, late=0.2, rules=(CONTRACTS,), label=Label(kind="contract_end")),
        Shape(31, 150, rules=(Rule(source="contracts", in_force=True),), label=Label(kind="contract_end")),
        Shape(32, 150, rules=(CONTRACTS, MARKED, Rule(source="shop", days=30)), label=Label(kind="contract_end")),
        Shape(37, 150, late=0.2, rules=(CONTRACTS,), label=Label(kind="contract_end"), renewals=1, due_days=(7, 17)),
        Shape(38, 150, rules=(MARKED, Rule(source="contracts", in_force=True)), label=Label(kind="contract_end"), renewals=2),
        Shape(33, late=0.2, rules=(CONTRACTS,), label=Label(kind="cancel")),
        Shape(34, late=0.2, rules=(CONTRACTS,), label=NOTICED),
        Shape(35, 32, late=0.2, label=Label(kind="partial", share=0.5)),
        Shape(36, 32, rules=(BOUGHT,), label=Label(kind="partial", share=0.9)),
    ],
    ids=[
        "contract_end",
        "without grace",
        "several rules",
        "renewal",
        "two renewals",
        "cancel",
        "cancelled elsewhere",
        "partial",
        "partial money",
    ],
)
def test_every_kind_of_label_equals_plain_python(shape: Shape) -> None:
    check(shape, features=False)


def test_every_family_has_an_oracle() -> None:
    assert {family.name for family in FAMILIES} == set(ORACLES)


def test_scoring_rows_list_every_customer() -> None:
    shape = Shape(3, late=0.1)
    block = scene(shape)
    cutoff = CUTOFFS[1]
    setting = plan(block, shape, cutoffs=(cutoff,))
    rows = build_scoring_rows([block], setting)
    assert rows.status.tolist() == [expected_status(block, setting, customer, cutoff) for customer in range(block.n_customers)]
    assert rows.table.customer.tolist() == np.flatnonzero(rows.status == 2).tolist()
    assert np.isnan(rows.days_since_last_event).tolist() == (rows.status == 0).tolist()


@pytest.fixture(scope="module")
def everybody() -> tuple[Block, dict[str, Feature]]:
    """Every feature of everybody at every cutoff, whether or not they are in the population."""
    shape = Shape(5, customers=60)
    block = scene(shape)
    setting = plan(block, shape)
    seen = {role: setting.grid.see(events) for role, events in block.logs.items()}
    with np.errstate(all="ignore"):
        return block, {feature.name: feature for _, feature in build(setting.families, setting.logs(seen))}


def test_missing_is_said_of_exactly_the_features_that_can_be_missing(everybody: tuple[Block, dict[str, Feature]]) -> None:
    said = {name for name, feature in everybody[1].items() if feature.missing != NEVER_MISSING}
    seen = {name for name, feature in everybody[1].items() if np.isnan(feature.values).any()}
    assert seen - said == set()
    assert said - seen == set()


def test_nothing_is_infinite(everybody: tuple[Block, dict[str, Feature]]) -> None:
    assert [name for name, feature in everybody[1].items() if np.isinf(feature.values).any()] == []


def test_a_sentence_never_names_a_missing_number(everybody: tuple[Block, dict[str, Feature]]) -> None:
    block, features = everybody
    for k, c in np.ndindex(len(CUTOFFS), block.n_customers):
        values = {name: float(feature.values[k, c]) for name, feature in features.items()}
        assert not [name for name, feature in features.items() if "nan" in feature.say(values[name], values).lower()]
