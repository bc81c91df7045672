"""What processes, key events and occasions demand of the other parts of a config."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from churnscope.config.attributes import left_out
from churnscope.config.models import Config, Source
from churnscope.config.processes import Occasion, Process, Step
from churnscope.errors import ConfigError, nearest
from churnscope.roles import ROLES

BIRTHDAY = "birthday"


def known_occasions(config: Config) -> dict[str, Occasion]:
    """By name: birthdays, where a source tells them, and those that are declared."""
    sources = [name for name, source in config.sources.items() if source.role == "customers" and BIRTHDAY in source.columns]
    found = {BIRTHDAY: Occasion(source=sources[0], column=BIRTHDAY)} if sources else {}
    return found | config.occasions


def process_problems(config: Config) -> Iterator[ConfigError]:
    """What contradicts itself in `[processes]`, `[key_events]` and `[occasions]`."""
    for name, process in config.processes.items():
        for step in process.all_steps:
            yield from _step(f"[processes.{name}]", step, process.steps[0].source or "", config)
        yield from _by(f"[processes.{name}]", process, config)
    for name, mark in config.key_events.events.items():
        yield from _source_and_mark(f"[key_events] events.{name}", mark.source, mark.where, config.sources)
    for name, occasion in config.occasions.items():
        yield from _occasion(f"[occasions.{name}]", occasion, config.sources)


def _step(where: str, step: Step, first: str, config: Config) -> Iterator[ConfigError]:
    source = step.source or first
    found = list(_source_and_mark(where, source, step.where, config.sources))
    yield from found
    if step.at is None or source not in config.sources:
        return
    told = config.sources[source]
    clocks = [*ROLES[told.role].clocks, *(["end"] if told.rolling else [])]
    mapped = [name for name in dict.fromkeys(clocks) if name in told.columns or (told.rolling and name == "end")]
    if step.at not in mapped:
        yield ConfigError(f"{where} at: {source} has no further time {step.at!r}.", nearest(step.at, mapped))


def _by(where: str, process: Process, config: Config) -> Iterator[ConfigError]:
    for name in {step.source for step in process.all_steps if step.source in config.sources}:
        assert name is not None
        carried = _carried(config.sources[name], ("text", "number", "money", "date"))
        if process.by is not None and process.by not in carried:
            yield ConfigError(f"{where} by: {name} has no column {process.by!r}.", nearest(process.by, carried))


def _source_and_mark(where: str, source: str, mark: str | None, sources: Mapping[str, Source]) -> Iterator[ConfigError]:
    events = [name for name, each in sources.items() if ROLES[each.role].is_activity or each.role == "campaigns"]
    if source not in events:
        yield ConfigError(f"{where} source: {source!r} is no source of events.", nearest(source, events))
        return
    flags = _carried(sources[source], ("flag",))
    flags += ["is_return"] if sources[source].role == "purchases" else []
    if mark is not None and mark not in flags:
        advice = nearest(mark, flags) if flags else f"Declare it: [sources.{source}] signals.{mark} = ..."
        yield ConfigError(f"{where} where: {source} has no flag or signal {mark!r}.", advice)


def _occasion(where: str, occasion: Occasion, sources: Mapping[str, Source]) -> Iterator[ConfigError]:
    source = sources.get(occasion.source)
    if source is None or ROLES[source.role].is_state:
        yield ConfigError(f"{where} source: there is no source {occasion.source!r}.", nearest(occasion.source, sources))
        return
    role = ROLES[source.role]
    possible = [*role.clocks, *(["end"] if source.rolling else [])]
    possible = [name for name in possible if name in source.columns or source.rolling]
    if role.since:
        dates = [column.name for column in role.columns if column.kind == "date" and column.name in source.columns]
        possible = [*dates, *(["time"] if "time" in source.columns else []), *source.attributes]
    if occasion.column not in possible:
        yield ConfigError(
            f"{where} column: {occasion.source} has no date {occasion.column!r}.", nearest(occasion.column, possible)
        )
    elif occasion.column in left_out(source):
        yield ConfigError(
            f"{where} column: {occasion.column} of {occasion.source} is not read, for it may change.",
            f'Write static = ["{occasion.column}"] there when it does not.',
        )


def _carried(source: Source, kinds: tuple[str, ...]) -> list[str]:
    """What the rows of a source carry of some kinds, and its signals."""
    mapped = [name for name in source.columns if _kind(source.role, name) in kinds]
    return [*mapped, *source.signals]


def _kind(role: str, name: str) -> str:
    return {column.name: column.kind for column in ROLES[role].columns}.get(name, "")
