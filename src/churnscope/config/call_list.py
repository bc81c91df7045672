"""What a call list demands of the other parts of a config."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator

from churnscope.config.models import CallList, Config
from churnscope.config.process_checks import known_occasions
from churnscope.errors import ConfigError, nearest
from churnscope.expressions import may_be_header, parse_expression

# The columns of a list; what is shown beside them has other names.
LIST_COLUMNS = (
    "rank",
    "customer_id",
    "agent",
    "action",
    "channel",
    "minutes",
    "item_to_offer",
    "occasion",
    "occasion_day",
    "opening",
    "churn_probability",
    "risk_band",
    "stage",
    "value_at_risk",
    "expected_gain",
    "ranked_by",
    "reason_1",
    "reason_2",
    "reason_3",
    "listed",
    "tries",
    "call_back_noted",
    "last_contact",
    "line_key",
    "campaign",
    "as_of",
    "run_id",
)
OUTCOME_COLUMNS = ("result", "called_on", "call_back", "note")  # filled in by whoever calls
TAKEN = frozenset({*LIST_COLUMNS, *OUTCOME_COLUMNS, "outcome", "callback", "day", "date", "item"})
OCCASION = "occasion"
SAID = ("agent", "campaign", "item")  # what an opening may name beside what is shown
LANGUAGE = "language"


def call_list_problems(config: Config) -> Iterator[ConfigError]:
    """What contradicts itself in `[actions]` and `[call_list]`."""
    settings = config.call_list
    yield from _useless(config)
    yield from _occasions(config)
    if settings is None:
        return
    yield from _openings(config, settings)
    if not config.actions:
        yield ConfigError("[call_list]: there is nothing to do for a customer.", "Describe it, as in [actions.call].")
    yield from _agents(settings)
    yield from _columns(settings)
    yield from _source(config, settings)
    for name, action in config.actions.items():
        if settings.reach and action.channel not in settings.reach:
            yield ConfigError(
                f"[actions.{name}] channel: [call_list] reach does not say who can be reached by {action.channel}.",
                f'Add it there: reach = {{ "{action.channel}" = ... }}.',
            )


def _useless(config: Config) -> Iterator[ConfigError]:
    """Actions that can bring nothing."""
    for name, action in config.actions.items():
        shares = action.acceptance.values() if isinstance(action.acceptance, dict) else [action.acceptance]
        if not any(shares) and not action.benefit:
            what = f"[actions.{name}] acceptance: an action that keeps nobody has to earn something else."
            yield ConfigError(what, "Give a share above 0, or a benefit: what it earns where it is taken.")


def _occasions(config: Config) -> Iterator[ConfigError]:
    known = known_occasions(config)
    for name, action in config.actions.items():
        for each in action.occasions:
            if each not in known:
                advice = nearest(each, known) if known else f"Describe it, as in [occasions.{each}], or map columns.birthday."
                yield ConfigError(f"[actions.{name}] occasions: there is no occasion {each!r}.", advice)


def fields_of(opening: str) -> set[str]:
    """What a sentence names in braces.

    Examples
    --------
    >>> fields_of("Good day {name}, this is {agent}.") == {"name", "agent"}
    True
    """
    return {field for _, field, _, _ in string.Formatter().parse(opening) if field is not None}


def _openings(config: Config, settings: CallList) -> Iterator[ConfigError]:
    for name, action in config.actions.items():
        known = [*SAID, *([OCCASION] if action.occasions else []), *settings.show]
        for opening in action.every_opening:
            where = f"[actions.{name}] opening"
            try:
                named = fields_of(opening)
            except ValueError:
                yield ConfigError(f"{where}: a brace is not closed.", "Write {name} for a value, {{ for a brace.")
                continue
            yield from (
                ConfigError(f"{where}: {{{field}}} is not shown on the list.", nearest(field, known))
                for field in sorted(named - set(known))
            )


def _agents(settings: CallList) -> Iterator[ConfigError]:
    twice = [name for name, times in Counter(agent.name.casefold() for agent in settings.agents).items() if times > 1]
    if twice:
        yield ConfigError(f"[call_list] agents: {', '.join(twice)} stands there more than once.", "Give each a name.")
    if any(agent.languages for agent in settings.agents) and LANGUAGE not in settings.show:
        yield ConfigError(
            "[call_list] agents: they have languages, and nothing says which one a customer speaks.",
            'Show it: show = { language = "Language" }.',
        )


def _columns(settings: CallList) -> Iterator[ConfigError]:
    for name in settings.show:
        if name in TAKEN:
            yield ConfigError(f"[call_list] show: {name} has a meaning on a list already.", "Choose another name.")
    texts = {f"show.{name}": text for name, text in settings.show.items()}
    texts |= {f"reach.{name}": text for name, text in settings.reach.items()}
    texts |= {} if settings.item is None else {"item": settings.item}
    for key, text in texts.items():
        if may_be_header(text):
            continue
        try:
            parse_expression(text, where=f"[call_list] {key}")
        except ConfigError as problem:
            yield problem


def _source(config: Config, settings: CallList) -> Iterator[ConfigError]:
    sources = [name for name, source in config.sources.items() if source.role == "customers"]
    if (settings.show or settings.reach) and len(sources) != 1:
        found = f"there are {len(sources)}" if sources else "there is none"
        what = f"[call_list]: show and reach are read from one source of customers, and {found}."
        yield ConfigError(what, "Leave them out, or have one.")
    if settings.item is not None and not any(source.role == "purchases" for source in config.sources.values()):
        yield ConfigError("[call_list] item: there is no source of purchases.", "Leave it out, or add one.")
