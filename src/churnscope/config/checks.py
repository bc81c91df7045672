"""What one value of a config demands of another: names that must exist, times that must fit."""

from __future__ import annotations

import re
import zoneinfo
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from churnscope.config.alerts import alert_problems
from churnscope.config.attributes import has_history
from churnscope.config.budget import budget_problems
from churnscope.config.call_list import call_list_problems, fields_of
from churnscope.config.campaigns import arm_sources
from churnscope.config.flat import ROLE as FLAT
from churnscope.config.models import COLUMN_TYPES, Cancel, Config, Rule, Source
from churnscope.config.problems import refuse_all
from churnscope.config.process_checks import process_problems
from churnscope.config.winning_back import TOLD
from churnscope.errors import ConfigError, InputError, nearest
from churnscope.expressions import may_be_header, parse_expression
from churnscope.roles import ROLES
from churnscope.timeline import Timing, date_of, day_number, split_by_time

EVENTS = "events"
# What a number can be added up from; `events` counts rows instead.
_ADDABLE = ("money", "number")
_FORMAT_PARTS = frozenset("aAbBcdfgGHIjmMnpSuUVwWxXyYzZ%")
_RESERVED_SIGNALS = frozenset({EVENTS, "source", "minute_of_day", "own_day"})


def check_config(config: Config, origin: str = "config") -> None:
    """Refuse a config whose parts contradict each other.

    Parameters
    ----------
    origin : how messages name the config, such as its path.

    Raises
    ------
    ConfigError : naming every contradiction found.
    """
    refuse_all(origin, _problems(config))


def _problems(config: Config) -> list[ConfigError]:
    """All contradictions between the parts of a config, in the order of its file."""
    return [
        *_time_zone("time_zone", config.time_zone),
        *(problem for name, source in config.sources.items() for problem in _source(f"[sources.{name}]", source)),
        *_some_events(config),
        *_label(config),
        *_alone(config),
        *_uplift(config),
        *(problem for number, rule in enumerate(config.activity.rules, 1) for problem in _rule(number, rule, config)),
        *_due(config),
        *_renewals(config),
        *_cutoffs(config),
        *_repeated("[features] windows_days", config.features.windows_days),
        *_repeated("[features] families", config.features.families),
        *_repeated("[evaluation] lift_shares", config.evaluation.lift_shares),
        *_repeated("[evaluation] segments", config.evaluation.segments),
        *_tuned_trees(config),
        *_profit(config),
        *call_list_problems(config),
        *_win_back(config),
        *budget_problems(config),
        *alert_problems(config),
        *_plan(config),
        *process_problems(config),
    ]


def _plan(config: Config) -> Iterator[ConfigError]:
    for number, line in enumerate(config.plan.lines if config.plan else (), start=1):
        if line.action not in config.actions:
            advice = nearest(line.action, config.actions) if config.actions else "Describe it, as in [actions.call]."
            yield ConfigError(f"[plan] lines #{number} action: there is no action {line.action!r}.", advice)


def _win_back(config: Config) -> Iterator[ConfigError]:
    """Steps have names of their own, and messages name what is known."""
    if config.win_back is None:
        return
    steps = config.win_back.steps
    yield from _repeated("[win_back] steps name", [step.name for step in steps])
    if config.win_back.to_days < config.win_back.from_days:
        yield ConfigError("[win_back] to_days: nobody is inactive for so few days.", "Make it from_days at least.")
    for step in steps:
        where = f"[win_back] steps {step.name} message"
        for message in step.message:
            try:
                unknown = fields_of(message) - set(TOLD)
            except ValueError:
                yield ConfigError(f"{where}: a brace is not closed.", "Write {offer} for a value, {{ for a brace.")
                continue
            yield from (
                ConfigError(f"{where}: nothing is known as {{{name}}}.", nearest(name, TOLD)) for name in sorted(unknown)
            )


def _time_zone(where: str, name: str | None) -> Iterator[ConfigError]:
    if name is None or name in (zones := zoneinfo.available_timezones()):
        return
    close = nearest(name, zones)
    advice = close if close.startswith("Did") else "Write a name of the IANA list, such as Europe/London or UTC."
    yield ConfigError(f"{where}: there is no time zone {name!r}.", advice)


def _some_events(config: Config) -> Iterator[ConfigError]:
    if not _event_sources(config):
        roles = ", ".join(name for name, role in ROLES.items() if role.is_activity)
        yield ConfigError("[sources]: no source holds events.", f"Add one of the role {roles}.")


def _label(config: Config) -> Iterator[ConfigError]:
    """What a kind of label is read from has to be there."""
    kind, terms = config.label.kind, [rule for rule in config.activity.rules if rule.in_force]
    notice = any("cancelled" in config.sources[rule.source].columns for rule in terms if rule.source in config.sources)
    where = f'[label] kind: "{kind}"'
    if kind == "given" and not any(source.role in {"labels", FLAT} for source in config.sources.values()):
        yield ConfigError(f"{where}, but no source holds labels.", "Add a source of the role labels.")
    if kind == "contract_end" and not terms:
        yield ConfigError(f"{where}, but no rule of [activity] counts terms.", "Add a rule with in_force = true.")
    if kind == "cancel" and config.label.cancel is None and not notice:
        advice = "Map the column cancelled of a source that a rule with in_force = true counts, or give [label] cancel."
        yield ConfigError(f"{where}, but nothing says when that was.", advice)
    if kind == "partial":
        yield from _level(where, config)
    if config.label.cancel is not None:
        yield from _cancellations(config, config.label.cancel)


def _level(where: str, config: Config) -> Iterator[ConfigError]:
    rules = config.activity.rules
    if any(rule.in_force for rule in rules):
        yield ConfigError(f"{where}, and terms in force have no level.", "Count events or amounts in [activity] rules.")
    if len({rule.measure for rule in rules}) > 1:
        yield ConfigError(f"{where}, and the [activity] rules measure different things.", "Give all rules the same measure.")


def _cancellations(config: Config, cancel: Cancel) -> Iterator[ConfigError]:
    where, possible = "[label] cancel", _event_sources(config)
    if config.label.kind != "cancel":
        yield ConfigError(f'{where}: the kind is "{config.label.kind}".', 'Write kind = "cancel", or leave this key out.')
    if cancel.source not in possible:
        yield ConfigError(f"{where} source: {cancel.source!r} is no source of events.", nearest(cancel.source, possible))
        return
    source = config.sources[cancel.source]
    flags = [*_mapped(source, ("flag",), told_with_row=False), *source.signals]
    yield from _marks(where, cancel.source, cancel.where, flags)


def _marks(where: str, source: str, name: str | None, flags: Sequence[str]) -> Iterator[ConfigError]:
    """A flag or signal that is named has to be there."""
    if name is not None and name not in flags:
        advice = nearest(name, flags) if flags else f"Declare it: [sources.{source}] signals.{name} = ..."
        yield ConfigError(f"{where} where: {source} has no flag or signal {name!r}.", advice)


def _alone(config: Config) -> Iterator[ConfigError]:
    """A flat file is a whole table to learn from: nothing is built beside it."""
    if config.flat is None:
        return
    if len(config.sources) > 1:
        yield ConfigError(
            f"[sources]: a source of the role {FLAT} stands alone.",
            "Beside events, what a customer is like is a source of the role customers, and who left one of the role labels.",
        )
    if config.label.kind != "given":
        yield ConfigError(
            f'[label] kind: "{config.label.kind}", but a flat file has no events.', 'Leave it out: it is "given".'
        )
    if not config.has_days and config.flat.delay_days:
        yield ConfigError("[sources] delay_days: the rows have no time.", "Leave it out, or map columns.date.")


def _uplift(config: Config) -> Iterator[ConfigError]:
    """What is asked of a campaign has to be told by a source."""
    asked, arms = config.uplift, arm_sources(config)
    if asked.source is not None and asked.source not in arms:
        what = f"[uplift] source: {asked.source!r} tells no arms."
        yield ConfigError(what, nearest(asked.source, arms) if arms else "Add a source of the role campaigns.")
        return
    told = {name for each in ([asked.source] if asked.source else arms) for name in config.sources[each].columns}
    for key, is_needed in (("campaign", asked.campaign is not None), ("outcome", asked.outcome == "outcome")):
        if is_needed and key not in told:
            yield ConfigError(f"[uplift] {key}: no source of arms has a column {key}.", "Map it, or leave this key out.")


def _event_sources(config: Config) -> list[str]:
    return [name for name, source in config.sources.items() if ROLES[source.role].is_activity]


def _source(where: str, source: Source) -> Iterator[ConfigError]:
    yield from _columns(where, source)
    yield from _signals(where, source)
    yield from _attributes(where, source)
    yield from _expressions(where, source)
    yield from _rolling(where, source)
    yield from _types(where, source)
    yield from _reading(where, source)
    yield from _time_zone(f"{where} time_zone", source.time_zone)


def _columns(where: str, source: Source) -> Iterator[ConfigError]:
    role = ROLES[source.role]
    known = [role.key(column.name) for column in role.columns]
    for name in map(role.key, source.columns):
        if name not in known:
            yield ConfigError(f"{where} columns.{name}: {source.role} have no such column.", nearest(name, known))
    for name in role.required:
        if name not in source.columns:
            meaning = role.column(name).meaning
            key = f"{where} columns.{role.key(name)}"
            yield ConfigError(f"{key}: this key is missing.", f"Name the column that holds {meaning}.")


def _signals(where: str, source: Source) -> Iterator[ConfigError]:
    role = ROLES[source.role]
    taken = {*_RESERVED_SIGNALS, *role.carried, *(column.name for column in role.columns)}
    for key, names in (("signals", source.signals), ("attributes", source.attributes)):
        for name in names:
            if name in taken:
                yield ConfigError(f"{where} {key}.{name}: this name has a meaning already.", "Choose another one.")


def _attributes(where: str, source: Source) -> Iterator[ConfigError]:
    """What is told of customers stands under attributes, what is carried by events under signals."""
    role = ROLES[source.role]
    if not role.has_attributes:
        for key in ("attributes", "static"):
            if getattr(source, key):
                yield ConfigError(f"{where} {key}: {source.role} have none.", "Write columns of your own under signals.")
        return
    if source.signals:
        yield ConfigError(f"{where} signals: {source.role} have none.", "Write columns of your own under attributes.")
    if source.static and role.is_state:
        yield ConfigError(f"{where} static: a row tells of its own day.", "Leave it out.")
        return
    changing = [item.name for item in role.columns if item.changes and item.name in source.columns]
    known = [*source.attributes, *changing]
    for name in source.static:
        if name not in known:
            yield ConfigError(f"{where} static: there is no attribute {name!r}.", nearest(name, known))
    if source.static and has_history(source):
        yield ConfigError(f"{where} static: columns.{role.since} tells all changes.", "Leave one of the two out.")
    if "valid_to" in source.columns and not has_history(source):
        yield ConfigError(f"{where} columns.valid_to: columns.{role.since} is missing.", "Name both, or none.")


def _expressions(where: str, source: Source) -> Iterator[ConfigError]:
    for key, text in source.texts:
        if may_be_header(text):  # whether it is one shows when the file is opened
            continue
        try:
            parse_expression(text, where=f"{where} {key}")
        except ConfigError as problem:
            yield problem


def _rolling(where: str, source: Source) -> Iterator[ConfigError]:
    """What a contract of many terms cannot say."""
    if source.rolling is None:
        return
    if source.role != "subscriptions":
        yield ConfigError(
            f"{where} rolling: {source.role} have no terms.", "Leave it out; it belongs to the role subscriptions."
        )
        return
    if (source.rolling.months is None) == (source.rolling.days is None):
        yield ConfigError(f"{where} rolling: it gives the length of a term once.", "Write { months = 1 } or { days = 30 }.")
    for name in ("end", "due", "paid", "failed"):
        if name in source.columns:
            advice = "Leave it out; when the contract is over stands in `ended`." if name == "end" else "Leave it out."
            yield ConfigError(f"{where} columns.{name}: it is told of one term, and a rolling contract has many.", advice)


def _types(where: str, source: Source) -> Iterator[ConfigError]:
    for column, kind in source.types.items():
        if kind not in COLUMN_TYPES and not _is_date_format(kind):
            yield ConfigError(
                f"{where} types.{column}: {kind!r} is no type.",
                f"Write one of {', '.join(COLUMN_TYPES)}, or a format such as %Y-%m-%d %H:%M:%S.",
            )


def _is_date_format(kind: str) -> bool:
    parts = re.findall(r"%-?(.?)", kind)
    return bool(parts) and all(part in _FORMAT_PARTS for part in parts)


def _reading(where: str, source: Source) -> Iterator[ConfigError]:
    if source.row_number and (len(source.files) > 1 or source.join):
        yield ConfigError(f"{where} row_number: lines are numbered within one file.", "Name one file, and join none.")
    if source.format == "parquet" and "csv" in source.model_fields_set:
        yield ConfigError(f"{where} csv: the files are Parquet.", "Leave it out.")
    if len({source.csv.delimiter, source.csv.quote, source.csv.decimal}) < 3:
        yield ConfigError(f"{where} csv: delimiter, quote and decimal are not three different characters.", "Check the file.")
    if "known" in source.columns and source.delay_days:
        yield ConfigError(
            f"{where} delay_days: columns.known says already when a row became known.", "Leave one of the two out."
        )
    if not ROLES[source.role].many_per_customer and source.overlap != "keep":
        yield ConfigError(f"{where} overlap: {source.role} have one row each.", 'Leave it out, or write "keep".')


def _rule(number: int, rule: Rule, config: Config) -> Iterator[ConfigError]:
    where = f"[activity] rules #{number}"
    possible = _event_sources(config)
    if rule.source not in config.sources:
        yield ConfigError(f"{where} source: there is no source {rule.source!r}.", nearest(rule.source, possible))
        return
    source = config.sources[rule.source]
    told = {item.name: item.told for item in ROLES[source.role].columns if item.name in source.columns}
    for key, name in (("measure", rule.measure), ("where", rule.where)):
        if name is not None and told.get(name, "time") != "time":
            yield ConfigError(
                f"{where} {key}: {rule.source} tell {name} later than the row; past cutoffs would know better.",
                "Take a column that is known when the row is.",
            )
            return
    if rule.source not in possible:
        yield ConfigError(f"{where} source: {rule.source} holds {source.role}, not events.", nearest(rule.source, possible))
        return
    yield from _span(where, rule, source)
    measures = [EVENTS, *_mapped(source, _ADDABLE), *source.signals]
    if rule.measure not in measures:
        yield ConfigError(f"{where} measure: {rule.source} has no {rule.measure!r} to add up.", nearest(rule.measure, measures))
    flags = [*_mapped(source, ("flag",)), *source.signals]
    yield from _marks(where, rule.source, rule.where, flags)


def _span(where: str, rule: Rule, source: Source) -> Iterator[ConfigError]:
    """Events count over so many days, terms while they are in force."""
    if not rule.in_force:
        if rule.days is None:
            yield ConfigError(f"{where} days: this key is missing.", "Say over how many days back events count.")
        if rule.grace_days:
            yield ConfigError(f"{where} grace_days: only what is in force has days of grace.", "Add in_force = true.")
        return
    if source.role != "subscriptions":
        what = f"{rule.source} holds {source.role}; only terms of contracts are in force."
        yield ConfigError(f"{where} in_force: {what}", "Leave it out, and give days.")
    for key, is_given in (("days", rule.days is not None), ("measure", rule.measure != EVENTS)):
        if is_given:
            yield ConfigError(f"{where} {key}: it speaks of events, and terms in force are counted.", "Leave it out.")


def _mapped(source: Source, kinds: Sequence[str], *, told_with_row: bool = True) -> list[str]:
    """Names of the mapped columns of these kinds; those told with the row alone, where the past must not know better later."""
    columns = [column for column in ROLES[source.role].columns if column.kind in kinds]
    columns = [column for column in columns if column.told == "time" or not told_with_row]
    return [column.name for column in columns if column.name in source.columns]


def _tuned_trees(config: Config) -> Iterator[ConfigError]:
    if config.model.estimator is not None and config.model.trials:
        yield ConfigError(
            "[model] trials: they tune the boosted trees, and an estimator takes their place.", "Leave out one of the two."
        )


def _profit(config: Config) -> Iterator[ConfigError]:
    """Where not even a customer sure to leave is worth a contact, there is nothing to decide."""
    profit = config.profit
    if profit is None:
        return
    amounts = ["amount" in source.columns for source in config.sources.values() if source.role == "purchases"]
    if profit.one_value is None and not (config.values_contracts or (amounts and all(amounts))):
        yield ConfigError(
            '[profit] value = "customer": without amounts of purchases, or prices of contracts in force, nothing tells what '
            "each customer is worth.",
            "Map the column amount of every source of purchases or the price of contracts, or give one value for all.",
        )
    if profit.one_value is not None and profit.acceptance * (profit.one_value - profit.offer_cost) <= profit.contact_cost:
        yield ConfigError(
            "[profit]: a contact costs more than it can bring, even where the customer is sure to leave.",
            "Check value, acceptance and the costs: acceptance * (value - offer_cost) has to be above contact_cost.",
        )


def _repeated(where: str, values: Sequence[object]) -> Iterator[ConfigError]:
    twice = [str(value) for value, times in Counter(values).items() if times > 1]
    if twice:
        yield ConfigError(f"{where}: {', '.join(twice)} stands there more than once.", "Write each value once.")


def _renewals(config: Config) -> Iterator[ConfigError]:
    """Agreed ends that are counted have to be reached in the horizon."""
    if config.timing.renewals is None:
        return
    where, grace_days = "[prediction] horizon_renewals", config.activity.grace_days
    yield from _agreed(where, config)
    if config.label.kind != "contract_end":
        yield ConfigError(f'{where}: the label is of the kind "{config.label.kind}".', 'Write kind = "contract_end".')
    if config.prediction.horizon_days <= grace_days:
        what = f"{where}: no end and its {grace_days} days of grace lie in the horizon."
        yield ConfigError(what, "Make horizon_days longer than grace_days, and as long as the terms.")


def _due(config: Config) -> Iterator[ConfigError]:
    """Terms that are looked at before they end have to end neither in the gap nor after the horizon."""
    if config.due_days is None:
        return
    where, gap_days, (first, before) = "[prediction] days_before_end", config.prediction.gap_days, config.due_days
    yield from _agreed(where, config)
    if first < gap_days:
        yield ConfigError(f"{where}: terms would end in the gap of {gap_days} days.", "Make it as long as the gap at least.")
    if config.label.kind == "contract_end" and before > gap_days + config.prediction.horizon_days:
        what = f"{where}: terms that end {before - 1} days ahead, as spacing_days has it, end after the horizon."
        yield ConfigError(what, f"Make horizon_days {before - gap_days} at least.")


def _agreed(where: str, config: Config) -> Iterator[ConfigError]:
    """Some counted term has to have an end that was agreed."""
    sources = [config.sources[rule.source] for rule in config.activity.rules if rule.in_force and rule.source in config.sources]
    if not any(source.rolling or "end" in source.columns for source in sources):
        yield ConfigError(f"{where}: no rule of [activity] counts terms that end.", "Add one with in_force = true; map `end`.")


def _cutoffs(config: Config) -> Iterator[ConfigError]:
    prediction = config.prediction
    days = [day_number(day) for day in prediction.cutoffs]
    if not days:
        return
    where = "[prediction] cutoffs"
    if days != sorted(set(days)):
        yield ConfigError(f"{where}: the days do not rise.", "Write each day once, the oldest first.")
        return
    timing = config.timing
    yield from _without_split(where, days, timing)
    yield from _incomplete(where, days, timing, config)
    due = {"spacing_days"} if prediction.days_before_end is not None else set()
    for key in ("most_cutoffs", "spacing_days", "history_days"):
        if key in prediction.model_fields_set - due:
            yield ConfigError(f"[prediction] {key}: it plans cutoffs, and they are listed.", "Leave out this key or cutoffs.")


def _without_split(where: str, days: Sequence[int], timing: Timing) -> Iterator[ConfigError]:
    try:
        split_by_time(days, timing)
    except InputError as error:
        closed = timing.outcome_end(0)
        advice = f"List cutoffs over at least {2 * closed} days, such as three that are {closed} days apart."
        yield ConfigError(f"{where}: {error.what}", advice)


def _incomplete(where: str, days: Sequence[int], timing: Timing, config: Config) -> Iterator[ConfigError]:
    if config.complete_through is None:
        return
    end = day_number(config.complete_through) + 1
    late = [day for day in days if not timing.is_complete(day, end)]
    if late:
        newest = config.complete_through + timedelta(days=1 + days[-1] - timing.outcome_end(days[-1]) - timing.delay_days)
        yield ConfigError(
            f"{where}: the outcome of {date_of(late[0])} ends after complete_through {config.complete_through}.",
            f"The newest possible cutoff is {newest}.",
        )
