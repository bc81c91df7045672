"""Random numbers that depend on the seed, the group of customers and the part of the business, and on nothing else."""

from __future__ import annotations

from enum import IntEnum

import numpy as np

GROUP = 4_096  # customers drawn together: part of what a seed means, so it never changes


class Part(IntEnum):
    """Parts of a business, each with its own stream: to add one changes no other. Their numbers belong to what a seed means."""

    PEOPLE = 0
    LIFETIMES = 1
    PURCHASE_RATES = 2
    SESSION_RATES = 3
    ORDER_MEANS = 4
    ORDERS = 5
    LINES = 6
    RETURNS = 7
    SESSIONS = 8
    TICKETS = 9
    CONTACTS = 10
    CONTRACTS = 11
    CAMPAIGN = 12
    FLAWS = 13


def stream(seed: int, group: int, part: Part, *, log: int = 0) -> np.random.Generator:
    """The generator of one part of one group of customers; `log` tells apart the logs that share a part."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(group, part, log))))
