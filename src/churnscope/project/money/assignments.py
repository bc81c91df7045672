"""Who got which offer, and when: the rows of a campaign, a customer once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.config.campaigns import arm_sources
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, InputError, nearest
from churnscope.events import Block
from churnscope.levels import Level
from churnscope.roles import ROLES
from churnscope.timeline import date_of

SOURCE = "source"


@dataclass(frozen=True, eq=False)
class Assignments:
    """The customers of a campaign.

    Parameters
    ----------
    customer : shape (n,), rising.
    day : shape (n,), the cutoff as of which they are looked at: the day of the assignment; of a flat file, whose rows tell of
        the end of a day, the day after.
    arm : int8, shape (n,), 0 for control, else the number of the offer, from 1.
    outcome : float64, shape (n,), 1, 0 or NaN where it is not known.
    cost : float64, shape (n,), in currency.
    offers : names of the offers.
    left_out : why customers are left out -> how many.
    """

    customer: NDArray[np.int64]
    day: NDArray[np.int64]
    arm: NDArray[np.int8]
    outcome: NDArray[np.float64]
    cost: NDArray[np.float64]
    offers: tuple[str, ...]
    left_out: Mapping[str, int]


def arm_source(config: Config) -> str:
    """The source that tells the arms.

    Raises
    ------
    ConfigError : when there is none, or several and none is named.
    """
    found = [config.uplift.source] if config.uplift.source else arm_sources(config)
    if not found:
        raise ConfigError(
            "[sources]: no source tells who got an offer and who did not.",
            "Add a source of the role campaigns, or map columns.arm of a flat file.",
        )
    if len(found) > 1:
        raise ConfigError(f"[uplift] source: {' and '.join(found)} tell arms.", "Name one of them.")
    return found[0]


def read_assignments(config: Config, loaded: Loaded) -> Assignments:
    """The campaign of a config; of several assignments of a customer the first one counts.

    Raises
    ------
    ConfigError : when the control group or the campaign that is named is not there.
    InputError : when no row tells of it, or nobody got an offer.
    """
    name = arm_source(config)
    role, place = loaded.places[name]
    levels = loaded.texts(role, "arm")
    control = _control(config, name, levels)
    offers = [level for level in levels if level != control]
    if not offers:
        raise InputError(f"Source {name}: nobody got an offer, all are {control.name}.", "Check columns.arm.")
    keep = _campaign(config, loaded, name, role)
    parts = list(_rows(loaded.blocks(), role, place, keep))
    if not parts:
        raise InputError(
            f"Source {name} has no row of this campaign before {date_of(loaded.as_of)}.", "Check [uplift] campaign."
        )
    customer, day, code, outcome, cost = (np.concatenate(column) for column in zip(*parts, strict=True))
    number = np.full(len(code), -1, np.int8)
    for arm, level in enumerate((control, *offers)):
        number[code == level.code] = arm
    first = np.r_[True, np.diff(customer) != 0]
    begins = np.flatnonzero(first)
    mixed = np.minimum.reduceat(number, begins) != np.maximum.reduceat(number, begins)
    known = (number[begins] >= 0) & ~mixed
    rows = begins[known]
    left_out = {
        "were in more than one arm": int(mixed.sum()),
        "were in an arm too rare to be named": int((~mixed & (number[begins] < 0)).sum()),
    }
    return Assignments(
        customer[rows],
        day[rows],
        number[rows],
        outcome[rows],
        cost[rows] * config.resolution,
        tuple(level.name for level in offers),
        {why: n for why, n in left_out.items() if n},
    )


def _control(config: Config, name: str, levels: tuple[Level, ...]) -> Level:
    asked, known = config.uplift.control, [level.name for level in levels]
    for level in levels:
        if level.name == asked:
            return level
    raise InputError(
        f"Source {name} has no control group {asked!r}: what would have come without an offer is unknown.",
        f"Name the arm that got nothing under [uplift] control. {nearest(asked, known) if known else ''}".strip(),
    )


def _campaign(config: Config, loaded: Loaded, name: str, role: str) -> int | None:
    """The code of the campaign that is asked for; None where all rows are of one."""
    asked, found = config.uplift.campaign, [level.name for level in loaded.texts(role, "campaign")]
    if asked is not None:
        return loaded.coded({role: {"campaign": [asked]}})[role]["campaign"][0].code
    if len(found) > 1:
        raise ConfigError(f"Source {name} tells of {len(found)} campaigns: {', '.join(found)}.", "Name one: [uplift] campaign.")
    return None


def _rows(blocks: Iterator[Block], role: str, place: int, campaign: int | None) -> Iterator[tuple[NDArray[np.generic], ...]]:
    """Customer, day, code of the arm, outcome and cost of each row with an arm, in the order of customers and time."""
    is_state = ROLES[role].is_state
    for block in blocks:
        rows = block.logs[role]
        keep = rows.signals["arm"] != 0
        if SOURCE in rows.signals:
            keep &= rows.signals[SOURCE] == place
        if campaign is not None:
            keep &= rows.signals["campaign"] == campaign
        at = np.flatnonzero(keep)
        if not len(at):
            continue
        none = np.full(len(at), np.nan)
        outcome = rows.signals["outcome"][at].astype(np.float64) if "outcome" in rows.signals else none
        cost = rows.signals["cost"][at].astype(np.float64) if "cost" in rows.signals else none
        customer, day = block.first + rows.customer[at].astype(np.int64), rows.day[at].astype(np.int64) + is_state
        yield customer, day, rows.signals["arm"][at], outcome, cost
