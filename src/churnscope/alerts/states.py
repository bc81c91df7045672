"""What becomes of alerts: new where a cause is seen for the first time, open while it is there, resolved when it is gone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from churnscope.alerts.causes import STILL, Cause


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert as it is remembered.

    Parameters
    ----------
    since, seen : of its cause.
    found : the day of the run that found it.
    resolved : the day from which its cause was gone; None while it is open.
    numbers : of its cause, as they were when it was found.
    is_held : whether the limit of its rule kept it from being told of; it stands in the file all the same.
    """

    alert_id: str
    rule: str
    subject: str
    is_customer: bool
    since: int
    seen: int
    found: int
    resolved: int | None
    numbers: Mapping[str, float]
    is_held: bool = False

    @property
    def weight(self) -> float:
        """How much it matters among those of its rule."""
        return next(iter(self.numbers.values()), 0.0)

    def state(self, as_of: int) -> str:
        """`new`, `open` or `resolved` as of a day."""
        if self.resolved is not None:
            return "resolved"
        return "new" if self.found == as_of else "open"


@dataclass(frozen=True)
class Window:
    """Which causes a run may fire: those seen from `first` to `as_of`, both included.

    Parameters
    ----------
    fresh : the first day that no earlier run has looked at; causes before it fire only if they came to light late.
    """

    first: int
    fresh: int
    as_of: int

    @classmethod
    def after(cls, last: int | None, as_of: int, *, start: int, late_days: int) -> Window:
        """The days since the last run; those from `start` on where there was none.

        Examples
        --------
        >>> Window.after(100, 107, start=90, late_days=5), Window.after(None, 107, start=106, late_days=5).first
        (Window(first=96, fresh=101, as_of=107), 106)
        """
        fresh = start if last is None else last + 1
        return cls(max(start, fresh - late_days), fresh, as_of)


@dataclass(frozen=True)
class Limits:
    """What keeps a rule from being told of too often, by rule.

    Parameters
    ----------
    quiet_days : after an alert on a customer in which no other one is fired.
    most : alerts of a run that are told of; the weightiest are.
    clocked : rules that go by the clock: their causes fire whenever they are seen first.
    """

    quiet_days: Mapping[str, int] = field(default_factory=dict)
    most: Mapping[str, int] = field(default_factory=dict)
    clocked: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Change:
    """What a run changes.

    Parameters
    ----------
    fired : alerts that are new, the oldest cause first; those whose cause is gone already are resolved.
    resolved : alerts that were open -> the day from which the cause was gone.
    quiet : by rule, causes that were not told of since one of the same customer was, shortly before.
    """

    fired: tuple[Alert, ...]
    resolved: Mapping[str, int]
    quiet: Mapping[str, int]


def changed(causes: Iterable[Cause], known: Sequence[Alert], window: Window, limits: Limits) -> Change:
    """What the causes that are there change in what is known.

    Parameters
    ----------
    causes : every cause of every rule that is seen from the first day of the window on, or fired an alert that is open.
    known : the alerts that are open, those of these causes, and those that may keep others quiet.

    Notes
    -----
    An alert is decided by the days of causes and never by those of runs, so that the same alerts are fired however the days
    are shared out among runs.
    """
    found = {cause.alert_id: cause for cause in causes}
    ids = {alert.alert_id for alert in known}
    told: dict[tuple[str, str], list[int]] = defaultdict(list)
    for alert in known:
        told[alert.rule, alert.subject].append(alert.seen)
    fired, quiet = [], Counter[str]()
    for cause in sorted(found.values(), key=lambda each: (each.seen, each.rule, each.subject, each.key)):
        in_time = cause.rule in limits.clocked or window.first <= cause.seen <= window.as_of
        if not in_time or cause.alert_id in ids:
            continue
        apart = limits.quiet_days.get(cause.rule, 0)
        if any(abs(cause.seen - day) < apart for day in told[cause.rule, cause.subject]):
            quiet[cause.rule] += cause.seen >= window.fresh
            continue
        told[cause.rule, cause.subject].append(cause.seen)
        fired.append(_alert(cause, window.as_of))
    resolved = {
        alert.alert_id: day
        for alert in known
        if alert.resolved is None and (day := _gone(found.get(alert.alert_id), window.as_of)) is not None
    }
    return Change(_held_back(fired, limits.most), resolved, dict(quiet))


def _held_back(fired: Sequence[Alert], most: Mapping[str, int]) -> tuple[Alert, ...]:
    """The alerts, those marked that are more than a rule may tell of; one that is over already is not told of anyway."""
    held: set[str] = set()
    for rule, limit in most.items():
        ours = [alert for alert in fired if alert.rule == rule and alert.resolved is None]
        ours.sort(key=lambda alert: (-alert.weight, -alert.seen, alert.subject, alert.alert_id))
        held |= {alert.alert_id for alert in ours[limit:]}
    return tuple(replace(alert, is_held=alert.alert_id in held) for alert in fired)


def _alert(cause: Cause, as_of: int) -> Alert:
    return Alert(
        cause.alert_id,
        cause.rule,
        cause.subject,
        cause.is_customer,
        cause.since,
        cause.seen,
        as_of,
        _gone(cause, as_of),
        cause.numbers,
    )


def _gone(cause: Cause | None, as_of: int) -> int | None:
    """Since when; a cause that is not found any more is gone as of now."""
    if cause is None:
        return as_of
    return cause.over if cause.over <= as_of and cause.over != STILL else None
