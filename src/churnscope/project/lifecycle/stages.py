"""The lives of all customers: their spells in stages, and what divides them, from the rows of a config."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import Activity
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError
from churnscope.events import Block, Events, Observed
from churnscope.lifecycle.first_days import COHORT, FirstDays
from churnscope.lifecycle.groups import Group
from churnscope.lifecycle.making import Making, joined
from churnscope.lifecycle.months import Days
from churnscope.lifecycle.moves import Moves, month_days
from churnscope.lifecycle.spells import Spells
from churnscope.operations.logs import Progress, silent
from churnscope.project.lifecycle.dividing import Codes, Dividing
from churnscope.project.session import loaded_data

THREADS = 2
PART_CUSTOMERS = 4_096  # of one piece of work


@dataclass(frozen=True, eq=False)
class Life:
    """The lives of all customers up to a day.

    Parameters
    ----------
    ids : shape (n_customers,), by number.
    spells : the stages.
    as_of : the last day of the spells; nothing at or after it was read.
    first : the first days with a qualifying event and with a purchase.
    groups : by name, what customers are divided by, as told at `as_of`.
    moves : from month to month, where they were asked for.
    """

    ids: NDArray[np.object_]
    spells: Spells
    as_of: int
    first: FirstDays
    groups: Mapping[str, Group]
    moves: Moves | None = None


def life(config: Config, as_of: int | None, progress: Progress = silent, *, groups: Collection[str] | None = None) -> Life:
    """Read the sources of a config and tell every customer's life; `life_of` says more.

    Raises
    ------
    ConfigError : for a flat file, or a group that no source tells.
    InputError : when a file is refused.
    """
    refuse_flat(config)
    with loaded_data(config, as_of, progress) as loaded:
        return life_of(config, loaded, progress, groups=groups)


def life_of(
    config: Config,
    loaded: Loaded,
    progress: Progress = silent,
    *,
    groups: Collection[str] | None = None,
    with_moves: bool = False,
) -> Life:
    """Tell every customer's life from sources that are loaded, block by block.

    Parameters
    ----------
    groups : names of what customers are to be divided by; None: by all that the sources tell, and the month of their first
        qualifying event (`cohort`).
    with_moves : whether to count how customers move from month to month, which a forecast takes.

    Raises
    ------
    ConfigError : for a flat file, or a group that no source tells.
    """
    refuse_flat(config)
    named = None if groups is None else [name for name in groups if name != COHORT]
    dividing = Dividing.of(config, loaded, named)
    making = Making(Activity(config.activity, loaded.places, config.resolution), config.stages, loaded.as_of)
    days = month_days(loaded.as_of) if with_moves else None
    parts, moves = [], None if days is None else Moves.none(days)
    for part in _answers(loaded.blocks(), making, dividing, days, lambda done: progress("stages", done, loaded.n_customers)):
        parts.append(replace(part, moves=None))  # added up as they come: those of a part take as much room as those of all
        moves = None if moves is None or part.moves is None else moves + part.moves
    spells = joined(((part.block, part.spells) for part in parts), loaded.n_customers, making.until)
    first = FirstDays.joined([part.first for part in parts])
    told = dividing.groups([part.codes for part in parts])
    if groups is None or COHORT in groups:
        told[COHORT] = first.cohort
    return Life(loaded.ids(), spells, loaded.as_of, first, told, moves)


def refuse_flat(config: Config) -> None:
    """Refuse a flat file, which tells how customers are and not what they did.

    Raises
    ------
    ConfigError : for the config of one.
    """
    if config.flat is not None:
        raise ConfigError(
            "A flat file tells how each customer is, not what they did day by day: it has no stages of a life cycle.",
            "Describe the files of what happened (purchases, engagement, subscriptions) as sources of their roles.",
        )


@dataclass(frozen=True, eq=False)
class _Part:
    """What is told of some customers, from the number `block` on."""

    block: int
    spells: Spells
    first: FirstDays
    codes: dict[str, Codes]
    moves: Moves | None


def _answers(
    blocks: Iterable[Block], making: Making, dividing: Dividing, days: Days | None, progress: Callable[[int], None]
) -> Iterator[_Part]:
    """Parts in order; few are under way at a time, so that memory holds a block and what is told of all customers."""
    waiting: deque[Future[_Part]] = deque()

    def told() -> _Part:
        part = waiting.popleft().result()
        progress(part.block + part.spells.n_customers)
        return part

    with ThreadPoolExecutor(THREADS, "stages") as pool:
        for part in (part for block in blocks for part in block.parts(PART_CUSTOMERS)):
            waiting.append(pool.submit(_answer, part, making, dividing, days))
            if len(waiting) > THREADS:
                yield told()
        while waiting:
            yield told()


def _answer(block: Block, making: Making, dividing: Dividing, days: Days | None) -> _Part:
    with np.errstate(divide="ignore", invalid="ignore"):
        seen = _seen(block.logs, making, dividing)
        spells = making.spells(block)
        moves = None if days is None else Moves.of(making.daily(block), spells, days)
        return _Part(block.first, spells, FirstDays.of(making.activity, seen), dividing.codes(seen), moves)


def _seen(logs: Mapping[str, Events], making: Making, dividing: Dividing) -> dict[str, Observed]:
    """The rows that are known as of the day."""
    grid = dividing.plan.grid
    return {role: grid.see(rows.seen_by(making.as_of)) for role, rows in logs.items()}
