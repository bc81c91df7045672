"""What the store remembers of alerts: which were fired, how far the days have come, and the messages on their way.

The alerts of a run, the day it came to and its messages are written in one step. A message is `waiting` until it is `sending`,
and then `sent`, or `waiting` again where the other side refused it. One that is found as `sending` belongs to a run that was
killed while it sent: it is sent again under the same id, since nobody can know whether it arrived.
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from churnscope.alerts import Alert, Change
from churnscope.outcomes.tables import ALERT_DAYS, ALERTS, MESSAGES
from churnscope.timeline import date_of, day_number

Answer = TypeVar("Answer")
WAITING, SENDING, SENT = "waiting", "sending", "sent"
_AT_ONCE: Final = 500  # keys of one statement: below every database's limit of parameters


@dataclass(frozen=True, slots=True)
class Message:
    """What a destination is to be told.

    Parameters
    ----------
    message_id : of the destination and what it is told of.
    as_of : of the run that decided on it.
    severity : the most serious of its alerts.
    tries : how often it was tried to be sent.
    was_sending : a run was killed while it sent it: it may have arrived.
    """

    message_id: str
    destination: str
    as_of: date
    severity: str
    title: str
    body: str
    tries: int = 0
    was_sending: bool = False


@dataclass(frozen=True)
class Days:
    """How far the alerts have come: the first day told of, and the day of the last run."""

    start: int
    last: int


class RememberedAlerts(ABC):
    """The part of the store that is about alerts."""

    _business: str

    @abstractmethod
    def _read(self, read: Callable[[sa.Connection], Answer]) -> Answer:
        """Answer from the store."""

    @abstractmethod
    def _written(self, write: Callable[[sa.Connection], Answer]) -> Answer:
        """Write all or nothing."""

    def alert_days(self) -> Days | None:
        """How far the alerts have come; None where none were looked for yet."""
        query = sa.select(ALERT_DAYS.c.start, ALERT_DAYS.c.last).where(ALERT_DAYS.c.business == self._business)
        row = self._read(lambda connection: connection.execute(query).one_or_none())
        return None if row is None else Days(day_number(row.start), day_number(row.last))

    def alerts(self, *, seen_from: int | None = None, ids: Collection[str] = ()) -> tuple[Alert, ...]:
        """The alerts that are open, those seen from a day on, and those of these ids; by day and id.

        Parameters
        ----------
        seen_from : None: open ones alone.
        """
        of_interest: sa.ColumnElement[bool] = ALERTS.c.resolved.is_(None)
        if seen_from is not None:
            of_interest |= ALERTS.c.seen >= date_of(seen_from)
        found = self._read(lambda connection: _alerts(connection, self._business, of_interest, ids))
        return tuple(sorted(found, key=lambda alert: (alert.seen, alert.alert_id)))

    def alerts_of(self, as_of: int) -> tuple[Alert, ...]:
        """What there is to be seen on a day: open alerts, those found by its run, and those that run resolved."""
        day = date_of(as_of)
        of_interest = ALERTS.c.resolved.is_(None) | (ALERTS.c.found == day) | (ALERTS.c.closed == day)
        found = self._read(lambda connection: _alerts(connection, self._business, of_interest, ()))
        return tuple(sorted(found, key=lambda alert: (alert.seen, alert.alert_id)))

    def record_alerts(self, days: Days, change: Change, messages: Iterable[Message]) -> None:
        """Remember what a run found, the day it came to, and the messages it decided on; all or nothing, and once."""
        kept, alerts = list(messages), [self._alert_row(alert) for alert in change.fired]

        def write(connection: sa.Connection) -> None:
            _insert_new(connection, self._business, ALERTS, ALERTS.c.alert_id, alerts)
            for alert_id, day in change.resolved.items():
                this = (ALERTS.c.business == self._business) & (ALERTS.c.alert_id == alert_id) & ALERTS.c.resolved.is_(None)
                connection.execute(ALERTS.update().where(this).values(resolved=date_of(day), closed=date_of(days.last)))
            rows = [self._message_row(message) for message in kept]
            _insert_new(connection, self._business, MESSAGES, MESSAGES.c.message_id, rows)
            ours, values = ALERT_DAYS.c.business == self._business, {"start": date_of(days.start), "last": date_of(days.last)}
            if not connection.execute(ALERT_DAYS.update().where(ours).values(**values)).rowcount:
                connection.execute(ALERT_DAYS.insert().values(business=self._business, **values))

        self._written(write)

    def unsent(self) -> tuple[Message, ...]:
        """The messages that did not arrive for sure, the oldest first."""
        query = (
            sa.select(MESSAGES)
            .where(MESSAGES.c.business == self._business, MESSAGES.c.state != SENT)
            .order_by(MESSAGES.c.as_of, MESSAGES.c.message_id)
        )
        rows = self._read(lambda connection: connection.execute(query).mappings().all())
        return tuple(_message(row) for row in rows)

    def mark_sending(self, message: Message) -> None:
        """Say so before it goes out."""
        self._mark(message, state=SENDING, tries=message.tries + 1)

    def mark_sent(self, message: Message) -> None:
        """The other side has it."""
        self._mark(message, state=SENT)

    def mark_waiting(self, message: Message) -> None:
        """The other side refused it."""
        self._mark(message, state=WAITING)

    def _mark(self, message: Message, **values: Any) -> None:
        this = (MESSAGES.c.business == self._business) & (MESSAGES.c.message_id == message.message_id)
        self._written(lambda connection: connection.execute(MESSAGES.update().where(this).values(**values)).rowcount)

    def _alert_row(self, alert: Alert) -> dict[str, Any]:
        return {
            "business": self._business,
            "alert_id": alert.alert_id,
            "rule": alert.rule,
            "subject": alert.subject,
            "is_customer": alert.is_customer,
            "since": date_of(alert.since),
            "seen": date_of(alert.seen),
            "found": date_of(alert.found),
            "resolved": None if alert.resolved is None else date_of(alert.resolved),
            "closed": None if alert.resolved is None else date_of(alert.found),
            "is_held": alert.is_held,
            "numbers": json.dumps(dict(alert.numbers)),
        }

    def _message_row(self, message: Message) -> dict[str, Any]:
        names = ("message_id", "destination", "as_of", "severity", "title", "body", "tries")
        return {name: getattr(message, name) for name in names} | {"business": self._business, "state": WAITING}


def _alerts(connection: sa.Connection, business: str, of_interest: sa.ColumnElement[bool], ids: Collection[str]) -> list[Alert]:
    query = sa.select(ALERTS).where(ALERTS.c.business == business)
    rows = {row["alert_id"]: row for row in connection.execute(query.where(of_interest)).mappings()}
    missing = sorted(set(ids) - set(rows))
    for start in range(0, len(missing), _AT_ONCE):
        piece = query.where(ALERTS.c.alert_id.in_(missing[start : start + _AT_ONCE]))
        rows |= {row["alert_id"]: row for row in connection.execute(piece).mappings()}
    return [_alert(row) for row in rows.values()]


def _alert(row: Mapping[Any, Any]) -> Alert:
    return Alert(
        alert_id=row["alert_id"],
        rule=row["rule"],
        subject=row["subject"],
        is_customer=row["is_customer"],
        since=day_number(row["since"]),
        seen=day_number(row["seen"]),
        found=day_number(row["found"]),
        resolved=None if row["resolved"] is None else day_number(row["resolved"]),
        numbers=json.loads(row["numbers"]),
        is_held=row["is_held"],
    )


def _message(row: Mapping[Any, Any]) -> Message:
    names = ("message_id", "destination", "as_of", "severity", "title", "body", "tries")
    return Message(**{name: row[name] for name in names}, was_sending=row["state"] == SENDING)


def _insert_new(
    connection: sa.Connection, business: str, table: sa.Table, key: sa.Column[Any], rows: list[dict[str, Any]]
) -> None:
    """Insert the rows whose key is not there yet."""
    for start in range(0, len(rows), _AT_ONCE):
        piece = {row[key.name]: row for row in rows[start : start + _AT_ONCE]}
        there = connection.execute(sa.select(key).where(table.c.business == business, key.in_(piece))).scalars().all()
        if new := [row for name, row in piece.items() if name not in set(there)]:
            connection.execute(table.insert(), new)
