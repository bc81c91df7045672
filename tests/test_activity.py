"""Who is active and who left, by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from churnscope.activity import CENSORED, LEFT_OUT, Activity, churned
from churnscope.config.models import Activity as ActivityConfig
from churnscope.config.models import Cancel, Label, Rule
from churnscope.errors import InputError
from churnscope.events import Events, Grid
from churnscope.events.block import NO_DAY
from churnscope.timeline import Timing

DAY = 86_400_000_000
PLACES = {"shop": ("purchases", 0), "outlet": ("purchases", 1), "app": ("engagement", 0), "contracts": ("subscriptions", 0)}
SHOP = (Rule(source="shop", days=30),)


def rows(*day_numbers: int, **signals: list[float]) -> Events:
    day = np.array(day_numbers, np.int32)
    arrays = {name: np.array(values) for name, values in signals.items()}
    return Events(1, np.zeros(len(day), np.int32), day * np.int64(DAY), day, arrays)


def activity(*rules: Rule, combine: str = "any") -> Activity:
    return Activity(ActivityConfig(rules=rules, combine=combine), PLACES, resolution=0.01)


def is_active(definition: Activity, **logs: Events) -> bool:
    grid = Grid([100], definition.windows)
    return definition.active({role: grid.see(events) for role, events in logs.items()}).item()


@pytest.mark.parametrize(("day", "active"), [(69, False), (70, True), (99, True), (100, False)])
def test_a_rule_reads_the_days_before_the_cutoff(day: int, *, active: bool) -> None:
    assert is_active(activity(*SHOP), purchases=rows(day)) is active


def test_at_least_so_many() -> None:
    twice = activity(Rule(source="shop", days=30, at_least=2))
    assert not is_active(twice, purchases=rows(60, 90))
    assert is_active(twice, purchases=rows(80, 90))


def test_returns_never_count() -> None:
    assert not is_active(activity(*SHOP), purchases=rows(90, is_return=[True]))


def test_rows_of_another_source_do_not_count() -> None:
    assert not is_active(activity(*SHOP), purchases=rows(90, source=[1]))
    assert is_active(activity(Rule(source="outlet", days=30)), purchases=rows(90, source=[1]))


def test_money_is_compared_in_currency() -> None:
    rule = activity(Rule(source="shop", days=30, measure="amount", at_least=0.3))
    assert is_active(rule, purchases=rows(90, 91, amount=[10, 20]))
    assert not is_active(rule, purchases=rows(90, 91, amount=[10, 19]))


def test_numbers_and_marks_of_a_source() -> None:
    longer = activity(Rule(source="app", days=30, measure="duration", at_least=2.5))
    assert is_active(longer, engagement=rows(90, 91, 92, duration=[1.0, np.nan, 1.5]))
    paid = activity(Rule(source="app", days=30, where="paid"))
    assert is_active(paid, engagement=rows(90, 91, paid=[0.0, 2.0]))
    assert not is_active(paid, engagement=rows(90, 91, paid=[0.0, np.nan]))


@pytest.mark.parametrize(("combine", "active"), [("any", True), ("all", False)])
def test_rules_combine(combine: str, *, active: bool) -> None:
    both = activity(Rule(source="shop", days=30), Rule(source="app", days=30), combine=combine)
    assert is_active(both, purchases=rows(90), engagement=rows()) is active


def test_days_since_the_newest_qualifying_event() -> None:
    both = activity(Rule(source="shop", days=30), Rule(source="app", days=30))
    seen = {"purchases": Grid([100], [30]).see(rows(90)), "engagement": Grid([100], [30]).see(rows())}
    assert both.days_since_last(seen).item() == 10


def terms(*spans: tuple[int, int | None], ended: dict[int, int] | None = None, **signals: list[float]) -> Events:
    """Terms (first day, day of the agreed end), which `ended` ends before that by their place; None: open-ended."""
    events = rows(*(start for start, _ in spans), **signals)
    agreed = np.array([NO_DAY if end is None else end for _, end in spans])
    early = np.array([(ended or {}).get(place, NO_DAY) for place in range(len(spans))])
    clocks = {"end": agreed, "ended": early}
    days = {f"{name}_day": day for name, day in clocks.items()}
    instants = {name: np.where(day == NO_DAY, 0, day * DAY) for name, day in clocks.items()}
    return replace(events, signals={**events.signals, **days, **instants})


def in_force(grace_days: int = 0, **keys: object) -> Rule:
    return Rule(source="contracts", in_force=True, grace_days=grace_days, **keys)


@pytest.mark.parametrize(
    ("span", "active"),
    [((99, 200), True), ((100, 200), False), ((50, None), True), ((50, 101), True), ((50, 100), True), ((50, 99), False)],
    ids=["began before", "begins on the cutoff", "open-ended", "ends after", "ends at the cutoff itself", "ended before"],
)
def test_a_term_is_in_force_from_its_start_to_its_end(span: tuple[int, int | None], *, active: bool) -> None:
    assert is_active(activity(in_force()), subscriptions=terms(span)) is active


@pytest.mark.parametrize(("ended", "active"), [(98, False), (99, False), (100, True), (150, True)])
def test_a_term_that_ended_early_is_over_once_that_is_told(ended: int, *, active: bool) -> None:
    assert is_active(activity(in_force()), subscriptions=terms((50, 200), ended={0: ended})) is active


@pytest.mark.parametrize(("end", "active"), [(86, True), (85, False)])
def test_in_the_days_of_grace_a_renewal_is_awaited(end: int, *, active: bool) -> None:
    assert is_active(activity(in_force(14)), subscriptions=terms((50, end))) is active


def test_of_overlapping_terms_the_last_end_counts() -> None:
    assert is_active(activity(in_force()), subscriptions=terms((50, 150), (60, 70)))
    assert not is_active(activity(in_force()), subscriptions=terms((50, 80), (60, 70)))


@pytest.mark.parametrize(
    ("spans", "active"),
    [
        (((50, 150), (60, 150)), True),
        (((50, 90), (60, 150)), True),  # one of them ended in the days of grace
        (((50, 85), (60, 150)), False),
        (((50, 95), (95, 150)), False),  # a renewal is no second term
    ],
)
def test_so_many_terms_at_one_time(spans: tuple[tuple[int, int], ...], *, active: bool) -> None:
    assert is_active(activity(in_force(14, at_least=2)), subscriptions=terms(*spans)) is active


def test_terms_of_a_kind() -> None:
    service = activity(in_force(where="is_service"))
    assert not is_active(service, subscriptions=terms((50, 150), is_service=[False]))
    assert is_active(service, subscriptions=terms((50, 150), (60, 160), is_service=[False, True]))


@pytest.mark.parametrize(("combine", "active"), [("any", True), ("all", False)])
def test_terms_and_events_combine(combine: str, *, active: bool) -> None:
    both = activity(in_force(), Rule(source="shop", days=30), combine=combine)
    assert is_active(both, purchases=rows(60), subscriptions=terms((50, None))) is active


def label(kind: str, *day_numbers: int, as_of: int = 200, definition: Activity | None = None) -> int:
    """Gap 5 and horizon 20 after cutoff 100: the outcome window is [105, 125)."""
    cutoffs, timing = np.array([100], np.int32), Timing(horizon_days=20, gap_days=5)
    logs = {"purchases": rows(*day_numbers)}
    return churned(definition or activity(*SHOP), Label(kind=kind), logs, cutoffs=cutoffs, timing=timing, as_of=as_of).item()


@pytest.mark.parametrize(("day", "churned"), [(99, 1), (104, 1), (105, 0), (124, 0), (125, 1)])
def test_no_event_reads_the_outcome_window_alone(day: int, churned: int) -> None:
    assert label("no_event", day) == churned


@pytest.mark.parametrize(("day", "churned"), [(94, 1), (95, 0), (104, 0), (124, 0), (125, 1)])
def test_not_active_reads_the_definition_at_its_end(day: int, churned: int) -> None:
    assert label("not_active", day) == churned


@pytest.mark.parametrize(("as_of", "censored"), [(124, True), (125, False)])
def test_an_outcome_that_is_not_over_is_censored(as_of: int, *, censored: bool) -> None:
    assert (label("no_event", 110, as_of=as_of) == CENSORED) is censored


def given(*labelled: tuple[int, bool], cutoffs: tuple[int, ...] = (100, 130)) -> list[int]:
    days, left = zip(*labelled, strict=True)
    logs, timing = {"labels": rows(*days, churned=list(left))}, Timing(horizon_days=20)
    told = churned(activity(*SHOP), Label(kind="given"), logs, cutoffs=np.array(cutoffs, np.int32), timing=timing, as_of=131)
    return told.ravel().tolist()


def test_given_labels_speak_of_their_own_cutoff() -> None:
    assert given((100, True), (130, False)) == [1, 0]
    assert given((99, True), (101, True), (131, True)) == [CENSORED, CENSORED]
    assert given((130, True), (130, True)) == [CENSORED, 1]


def test_given_labels_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match="1 given labels differ from another one of the same customer and cutoff"):
        given((100, True), (100, False))


def of_rows(*told: tuple[int, int, float], cutoffs: tuple[int, ...] = (100, 130), together: int = 1) -> list[list[int]]:
    """Labels of two customers by the rows (customer, day, label) of a flat file."""
    customer, day, label = (np.array(values) for values in zip(*sorted(told), strict=True))
    events = Events(2, customer.astype(np.int32), day.astype(np.int64), day.astype(np.int32), {"churned": label.astype(float)})
    said = {"timing": Timing(horizon_days=20), "as_of": 131, "days_together": together}
    given_label, days = Label(kind="given"), np.array(cutoffs, np.int32)
    return churned(activity(*SHOP), given_label, {"snapshot": events}, cutoffs=days, **said).tolist()


def test_a_row_of_a_flat_file_is_that_of_the_cutoff_after_its_day() -> None:
    assert of_rows((0, 99, 1), (1, 129, 0)) == [[1, CENSORED], [CENSORED, 0]]
    assert of_rows((0, 98, 1), (0, 100, 1), (1, 128, 0), (1, 130, 0)) == [[CENSORED, CENSORED], [CENSORED, CENSORED]]


def test_rows_of_several_days_are_looked_at_together_and_the_newest_one_tells() -> None:
    assert of_rows((0, 95, 0), (0, 98, 1), (1, 100, 1), (1, 120, 0), together=30) == [[1, CENSORED], [CENSORED, 0]]
    assert of_rows((0, 95, 1), (0, 98, np.nan), (1, 70, 1), (1, 69, 0), together=30) == [[CENSORED, 1], [CENSORED, CENSORED]]


def test_rows_of_one_day_that_differ_are_refused() -> None:
    with pytest.raises(InputError, match="1 rows have another label than a row of the same customer and day"):
        of_rows((0, 99, 1), (0, 99, 0))


def contract_label(*spans: tuple[int, int | None], kind: str = "contract_end", as_of: int = 200, **keys: object) -> int:
    """Gap 5, horizon 20 and 7 days of grace after cutoff 100: contracts end in [105, 125) and are renewed within 7 days."""
    cutoffs, definition = np.array([100], np.int32), activity(in_force(7))
    timing = Timing(20, 5, grace_days=7 if kind == "contract_end" else 0)
    logs = {"subscriptions": terms(*spans, **keys)}
    return churned(definition, Label(kind=kind), logs, cutoffs=cutoffs, timing=timing, as_of=as_of).item()


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(50, 104)], LEFT_OUT),
        ([(50, 105)], 1),
        ([(50, 124)], 1),
        ([(50, 125)], 0),
        ([(50, None)], 0),
        ([(50, 110), (110, 140)], 0),
        ([(50, 110), (117, 140)], 0),
        ([(50, 110), (118, 140)], 1),
        ([(50, 110), (60, 150)], 0),
        ([(50, 110), (60, 105)], 1),
        ([(50, 110), (117, 120), (128, 150)], 1),
        ([(50, 104), (105, 140)], 0),
        ([(50, 104), (106, 140)], LEFT_OUT),
        ([(50, 104), (105, 110)], 1),
    ],
    ids=[
        "ended in the gap",
        "ends on the first day of the window",
        "ends on its last day",
        "ends after it",
        "open-ended",
        "renewed at once",
        "renewed on the last day of grace",
        "renewed a day too late",
        "another one in force",
        "another one was shorter",
        "the renewal ends, and the next is too late",
        "ended in the gap and renewed by the window",
        "ended in the gap and renewed in the window",
        "ended in the gap, and its renewal ends",
    ],
)
def test_contract_end(spans: list[tuple[int, int | None]], expected: int) -> None:
    assert contract_label(*spans) == expected


@pytest.mark.parametrize(("ended", "expected"), [(104, LEFT_OUT), (105, 1), (124, 1), (125, 0)])
def test_a_contract_that_ends_before_it_was_agreed_ends_then(ended: int, expected: int) -> None:
    assert contract_label((50, 300), ended={0: ended}) == expected


@pytest.mark.parametrize(
    ("spans", "ended", "due"),
    [
        (((50, 109),), None, False),
        (((50, 110),), None, True),
        (((50, 116),), None, True),
        (((50, 117),), None, False),
        (((100, 110),), None, False),
        (((50, None),), None, False),
        (((50, 110),), 99, False),
        (((50, 110),), 100, True),
        (((50, 150), (60, 110)), None, True),
    ],
    ids=[
        "a day too early",
        "first day",
        "last day",
        "a day too late",
        "not begun",
        "open-ended",
        "ended before",
        "ended at the cutoff, which is not told",
        "one of two",
    ],
)
def test_due_is_whose_agreed_end_lies_so_far_ahead(
    spans: tuple[tuple[int, int | None]], ended: int | None, *, due: bool
) -> None:
    logs = {"subscriptions": Grid([100], []).see(terms(*spans, ended={} if ended is None else {0: ended}))}
    assert activity(in_force()).due(logs, 10, 17).item() is due


@pytest.mark.parametrize(
    ("renewals", "spans", "expected"),
    [
        (1, [(50, 110)], 1),
        (1, [(50, 110), (117, 120)], 0),
        (1, [(50, 110), (118, 150)], 1),
        (1, [(50, 117)], 1),
        (1, [(50, 118)], LEFT_OUT),
        (1, [(50, 118), (118, 150)], LEFT_OUT),
        (1, [(50, None)], LEFT_OUT),
        (1, [(50, 104)], LEFT_OUT),
        (2, [(50, 110), (110, 117)], 1),
        (2, [(50, 110), (110, 117), (117, 150)], 0),
        (2, [(50, 110), (110, 118), (118, 150)], LEFT_OUT),
        (2, [(50, 110)], 1),
    ],
)
def test_renewals_are_counted_within_the_horizon(renewals: int, spans: list[tuple[int, int | None]], expected: int) -> None:
    """The window is [105, 125) and the grace of 7 days has to lie in it: ends of [105, 118) tell."""
    timing, cutoffs = Timing(20, 5, renewals=renewals), np.array([100], np.int32)
    kind, logs = Label(kind="contract_end"), {"subscriptions": terms(*spans)}
    assert churned(activity(in_force(7)), kind, logs, cutoffs=cutoffs, timing=timing, as_of=125).item() == expected


def test_a_term_that_ended_early_and_was_renewed_is_no_agreed_end() -> None:
    timing, cutoffs = Timing(20, 5, renewals=1), np.array([100], np.int32)
    logs = {"subscriptions": terms((50, 300), (108, 116), (116, 400), ended={0: 108})}
    told = churned(activity(in_force(7)), Label(kind="contract_end"), logs, cutoffs=cutoffs, timing=timing, as_of=125)
    assert told.item() == 0
    logs = {"subscriptions": terms((50, 300), (108, 400), ended={0: 108})}
    told = churned(activity(in_force(7)), Label(kind="contract_end"), logs, cutoffs=cutoffs, timing=timing, as_of=125)
    assert told.item() == LEFT_OUT


@pytest.mark.parametrize(("as_of", "expected"), [(131, CENSORED), (132, 1)])
def test_an_end_is_known_when_the_days_of_grace_are_over(as_of: int, expected: int) -> None:
    assert contract_label((50, 110), as_of=as_of) == expected


@pytest.mark.parametrize(("end", "expected"), [(117, 1), (118, 0), (125, 0)])
def test_a_customer_whose_contract_is_over_longer_than_the_grace_is_not_active(end: int, expected: int) -> None:
    assert contract_label((50, end), kind="not_active") == expected


def test_without_a_new_term_there_is_no_event() -> None:
    assert contract_label((50, 300), kind="no_event") == 1
    assert contract_label((50, 110), (110, 300), kind="no_event") == 0


@pytest.mark.parametrize(("day", "expected"), [(104, 0), (105, 1), (124, 1), (125, 0), (NO_DAY, 0)])
def test_cancel_is_when_notice_is_given(day: int, expected: int) -> None:
    """Before the window it was given already; the contract stays in force until its end."""
    notice = {"cancelled": [0 if day == NO_DAY else day * DAY], "cancelled_day": [day]}
    assert contract_label((50, 300), kind="cancel", **notice) == expected


@pytest.mark.parametrize(("where", "expected"), [(None, 1), ("is_notice", 0)])
def test_cancel_can_be_rows_of_another_source(where: str | None, expected: int) -> None:
    label, cutoffs = Label(kind="cancel", cancel=Cancel(source="app", where=where)), np.array([100], np.int32)
    logs = {"purchases": rows(90), "engagement": rows(110, 130, is_notice=[False, True])}
    assert churned(activity(*SHOP), label, logs, cutoffs=cutoffs, timing=Timing(20, 5), as_of=200).item() == expected


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        ((80, 90, 105), 0),
        ((80, 90, 104), 1),
        ((80, 90, 125), 1),
        ((80, 85, 90, 124), 1),
        ((79, 110), LEFT_OUT),
        ((100, 110), LEFT_OUT),
    ],
    ids=["half is kept", "in the gap", "after the window", "less than half", "long ago", "from the cutoff on"],
)
def test_partial_is_below_a_share_of_the_level_before(days: tuple[int, ...], expected: int) -> None:
    assert label("partial", *days) == expected


def test_partial_of_money_takes_its_share_exactly() -> None:
    spent = activity(Rule(source="shop", days=30, measure="amount"))
    logs = {"purchases": rows(90, 110, amount=[30, 9])}
    for share, expected in ((0.3, 0), (0.31, 1)):
        told = Label(kind="partial", share=share)
        cutoffs = np.array([100], np.int32)
        assert churned(spent, told, logs, cutoffs=cutoffs, timing=Timing(20, 5), as_of=200).item() == expected
