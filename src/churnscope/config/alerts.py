"""When somebody is told at once: rules, and where the alerts go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field

from churnscope.config.fields import Day, Days, DaysOrZero, Name, Positive, PositiveShare, Section, Text
from churnscope.errors import ConfigError, nearest
from churnscope.roles import ROLES

if TYPE_CHECKING:
    from churnscope.config.models import Config, Source

Kind = Literal[
    "event",
    "stage",
    "probability",
    "value_at_risk",
    "open_complaint",
    "erosion",
    "onboarding_silence",
    "freshness",
]
Severity = Literal["info", "warning", "urgent", "stop"]
StageName = Literal["prospect", "nurtured", "new", "active", "loyal", "reactivated", "inactive"]

SEVERITIES: Final = ("stop", "urgent", "warning", "info")
"""The most serious first."""
EVERYBODY: Final = "all"
STAGE: Final = "stage"
BAND: Final = "risk_band"
# By kind: the keys it needs, and those it may have beside the ones that every rule has.
KEYS: Final[Mapping[str, tuple[frozenset[str], frozenset[str]]]] = {
    "event": (frozenset({"source"}), frozenset({"where", "days_open"})),
    "stage": (frozenset({"enters"}), frozenset({"comes_from"})),
    "probability": (frozenset(), frozenset({"jump", "becomes_high"})),
    "value_at_risk": (frozenset({"above"}), frozenset({"group"})),
    "open_complaint": (frozenset({"source", "days"}), frozenset({"where"})),
    "erosion": (frozenset({"above"}), frozenset()),
    "onboarding_silence": (frozenset({"days"}), frozenset()),
    "freshness": (frozenset({"source", "days"}), frozenset()),
}
_OF_ONE_KIND = frozenset().union(*(needs | may for needs, may in KEYS.values()))
OF_GROUPS = frozenset({"erosion", "freshness"})  # kinds that never name a customer


class AlertRule(Section):
    """What is told of, how serious it is, what to do about it, and who is told."""

    kind: Kind
    severity: Severity = "warning"  # stop: of freshness alone, the run then ends with exit code 5
    action: Text  # what to do, in words
    to: tuple[Name, ...] | None = None  # destinations; default: all; empty: the file alone
    most: Positive | None = None  # customers named or counted one by one in a message; the others are counted as held back
    quiet_days: DaysOrZero = 0  # after an alert of this rule on a customer, no other on the same one
    source: str | None = None
    where: str | None = None  # a flag or signal of the source: only rows where it is true count
    days_open: Days | None = None  # an alert on an event is over so long after it; default: 30
    enters: tuple[StageName, ...] = ()
    comes_from: tuple[StageName, ...] = ()  # empty: from anywhere, also from nowhere
    jump: PositiveShare | None = None  # of the churn probability, from one set of scores to the next, at least
    becomes_high: bool = False  # the risk band is high and was not in the set of scores before
    above: Annotated[float, Field(ge=0)] | None = None  # money, or the share of customers lost in a month
    group: Text | None = None  # the sum over one: all, stage, risk_band, or a type of customers, as is_loyal
    days: Days | None = None

    @property
    def open_days(self) -> int:
        """How long an alert on an event is open."""
        return self.days_open or 30


class Destination(Section):
    """Somebody who is told, by e-mail, chat or webhook: the address stands in the environment alone."""

    url_env: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]  # the variable that holds an address of apprise
    names_customers: bool = False  # customer ids go to it too, not only how many
    required: bool = False  # a message that cannot be delivered ends the run with exit code 8; it is kept all the same
    least: Severity = "info"  # only alerts at least so serious
    timeout_seconds: Annotated[float, Field(gt=0, le=300)] = 10.0


class Alerts(Section):
    """Rules and destinations."""

    rules: Annotated[dict[Name, AlertRule], Field(min_length=1)]
    destinations: dict[Name, Destination] = Field(default_factory=dict)
    since: Day | None = None  # nothing before is told of; default: first_days before the first run
    first_days: Positive = 1  # how far the first run looks back
    late_days: DaysOrZero = 7  # rows that arrive so much later than the last run looked are told of all the same

    def destinations_of(self, rule: AlertRule) -> tuple[str, ...]:
        """Who is told of alerts of a rule."""
        names = tuple(self.destinations) if rule.to is None else rule.to
        return tuple(name for name in names if is_as_serious(rule.severity, self.destinations[name].least))


def is_as_serious(severity: str, least: str) -> bool:
    """Whether an alert reaches a destination.

    Examples
    --------
    >>> is_as_serious("urgent", "warning"), is_as_serious("info", "warning")
    (True, False)
    """
    return SEVERITIES.index(severity) <= SEVERITIES.index(least)


def alert_problems(config: Config) -> Iterator[ConfigError]:
    """What contradicts itself in `[alerts]`."""
    if config.alerts is None:
        return
    for name, rule in config.alerts.rules.items():
        where = f"[alerts] rules.{name}"
        yield from _keys(where, rule)
        yield from _kind(where, rule)
        yield from _source(where, rule, config)
        for each in rule.to or ():
            if each not in config.alerts.destinations:
                what = f"{where} to: there is no destination {each!r}."
                yield ConfigError(what, nearest(each, config.alerts.destinations) if config.alerts.destinations else _DESCRIBE)


_DESCRIBE = 'Describe it: [alerts.destinations.team] url_env = "CHURNSCOPE_ALERT_URL".'


def _keys(where: str, rule: AlertRule) -> Iterator[ConfigError]:
    """Every kind has the keys it needs and no others."""
    needs, may = KEYS[rule.kind]
    given = {key for key in _OF_ONE_KIND if getattr(rule, key) != AlertRule.model_fields[key].default}
    for key in sorted(needs - given):
        yield ConfigError(f'{where}: a rule of kind "{rule.kind}" needs {key}.', "It has no default: write it.")
    for key in sorted(given - needs - may):
        has = ", ".join(sorted(needs | may))
        yield ConfigError(f'{where} {key}: a rule of kind "{rule.kind}" has no such key.', f"It has: {has}.")


def _kind(where: str, rule: AlertRule) -> Iterator[ConfigError]:
    if rule.kind == "probability" and rule.jump is None and not rule.becomes_high:
        yield ConfigError(f"{where}: nothing is told of.", "Give jump = 0.2, or becomes_high = true, or both.")
    if rule.kind == "erosion" and rule.above is not None and rule.above > 1:
        yield ConfigError(f"{where} above: more than all customers.", "Write a share of customers a month, as 0.05.")
    if rule.severity == "stop" and rule.kind != "freshness":
        yield ConfigError(f'{where} severity: "stop" is for rules of kind "freshness" alone.', 'Write "urgent".')
    if rule.quiet_days and (rule.kind in OF_GROUPS or rule.group is not None):
        yield ConfigError(f"{where} quiet_days: its alerts name no customer.", "Leave it out.")


def _can_tell(kind: Kind, source: Source) -> bool:
    """Whether rules of a kind can be about a source."""
    if kind == "open_complaint":
        return source.role == "support"
    return "time" in source.columns and (kind == "freshness" or source.role == "campaigns" or ROLES[source.role].is_activity)


def _source(where: str, rule: AlertRule, config: Config) -> Iterator[ConfigError]:
    if rule.source is None or "source" not in KEYS[rule.kind][0]:
        return
    wanted = {name: source for name, source in config.sources.items() if _can_tell(rule.kind, source)}
    if rule.source not in wanted:
        noun = {"open_complaint": "source of support", "freshness": "source with days"}.get(rule.kind, "source of events")
        advice = nearest(rule.source, wanted) if wanted else "Add one."
        yield ConfigError(f"{where} source: {rule.source!r} is no {noun}.", advice)
        return
    source = wanted[rule.source]
    if rule.kind == "open_complaint" and "resolved" not in source.columns:
        yield ConfigError(f"{where}: {rule.source} does not say when tickets are resolved.", "Map columns.resolved.")
    flags = [*source.signals, *(column for column in ("is_return", "failed", "auto_renew") if column in source.columns)]
    if rule.where is not None and rule.where not in flags:
        advice = nearest(rule.where, flags) if flags else f"Declare it: [sources.{rule.source}] signals.{rule.where} = ..."
        yield ConfigError(f"{where} where: {rule.source} has no flag or signal {rule.where!r}.", advice)
