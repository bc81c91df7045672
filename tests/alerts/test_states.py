"""An alert is fired once, whatever days the runs are made on; it is open while its cause is there."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from churnscope.alerts import STILL, Alert, Cause, Limits, Window, changed

LAST = 60


def cause(subject: str = "C-1", seen: int = 10, over: int = STILL, *, rule: str = "waits", weight: float = 1.0) -> Cause:
    return Cause(rule, subject, True, str(seen), seen - 1, seen, over, {"weight": weight})


@dataclass
class Memory:
    """A store, and runs on it."""

    start: int = 1
    late_days: int = 3
    limits: Limits = field(default_factory=Limits)
    last: int | None = None
    alerts: dict[str, Alert] = field(default_factory=dict)
    held: int = 0

    def run(self, as_of: int, causes: list[Cause]):
        """A run that sees what has come to light by then."""
        seen = [replace(each, over=each.over if each.over <= as_of else STILL) for each in causes if each.seen <= as_of]
        window = Window.after(self.last, as_of, start=self.start, late_days=self.late_days)
        change = changed(seen, list(self.alerts.values()), window, self.limits)
        assert not self.alerts.keys() & {alert.alert_id for alert in change.fired}
        self.alerts |= {alert.alert_id: alert for alert in change.fired}
        for alert_id, day in change.resolved.items():
            self.alerts[alert_id] = replace(self.alerts[alert_id], resolved=day)
        self.last = as_of
        return change

    def told(self) -> set[tuple[str, int | None]]:
        return {(alert.alert_id, alert.resolved) for alert in self.alerts.values()}


CAUSES = st.lists(
    st.builds(
        lambda rule, subject, seen, lasts: cause(subject, seen, min(seen + lasts, STILL), rule=rule),
        st.sampled_from(["waits", "silent"]),
        st.sampled_from(["C-1", "C-2", "C-3"]),
        st.integers(1, LAST),
        st.sampled_from([1, 2, 5, 30, STILL]),
    ),
    max_size=25,
    unique_by=lambda each: (each.rule, each.subject, each.seen),
)
SPLITS = st.sets(st.integers(1, LAST - 1), max_size=20).map(lambda days: [*sorted(days), LAST])


@settings(max_examples=200, deadline=None)
@given(CAUSES, SPLITS, SPLITS, st.integers(0, 10), st.integers(0, 12))
def test_the_same_alerts_are_fired_however_the_days_are_shared_out(causes, some, others, late_days, quiet_days) -> None:
    limits = Limits(quiet_days={"waits": quiet_days})
    memories = []
    for days in (some, others):
        memory = Memory(late_days=late_days, limits=limits)
        for day in days:
            memory.run(day, causes)
            memory.run(day, causes)  # again on the same day: nothing new
        memories.append(memory)
    assert memories[0].told() == memories[1].told()
    loud = {each.alert_id for each in causes if each.rule == "silent" or not quiet_days}
    assert loud <= set(memories[0].alerts)


def test_an_alert_is_new_then_open_then_resolved_on_the_day_its_cause_is_gone() -> None:
    memory, there = Memory(), [cause(seen=10, over=15)]
    memory.run(9, there)
    memory.run(11, there)
    (alert,) = memory.alerts.values()
    assert (alert.since, alert.found, alert.state(11), alert.state(12)) == (9, 11, "new", "open")
    memory.run(14, there)
    assert next(iter(memory.alerts.values())).resolved is None
    assert memory.run(20, there).resolved == {alert.alert_id: 15}


def test_a_cause_that_is_not_found_any_more_is_gone_as_of_the_run() -> None:
    memory = Memory()
    memory.run(11, [cause()])
    assert list(memory.run(12, []).resolved.values()) == [12]


def test_an_alert_does_not_come_back_with_the_same_cause() -> None:
    memory = Memory()
    memory.run(11, [cause()])
    memory.run(12, [])
    change = memory.run(13, [cause()])
    assert change.fired == ()
    assert change.resolved == {}


def test_what_began_and_ended_between_runs_is_fired_and_resolved_at_once() -> None:
    (alert,) = Memory().run(20, [cause(seen=10, over=12)]).fired
    assert (alert.found, alert.resolved) == (20, 12)


def test_nothing_before_the_start_is_fired() -> None:
    assert Memory(start=10).run(20, [cause(seen=9), cause(seen=10)]).fired[0].seen == 10


def test_rows_that_arrive_late_are_told_of_as_long_as_the_config_says() -> None:
    memory = Memory(late_days=3)
    memory.run(20, [])
    assert [alert.seen for alert in memory.run(21, [cause(seen=17), cause(seen=18), cause(seen=19)]).fired] == [18, 19]


def test_an_alert_keeps_others_of_the_same_rule_and_customer_quiet() -> None:
    causes = [cause(seen=day) for day in (10, 13, 16, 17)] + [cause("C-2", 11), cause(seen=11, rule="silent")]
    memory = Memory(limits=Limits(quiet_days={"waits": 7}))
    change = memory.run(20, causes)
    assert [(alert.rule, alert.subject, alert.seen) for alert in change.fired] == [
        ("waits", "C-1", 10),
        ("silent", "C-1", 11),
        ("waits", "C-2", 11),
        ("waits", "C-1", 17),
    ]
    assert change.quiet == {"waits": 2}
    assert not any(memory.run(21, causes).quiet.values())


def test_the_weightiest_are_told_of_and_the_others_counted() -> None:
    causes = [cause(f"C-{n}", 10, weight=n) for n in range(5)] + [cause("C-9", 10, over=11, weight=9)]
    fired = Memory(limits=Limits(most={"waits": 2})).run(20, causes).fired
    assert {alert.subject for alert in fired if alert.is_held} == {"C-0", "C-1", "C-2"}


def test_of_those_that_weigh_the_same_the_newest_are_told_of() -> None:
    causes = [cause(f"C-{n}", 10 + n) for n in range(4)]
    fired = Memory(limits=Limits(most={"waits": 1})).run(20, causes).fired
    assert [alert.subject for alert in fired if not alert.is_held] == ["C-3"]


def test_what_goes_by_the_clock_fires_whenever_it_is_seen() -> None:
    memory = Memory(limits=Limits(clocked=frozenset({"old"})))
    old = Cause("old", "orders", False, "10", 10, 14, STILL, {})
    window = Window.after(None, 11, start=11, late_days=0)
    assert len(changed([old], [], window, memory.limits).fired) == 1
