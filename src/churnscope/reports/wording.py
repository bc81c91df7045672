"""Numbers, days and definitions as people say them."""

from __future__ import annotations

import re
import string
from math import isnan

from churnscope.config.models import Config, Rule
from churnscope.evaluation.tables import title
from churnscope.events import EVER
from churnscope.features import FeatureSpec
from churnscope.features.feature import suffix, within
from churnscope.languages import ENGLISH, Message
from churnscope.predicted import CHURN, Words
from churnscope.roles import ROLES
from churnscope.timeline import cutoff_name, date_of, is_part

_NEGATIVE = re.compile(r"(?<![\w.])-(?=\d)")
_DAYS = re.compile(r"\b(\d+)d\b")
UNKNOWN = "\u2013"  # an en dash
MINUS = "\u2212"
LABELS = {
    "no_event": "who does nothing of that kind {when}",
    "not_active": "who is not active any more, by the same rule, at the end of the time {when}",
    "contract_end": "whose contract ends {when} and is not renewed{grace}; who has none left as that time begins is left out",
    "cancel": "who gives notice of cancellation {when}",
    "partial": "who does less than {share} of what the same customer did in as many days before the cutoff, {when}; who did "
    "nothing then is left out",
    "given": "who left by the labels that were given, said to speak of the time {when}",
}
RENEWALS = (
    "whose contract is not renewed{grace} at {renewals}, as far as that lies {when}; who has none left as that time begins, or "
    "none that ends in it, is left out"
)


def day(number: int) -> str:
    """A day number as a date; in the place of a cutoff, also a part of the customers.

    Examples
    --------
    >>> day(19_781)
    '28 February 2024'
    """
    if is_part(number):
        return cutoff_name(number)
    date = date_of(number)
    return f"{date.day} {date:%B} {date.year}"


def count(number: float) -> str:
    """A whole number: 1,067,370."""
    return f"{number:,.0f}"


def counted(number: float, things: str) -> str:
    """A number of things, of which one has no plural.

    Examples
    --------
    >>> counted(1, "days"), counted(1200, "events")
    ('1 day', '1,200 events')
    """
    return f"{count(number)} {things.removesuffix('s') if number == 1 else things}"


def share(value: float, digits: int = 0) -> str:
    r"""A part of a whole, a dash where it is not defined.

    Examples
    --------
    >>> share(0.382), share(0.382, 1), share(float("nan"))
    ('38%', '38.2%', '\u2013')
    """
    return UNKNOWN if isnan(value) else f"{value:.{digits}%}"


def decimal(value: float, form: str = ".3f") -> str:
    """A figure in a form, a dash where it is not defined."""
    return UNKNOWN if isnan(value) else format(value, form).replace("-", MINUS)


def points(value: float) -> str:
    """A difference of shares, in percentage points.

    Examples
    --------
    >>> points(0.0318)
    '3.2 points'
    """
    return f"{100 * value:.1f} points"


def typeset(text: str) -> str:
    r"""A sentence of the command line as a page prints it.

    Examples
    --------
    >>> typeset("difference -0.031, 95 % interval -0.036 to -0.026")
    'difference \u22120.031, 95% interval \u22120.036 to \u22120.026'
    """
    return _NEGATIVE.sub(MINUS, text).replace(" %", "%")


def capital(text: str) -> str:
    """A text that begins a sentence; the rest of it stays as it is.

    Examples
    --------
    >>> capital("AUROC"), capital("log loss")
    ('AUROC', 'Log loss')
    """
    return f"{text[:1].upper()}{text[1:]}"


def metric(name: str, words: Words = CHURN) -> str:
    """A metric's name as a column shows it.

    Examples
    --------
    >>> metric("lift_10pct"), metric("auroc")
    ('lift at 10%', 'AUROC')
    """
    return title(name, words).replace(" %", "%")


def feature(spec: FeatureSpec) -> str:
    """A feature's name in words, its window said out.

    Examples
    --------
    >>> words = {"unit": "currency", "concept": "spend", "sentence": ""}
    >>> feature(FeatureSpec(name="spend_90d", window=90, **words)), feature(FeatureSpec(name="spend_ever", **words))
    ('spend in the last 90 days', 'spend so far')
    """
    ending = f"_{suffix(spec.window)}"
    words = _DAYS.sub(r"\1 days", spec.name.removesuffix(ending).replace("_", " "))
    seen = ENGLISH.say(Message(within(spec.window), {} if spec.window is EVER else {"days": spec.window}))
    return f"{words} {seen}" if spec.name.endswith(ending) else words


def said_of(spec: FeatureSpec) -> str:
    r"""A feature in the words of its sentence with the number left open, or its name where that names other features.

    Examples
    --------
    >>> words = {"name": "spend_90d", "unit": "currency", "concept": "spend"}
    >>> said_of(FeatureSpec(sentence="spent {value:,.2f} in the last 90 days", **words))
    'spent \u2026 in the last 90 days'
    >>> said_of(FeatureSpec(sentence="{value:.0%} of the usual", **words))
    '\u2026% of the usual'
    """
    if not _says_only_itself(spec):
        return feature(spec)
    parts = string.Formatter().parse(spec.plain)
    return "".join(f"{before}{'' if field is None else _left_open(form or '')}" for before, field, form, _ in parts)


def said_at(spec: FeatureSpec, value: float) -> str:
    """A feature at a value: its sentence, or value and name where the sentence names other features.

    Examples
    --------
    >>> words = {"name": "spend_90d", "unit": "currency", "concept": "spend", "window": 90}
    >>> said_at(FeatureSpec(sentence="spent {value:,.2f} in the last 90 days", **words), 12)
    'spent 12.00 in the last 90 days'
    >>> said_at(FeatureSpec(sentence="twice {other}", **words), 12)
    'spend in the last 90 days: 12.00'
    """
    if _says_only_itself(spec):
        return spec.say(value, {})
    return f"{feature(spec)}: {quantity(value, spec.unit)}"


def _says_only_itself(spec: FeatureSpec) -> bool:
    named = {field for _, field, _, _ in string.Formatter().parse(spec.plain) if field}
    return named == {"value"} or bool(spec.at_zero and not named)


def _left_open(form: str) -> str:
    return f"\u2026{'%' if form.endswith('%') else ''}"


def quantity(value: float, unit: str) -> str:
    """A value of a feature with its unit.

    Examples
    --------
    >>> quantity(12, "days"), quantity(0.25, "share"), quantity(1234.5, "currency"), quantity(0.5, "ratio")
    ('12 days', '25%', '1,234', '0.5')
    """
    if unit == "share":
        return share(value)
    if unit == "currency":
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.2f}"
    number = f"{value:,.0f}" if value == round(value) or abs(value) >= 10 else f"{value:.2g}"
    unnamed = not unit or unit == "ratio" or "0" in unit
    return number if unnamed else f"{number} {unit.removesuffix('s') if number == '1' else unit}"


def active_customers(config: Config) -> str:
    """Who is in the population."""
    if config.flat is not None:
        whose = " in the days that are looked at together" if config.has_days else ""
        return f"Every customer of the file{whose}."
    rules = [_rule(rule, config.sources[rule.source].role) for rule in config.activity.rules]
    together = " and " if config.activity.combine == "all" else ", or "
    if config.is_of_reactivation:
        within = config.reactivation.within_days
        last = f" The last such day, or end of a term, is at most {counted(within, 'days')} ago." if within else ""
        return f"Customers who were active once and are not now, that is, without {together.join(rules)}.{last}"
    due = config.due_days
    only = f"; of these, those with a term that ends {_ahead(*due)}" if due else ""
    return f"Customers with {together.join(rules)}{only}."


def churned_customers(config: Config) -> str:
    """Who counts as churned."""
    if config.flat is not None:
        return f"A customer of whom the file says so: {config.flat.columns.get('churned', 'no column')}."
    horizon, gap = counted(config.prediction.horizon_days, "days"), config.prediction.gap_days
    when = (
        f"in the {horizon} that begin {counted(gap, 'days')} after the cutoff"
        if gap
        else f"in the {horizon} from the cutoff on"
    )
    if config.is_of_reactivation:
        return f"A customer who was inactive at the cutoff and does something that counts as activity {when}."
    days, terms = config.activity.grace_days, config.prediction.horizon_renewals
    words = {
        "when": when,
        "grace": f" within {counted(days, 'days')}{'' if terms else ' after that'}" if days else "",
        "share": share(config.label.share),
        "renewals": "the next end that was agreed" if terms == 1 else f"one of the next {terms} ends that were agreed",
    }
    return f"An active customer {(LABELS[config.label.kind] if terms is None else RENEWALS).format(**words)}."


def time_to_act(config: Config) -> str:
    """What lies between the cutoff and the outcome."""
    if not config.has_days:
        return "Not known: the file has no date, so nobody can tell how long before the outcome its columns were written."
    gap = config.prediction.gap_days
    return (
        f"{counted(gap, 'days')} after the cutoff, before outcomes count."
        if gap
        else "None: outcomes count from the cutoff on."
    )


def _ahead(first: int, before: int) -> str:
    """Some days after the cutoff, the last of which is the one before `before`."""
    days = counted(first, "days") if before == first + 1 else f"{first} to {counted(before - 1, 'days')}"
    return f"{days} after the cutoff"


def _rule(rule: Rule, role: str) -> str:
    where = f" with {rule.where}" if rule.where else ""
    things = f"{ROLES[role].noun}s"
    if rule.in_force:
        late = f", or at most {counted(rule.grace_days, 'days')} over without a new one" if rule.grace_days else ""
        return f"at least {counted(rule.at_least, things)} of {rule.source}{where} in force{late}"
    what = counted(rule.at_least, things) if rule.measure == "events" else f"{rule.measure} of {rule.at_least:,g} or more"
    least = "at least " if rule.measure == "events" else ""
    return f"{least}{what} in {rule.source}{where} in the last {counted(rule.reach_days, 'days')}"
