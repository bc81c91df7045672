"""What is said of alerts: of one, of a rule, and the message that somebody gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from churnscope.alerts import Alert
from churnscope.config.alerts import BAND, EVERYBODY, SEVERITIES, STAGE, AlertRule
from churnscope.lifecycle.spells import STAGES
from churnscope.reports.wording import counted, share
from churnscope.timeline import date_of

MOST_NAMED = 25  # customers of one rule in a message: more are read in the file


@dataclass(frozen=True)
class Told:
    """The new alerts of one rule, for a message.

    Parameters
    ----------
    alerts : by falling weight; those held back are not among them.
    held_back : how many more there are, by the rule's limit.
    """

    name: str
    rule: AlertRule
    alerts: Sequence[Alert]
    held_back: int


def what(rule: AlertRule, alert: Alert) -> str:
    """What an alert says, in a sentence."""
    return _SAID[rule.kind].alert(rule, alert, alert.numbers)


def meaning(rule: AlertRule) -> str:
    """When a rule speaks, in a sentence or two."""
    return _SAID[rule.kind].rule(rule)


def severity_of(told: Sequence[Told]) -> str:
    """The most serious one."""
    return min((each.rule.severity for each in told), key=SEVERITIES.index)


def title(business: str, as_of: int, told: Sequence[Told]) -> str:
    """The subject of a message.

    Examples
    --------
    >>> rule = AlertRule(kind="freshness", source="orders", days=3, severity="urgent", action="Ask for the file.")
    >>> title("corner_shop", 19_781, [Told("stale", rule, [None], 0)])
    'corner_shop: 1 new alert as of 2024-02-28, 1 urgent'
    """
    number = sum(len(each.alerts) + each.held_back for each in told)
    by_severity = (
        (name, sum(len(each.alerts) + each.held_back for each in told if each.rule.severity == name)) for name in SEVERITIES
    )
    serious = [f"{n:,} {name}" for name, n in by_severity if n and name in {"stop", "urgent"}]
    return ", ".join([f"{business}: {counted(number, 'new alerts')} as of {date_of(as_of)}", *serious])


def body(told: Sequence[Told], *, names_customers: bool, message_id: str) -> str:
    """The text of a message: by rule how many, what to do, and whom it is about where that may be said."""
    order = sorted(told, key=lambda each: (SEVERITIES.index(each.rule.severity), each.name))
    blocks = ["\n".join(_lines(each, names_customers=names_customers)) for each in order]
    return "\n\n".join([*blocks, f"Each of them stands in alerts.csv of this run. Message {message_id}."])


def _lines(told: Told, *, names_customers: bool) -> Iterator[str]:
    rule, number = told.rule, len(told.alerts) + told.held_back
    of_customers = any(alert.is_customer for alert in told.alerts)
    what_of = counted(number, "customers" if of_customers else "alerts")
    yield f"{rule.severity.upper()} {_words(told.name)}: {what_of}"
    yield meaning(rule)
    yield f"To do: {rule.action}"
    if of_customers and not names_customers:
        if told.held_back:
            yield f"Held back by the limit of {counted(rule.most or 0, 'alerts')}: {told.held_back:,}."
        return
    for alert in told.alerts[:MOST_NAMED]:
        yield f"- {subject(rule, alert)}: {what(rule, alert)}" if names_subject(rule) else f"- {what(rule, alert)}"
    more = len(told.alerts) - MOST_NAMED
    if more > 0:
        yield f"- and {more:,} more"
    if told.held_back:
        yield f"- held back by the limit of {counted(rule.most or 0, 'alerts')}: {told.held_back:,} more"


def names_subject(rule: AlertRule) -> bool:
    """Whether the sentence of an alert leaves out whom it is about."""
    return rule.kind not in {"freshness", "erosion"}


def subject(rule: AlertRule, alert: Alert) -> str:
    """Whom or what an alert is about."""
    if alert.is_customer:
        return alert.subject
    if alert.subject == EVERYBODY:
        return "All customers"
    named: Mapping[str | None, str] = {STAGE: f"Stage {alert.subject}", BAND: f"Risk band {alert.subject}"}
    return named.get(rule.group, alert.subject)


@dataclass(frozen=True)
class _Said:
    """What is said of a kind of rules: of an alert, and of when a rule speaks."""

    alert: Callable[[AlertRule, Alert, Mapping[str, float]], str]
    rule: Callable[[AlertRule], str]


def _event(rule: AlertRule, alert: Alert, numbers: Mapping[str, float]) -> str:
    return f"{counted(numbers['rows'], 'rows')} of {rule.source}{_marked(rule)} on {date_of(alert.since)}."


def _event_rule(rule: AlertRule) -> str:
    return f"There is a row of {rule.source}{_marked(rule)}."


def _marked(rule: AlertRule) -> str:
    return f" marked {rule.where}" if rule.where else ""


def _became(_rule: AlertRule, alert: Alert, numbers: Mapping[str, float]) -> str:
    now, before = _stage(numbers["stage"]), _stage(numbers["stage_before"])
    return f"Became {now} on {date_of(alert.since)}, was {before} before."


def _became_rule(rule: AlertRule) -> str:
    before = f" who was {' or '.join(rule.comes_from)}" if rule.comes_from else ""
    return f"A customer{before} becomes {' or '.join(rule.enters)}."


def _stage(code: float) -> str:
    return "not known" if code < 0 else STAGES[int(code)]


def _jumped(_rule: AlertRule, _alert: Alert, numbers: Mapping[str, float]) -> str:
    now, before = share(numbers["probability"]), share(numbers["probability_before"])
    return f"The churn probability is {now}; it was {before} in the scores before."


def _jumped_rule(rule: AlertRule) -> str:
    if rule.jump is None:
        return "The risk band becomes high."
    band = ", or the risk band becomes high" if rule.becomes_high else ""
    return f"The churn probability rises by {100 * rule.jump:g} points or more{band}."


def _at_risk(_rule: AlertRule, _alert: Alert, numbers: Mapping[str, float]) -> str:
    of = f" of {counted(numbers['customers'], 'customers')}" if "customers" in numbers else ""
    return f"{numbers['value_at_risk']:,.2f} is at risk{of}, more than {numbers['above']:,.2f}."


def _at_risk_rule(rule: AlertRule) -> str:
    of = {None: "of one customer", EVERYBODY: "of all customers together"}.get(rule.group, f"of a {_words(rule.group or '')}")
    return f"More than {rule.above:,g} is at risk {of}."


def _waits(_rule: AlertRule, alert: Alert, numbers: Mapping[str, float]) -> str:
    was = "has been" if alert.resolved is None else "was"
    return f"A ticket of {date_of(alert.since)} {was} open for {counted(numbers['days_open'], 'days')}."


def _waits_rule(rule: AlertRule) -> str:
    return f"A ticket is open for longer than {_days(rule)}."


def _eroded(_rule: AlertRule, alert: Alert, numbers: Mapping[str, float]) -> str:
    lost, of = counted(numbers["lost"], "customers"), f"{numbers['customers']:,.0f}"
    rate, most = share(numbers["attrition"], 1), share(numbers["above"], 1)
    return f"{lost} of {of} were lost in {date_of(alert.since):%Y-%m}: {rate}, more than {most}."


def _eroded_rule(rule: AlertRule) -> str:
    return f"More than {share(rule.above or 0, 1)} of the customers are lost in a month."


def _silent(rule: AlertRule, alert: Alert, _numbers: Mapping[str, float]) -> str:
    return f"First active on {date_of(alert.since)}, and not again within {_days(rule)}."


def _silent_rule(rule: AlertRule) -> str:
    return f"A new customer is not active again within {_days(rule)}."


def _old(_rule: AlertRule, alert: Alert, numbers: Mapping[str, float]) -> str:
    if "days_old" not in numbers:
        return f"Source {alert.subject} has no row."
    return f"The newest row of {alert.subject} is of {date_of(alert.since)}, {counted(numbers['days_old'], 'days')} ago."


def _old_rule(rule: AlertRule) -> str:
    return f"The newest row of {rule.source} is older than {_days(rule)}."


def _days(rule: AlertRule) -> str:
    return counted(rule.days or 0, "days")


def _words(name: str) -> str:
    return name.removeprefix("is_").replace("_", " ")


_SAID: Mapping[str, _Said] = {
    "event": _Said(_event, _event_rule),
    "stage": _Said(_became, _became_rule),
    "probability": _Said(_jumped, _jumped_rule),
    "value_at_risk": _Said(_at_risk, _at_risk_rule),
    "open_complaint": _Said(_waits, _waits_rule),
    "erosion": _Said(_eroded, _eroded_rule),
    "onboarding_silence": _Said(_silent, _silent_rule),
    "freshness": _Said(_old, _old_rule),
}
