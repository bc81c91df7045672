"""`alerts run`: what somebody is to be told at once, remembered in the store, written as one output set, and sent.

What a run found, the day it came to and its messages are stored in one step. Files are written and messages sent after it: a
run that is stopped in between is finished by the next one, which finds no alert twice and the messages still waiting.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from churnscope.alerts import Alert, Cause, Change, Limits, Window, changed
from churnscope.config.alerts import SEVERITIES, Alerts
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, GateError, ServiceError
from churnscope.notifying import Channel, open_channel
from churnscope.operations.exports import write_csv
from churnscope.operations.lock import locked
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import RunFacts, RunRecord, recorded
from churnscope.outcomes import Store
from churnscope.outcomes.alerts import Days, Message
from churnscope.project.alerts.alerted import AlertsResult, Delivery, RuleFigures
from churnscope.project.alerts.facts import IN_SCORES, Facts
from churnscope.project.days import as_of_day
from churnscope.project.lifecycle.score_sets import ScoreFiles
from churnscope.project.money.outcomes import store_of
from churnscope.project.results import iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.reports import alert_words
from churnscope.timeline import date_of, day_number

NAMES = ("alerts.csv", "alerts.jsonl")
STOP = "stop"
ID_DIGITS = 16
BYTES_PER_ALERT = 600
_BETWEEN = "\x1f"

logger = logging.getLogger(__name__)


class PastDayError(ConfigError):
    """The alerts have come to a later day."""


@dataclass(frozen=True)
class AlertRequest:
    """What is asked of a run.

    Parameters
    ----------
    scores : a file of scores beside those of the outputs folder.
    dry_run : find and show; write, remember and send nothing.
    wait_seconds : for another run of the same alerts.
    environment : where the addresses of destinations are read.
    """

    scores: Path | None = None
    dry_run: bool = False
    wait_seconds: float = 0
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)


def run_alerts(config: Config, as_of: int | None, progress: Progress, request: AlertRequest) -> AlertsResult:
    """Find, remember, write and send; `Project.alerts` says more."""
    settings = settings_of(config)
    channels = {} if request.dry_run else open_channels(settings, request.environment)
    folders = Folders.of(config)
    with recorded(folders.ledger, "alerts-run") as record:
        alone = locked(folders.outputs / "alerts" / ".lock", wait_seconds=request.wait_seconds)
        with alone, store_of(config) as store:
            with loaded_data(config, as_of, progress) as loaded:
                # A day that was asked for is looked at as it was; without one, the age of sources goes by the clock.
                today = loaded.as_of if as_of is not None else as_of_day("today", config)
                assert today is not None
                files = ScoreFiles.of(folders, loaded.as_of, request.scores)
                run = _Run(config, settings, loaded, store, files, today, progress)
                result = run.tried(record) if request.dry_run else run.done(record, folders)
            if not request.dry_run:
                result = replace(result, deliveries=tuple(_deliver(store, channels)))
        logger.info("%s.", result.summary)
        _end(settings, result)
    return result


def settings_of(config: Config) -> Alerts:
    """The rules of a config.

    Raises
    ------
    ConfigError : when it has none.
    """
    if config.alerts is None:
        advice = (
            'Describe when you want to be told: [alerts.rules.silent] kind = "stage", enters = ["inactive"], action = "Call."'
        )
        raise ConfigError("The config has no [alerts].", advice)
    return config.alerts


def open_channels(settings: Alerts, environment: Mapping[str, str]) -> dict[str, Channel]:
    """The channels of all destinations, before anything is read, written or sent.

    Raises
    ------
    ConfigError : when one cannot be opened.
    """
    return {
        name: open_channel(name, destination.url_env, environment, destination.timeout_seconds)
        for name, destination in settings.destinations.items()
    }


@dataclass(frozen=True)
class _Run:
    """A config with its data, the store, and the day by the clock."""

    config: Config
    settings: Alerts
    loaded: Loaded
    store: Store
    files: ScoreFiles
    today: int
    progress: Progress

    @property
    def as_of(self) -> int:
        """First day that is not read."""
        return self.loaded.as_of

    @property
    def facts(self) -> RunFacts:
        """All that decides which causes there are."""
        rules = json.dumps(self.settings.model_dump(mode="json"), sort_keys=True)
        options = {"rules": hashlib.sha256(rules.encode()).hexdigest()}
        if any(rule.kind == "freshness" for rule in self.settings.rules.values()):
            options["today"] = iso(self.today)
        if any(rule.kind in IN_SCORES for rule in self.settings.rules.values()):
            options |= self.files.since(self.as_of - self.settings.late_days).hashes()  # the same before a run and after it
        return facts_of("alerts run", self.config, self.loaded, options=options)

    @property
    def limits(self) -> Limits:
        """What keeps rules from being told of too often."""
        rules = self.settings.rules
        return Limits(
            quiet_days={name: rule.quiet_days for name, rule in rules.items() if rule.quiet_days},
            most={name: rule.most for name, rule in rules.items() if rule.most is not None},
            clocked=frozenset(name for name, rule in rules.items() if rule.kind == "freshness"),
        )

    def tried(self, record: RunRecord) -> AlertsResult:
        """What a run would find and say."""
        record.run_id, record.as_of, record.outcome = self.facts.run_id, self.facts.as_of, "dry run"
        days = self.store.alert_days()
        change = self._changed(days)
        before = [alert for alert in self.store.alerts() if alert.alert_id not in change.resolved]
        closed = [alert for alert in self.store.alerts() if alert.alert_id in change.resolved]
        rules = self._figures([*before, *change.fired], resolved=len_by_rule(closed))
        messages = tuple((message.destination, f"{message.title}\n\n{message.body}") for message in self._messages(change))
        return self._result(rules, change, self._window(days), messages=messages)

    def done(self, record: RunRecord, folders: Folders) -> AlertsResult:
        """Store what is found, and write the files."""
        days, facts = self.store.alert_days(), self.facts
        record.run_id, record.as_of = facts.run_id, facts.as_of
        outputs = OutputSet(folders.outputs / "alerts" / iso(self.as_of), NAMES)
        with outputs.held():
            was_done = days is not None and days.last >= self.as_of and outputs.is_intact(facts.run_id)
            if days is not None and days.last > self.as_of and not was_done:
                raise PastDayError(
                    f"--as-of {iso(self.as_of)}: the alerts have come to {iso(days.last)}, and days go forward only.",
                    "Leave it out, give a later day, or look with --dry-run.",
                )
            window = self._window(days)
            change = Change((), {}, {})
            if not was_done:
                change = self._changed(days)
                self.store.record_alerts(Days(self._start(days), self.as_of), change, self._messages(change))
                alerts = self.store.alerts_of(self.as_of)
                counts = {"new": sum(alert.found == self.as_of for alert in alerts), "alerts": len(alerts)}
                outputs.write(facts, self._writers(alerts), counts, needed_bytes=BYTES_PER_ALERT * len(alerts))
            alerts = self.store.alerts_of(self.as_of)
        written = tuple(outputs.folder / name for name in outputs.names)
        rules = self._figures(alerts)
        record.counts = {"new": sum(rule.new for rule in rules.values()), "open": sum(rule.open for rule in rules.values())}
        record.counts |= {"quiet": sum(change.quiet.values())}
        record.outputs = list(map(str, written))
        return self._result(rules, change, window, written=written, manifest=outputs.manifest_path, was_done=was_done)

    def _start(self, days: Days | None) -> int:
        """The first day on which a cause has to be seen to be told of."""
        if self.settings.since is not None:
            return day_number(self.settings.since) + 1  # what happened on a day is seen on the next one
        return self.as_of - self.settings.first_days + 1 if days is None else days.start

    def _window(self, days: Days | None) -> Window:
        last = None if days is None else days.last
        return Window.after(last, self.as_of, start=self._start(days), late_days=self.settings.late_days)

    def _changed(self, days: Days | None) -> Change:
        window, limits = self._window(days), self.limits
        open_alerts = self.store.alerts()
        first = min([window.first, *(alert.seen for alert in open_alerts if alert.rule not in limits.clocked)])
        on_scores = {name for name, rule in self.settings.rules.items() if rule.kind in IN_SCORES}
        scored = self.files.since(min([window.first, *(alert.seen for alert in open_alerts if alert.rule in on_scores)]))
        causes: list[Cause] = list(Facts(self.config, self.loaded, scored, first, self.today, self.progress).causes())
        quiet = max(limits.quiet_days.values(), default=0)
        known = self.store.alerts(seen_from=first - quiet, ids={cause.alert_id for cause in causes})
        return changed(causes, known, window, limits)

    def _messages(self, change: Change) -> list[Message]:
        """One for every destination that has something to be told of."""
        messages = []
        for name, destination in self.settings.destinations.items():
            told = [each for each in self._told(change) if name in self.settings.destinations_of(each.rule)]
            if not told:
                continue
            ids = [name, *sorted(alert.alert_id for each in told for alert in each.alerts)]
            message_id = hashlib.sha256(_BETWEEN.join(ids).encode()).hexdigest()[:ID_DIGITS]
            messages.append(
                Message(
                    message_id,
                    name,
                    date_of(self.as_of),
                    alert_words.severity_of(told),
                    alert_words.title(self.config.name, self.as_of, told),
                    alert_words.body(told, names_customers=destination.names_customers, message_id=message_id),
                )
            )
        return messages

    def _told(self, change: Change) -> list[alert_words.Told]:
        """The new alerts by rule; one whose cause is gone already is in the file alone."""
        found = []
        for name, rule in self.settings.rules.items():
            ours = [alert for alert in change.fired if alert.rule == name and alert.resolved is None]
            told = sorted((alert for alert in ours if not alert.is_held), key=_order)
            if told:
                found.append(alert_words.Told(name, rule, told, len(ours) - len(told)))
        return found

    def _figures(self, alerts: Sequence[Alert], resolved: Mapping[str, int] | None = None) -> dict[str, RuleFigures]:
        """How every rule stands."""
        figures = {}
        for name, rule in self.settings.rules.items():
            ours = [alert for alert in alerts if alert.rule == name]
            new = [alert for alert in ours if alert.found == self.as_of]
            figures[name] = RuleFigures(
                rule.kind,
                rule.severity,
                new=len(new),
                open=sum(alert.resolved is None for alert in ours),
                resolved=sum(alert.resolved is not None for alert in ours) + (resolved or {}).get(name, 0),
                held_back=sum(alert.is_held for alert in new),
            )
        return figures

    def _writers(self, alerts: Sequence[Alert]) -> dict[str, Writer]:
        rows = self._rows(alerts)
        csv, lines = NAMES
        return {csv: lambda stream: write_csv(_table(rows), stream), lines: lambda stream: _write_lines(rows, stream)}

    def _rows(self, alerts: Sequence[Alert]) -> list[dict[str, object]]:
        """The most serious first; alerts of rules that are in the config no more are resolved, and left out."""
        rules, places = self.settings.rules, {name: place for place, name in enumerate(self.settings.rules)}
        states = ("new", "open", "resolved")

        def order(alert: Alert) -> tuple[object, ...]:
            severity = SEVERITIES.index(rules[alert.rule].severity)
            return severity, states.index(alert.state(self.as_of)), places[alert.rule], *_order(alert)

        return [
            {
                "alert_id": alert.alert_id,
                "severity": rules[alert.rule].severity,
                "state": alert.state(self.as_of),
                "rule": alert.rule,
                "customer_id": alert.subject if alert.is_customer else None,
                "group": None if alert.is_customer else alert.subject,
                "since": date_of(alert.since),
                "found": date_of(alert.found),
                "resolved": None if alert.resolved is None else date_of(alert.resolved),
                "what": alert_words.what(rules[alert.rule], alert),
                "action": rules[alert.rule].action,
                "held_back": alert.is_held,
                "numbers": {name: round(number, 6) for name, number in alert.numbers.items()},
            }
            for alert in sorted((alert for alert in alerts if alert.rule in rules), key=order)
        ]

    def _result(
        self,
        rules: Mapping[str, RuleFigures],
        change: Change,
        window: Window,
        *,
        messages: tuple[tuple[str, str], ...] = (),
        written: tuple[Path, ...] = (),
        manifest: Path | None = None,
        was_done: bool = False,
    ) -> AlertsResult:
        notes = []
        if not self.files.scores and (waits := [name for name, rule in self.settings.rules.items() if rule.kind in IN_SCORES]):
            notes.append(f"There are no scores yet, so that {' and '.join(waits)} cannot speak: run churnscope score.")
        return AlertsResult(
            name=self.config.name,
            as_of=self.as_of,
            since=min(window.fresh, self.as_of),
            run_id=self.facts.run_id,
            rules=rules,
            quiet=change.quiet,
            deliveries=(),
            messages=messages,
            outputs=written,
            manifest=manifest,
            was_done=was_done,
            notes=tuple(notes),
        )


def len_by_rule(alerts: Sequence[Alert]) -> dict[str, int]:
    """How many alerts there are of each rule."""
    return {name: sum(alert.rule == name for alert in alerts) for name in {alert.rule for alert in alerts}}


def _order(alert: Alert) -> tuple[float, int, str, str]:
    """By what matters most, the newest first where that is the same."""
    return -alert.weight, -alert.seen, alert.subject, alert.alert_id


def _deliver(store: Store, channels: Mapping[str, Channel]) -> list[Delivery]:
    """Send what waits, the oldest first; each is marked before and after, so that none is lost or sent twice unnoticed."""
    deliveries = []
    for message in store.unsent():
        channel = channels.get(message.destination)
        if channel is None:
            reason = "the config has no such destination any more"
        else:
            store.mark_sending(message)
            again = (
                "\n\n(This may have reached you before: a run was stopped while it was sent.)" if message.was_sending else ""
            )
            reason = channel.send(message.title, message.body + again, message.severity)
            (store.mark_waiting if reason else store.mark_sent)(message)
        if reason:
            words = "Message %s to %s was not delivered: %s. It waits for the next run."
            logger.warning(words, message.message_id, message.destination, reason)
        deliveries.append(Delivery(message.destination, message.message_id, message.title, not reason, reason))
    return deliveries


def _end(settings: Alerts, result: AlertsResult) -> None:
    """Fail where the config says that it matters; everything is written by now.

    Raises
    ------
    GateError : when data are older than a rule of severity "stop" allows.
    ServiceError : when a required destination could not be told.
    """
    stale = [name for name, rule in result.rules.items() if rule.severity == STOP and rule.open]
    if stale:
        sources = " and ".join(str(settings.rules[name].source) for name in stale)
        raise GateError(
            f"[alerts] rules.{' and '.join(stale)}: the data of {sources} are too old.", "Run again when newer files are there."
        )
    required = {name for name, destination in settings.destinations.items() if destination.required}
    missed = {each.destination: each.reason for each in result.deliveries if not each.sent and each.destination in required}
    if missed:
        name, reason = next(iter(missed.items()))
        raise ServiceError(
            f"[alerts.destinations.{name}] could not be told: {reason}.",
            "What it missed is sent by the next churnscope alerts run.",
        )


def _table(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    schema = pa.schema(
        [
            ("alert_id", pa.string()),
            ("severity", pa.string()),
            ("state", pa.string()),
            ("rule", pa.string()),
            ("customer_id", pa.string()),
            ("group", pa.string()),
            ("since", pa.date32()),
            ("found", pa.date32()),
            ("resolved", pa.date32()),
            ("what", pa.string()),
            ("action", pa.string()),
            ("held_back", pa.bool_()),
        ]
    )
    return pa.Table.from_pylist([{name: row[name] for name in schema.names} for row in rows], schema)


def _write_lines(rows: Sequence[Mapping[str, object]], stream: BinaryIO) -> int:
    """One JSON document a line, numbers included."""
    stream.writelines(f"{json.dumps(row, ensure_ascii=False, default=str)}\n".encode() for row in rows)
    return len(rows)
