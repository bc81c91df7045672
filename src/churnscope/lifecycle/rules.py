"""Rules that say how many customers are lost and come in the months ahead, from how they moved so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from churnscope.lifecycle.moves import AWAY, MOST_LEFT, STATES, WITH_US, Moves, aged
from churnscope.survival import Floats, Integers

YEAR: Final = 12
LATELY: Final = 3  # months that say how many come for the first time
DAYS_LEFT: Final = "by days left"
NO_CHANGE: Final = "no change"
LAST_MONTH: Final = "as last month"
LAST_YEAR: Final = "as a year ago"

Rule = Callable[[Moves, int, int], Floats | None]
"""Moves, months ahead, recent months -> lost, new and back in every month, shape (months, 3); None: too little is known."""


@dataclass(frozen=True, eq=False)
class Chain:
    """Shares of customers who move from state to state within a month, and how many come to each for the first time.

    Parameters
    ----------
    shares : shape (STATES, STATES).
    arrivals : shape (STATES,).
    """

    shares: Floats
    arrivals: Floats

    @classmethod
    def of(cls, moves: Moves, recent: int) -> Chain:
        """Renewing and coming back as in the recent months, for the first time as in the last few."""
        return cls(_shares(moves.counts[-recent:]), moves.arrivals[-LATELY:].mean(axis=0))

    @property
    def leaving(self) -> Floats:
        """The share of each state that is lost within a month."""
        return np.asarray(np.r_[np.zeros(WITH_US.start), self.shares[WITH_US, : WITH_US.start].sum(axis=1)])

    @property
    def returning(self) -> Floats:
        """The share of each state that comes back within a month."""
        return np.asarray(np.r_[0.0, self.shares[AWAY, WITH_US].sum(axis=1), np.zeros(STATES - WITH_US.start)])

    def month(self, stand: Floats) -> tuple[Floats, Floats]:
        """From who stands where as a month begins: lost, new and back in it, and who stands where as it ends."""
        new = np.full(stand.shape[:-1], self.arrivals[WITH_US].sum())
        flows = np.stack([stand @ self.leaving, new, stand @ self.returning], axis=-1)
        return flows, stand @ self.shares + self.arrivals

    def chance(self, stand: Floats, months: int) -> Floats:
        """Variances of base, lost, new, back and all lost so far as every customer moves by chance, shape (months, 5)."""
        here, answer = np.r_[np.zeros(WITH_US.start), np.ones(STATES - WITH_US.start)], np.zeros((months, 5))
        base, newcomers, now = here, 0.0, stand
        for month in range(months):
            newcomers += self.arrivals @ base
            base = self.shares @ base
            lost, back = (now @ (share * (1 - share)) for share in (self.leaving, self.returning))
            flows, now = self.month(now)
            answer[month] = stand @ (base * (1 - base)) + newcomers, lost, flows[1], back, lost
        answer[:, 4] = np.cumsum(answer[:, 1])
        return answer


def by_days_left(moves: Moves, months: int, recent: int) -> Floats:
    """Customers renew as those with as many days left did in the recent months."""
    chain, stand, flows = Chain.of(moves, recent), moves.known, []
    for _ in range(months):
        flow, stand = chain.month(stand)
        flows.append(flow)
    return np.stack(flows)


def no_change(moves: Moves, months: int, recent: int) -> Floats:
    """As many come as are lost, at the rates of the recent months."""
    lost, *came = moves.flows[-recent:].sum(axis=0) / max(moves.bases[:-1][-recent:].sum(), 1) * moves.bases[-1]
    parts = np.array(came) / sum(came) if sum(came) else np.full(2, 0.5)
    return np.tile([lost, *(lost * parts)], (months, 1))


def as_last_month(moves: Moves, months: int, _recent: int) -> Floats:
    """Every month as the last one: the share lost, and as many who come."""
    return _repeated(moves, np.full(months, len(moves.counts) - 1))


def as_a_year_ago(moves: Moves, months: int, _recent: int) -> Floats | None:
    """Every month as the same one a year before."""
    n = len(moves.counts)
    return None if n < YEAR else _repeated(moves, n - YEAR + np.arange(months) % YEAR)


RULES: Final[dict[str, Rule]] = {
    DAYS_LEFT: by_days_left,
    NO_CHANGE: no_change,
    LAST_MONTH: as_last_month,
    LAST_YEAR: as_a_year_ago,
}


def _shares(counts: Integers) -> Floats:
    """Where customers of each state stand a month later.

    As seen; of a state in which nobody was, as customers of all habits with as many months left; and where there are none
    either, as those who renew nothing and do not come back.
    """
    shares, pooled = np.eye(STATES)[aged()], counts.sum(axis=0).astype(np.float64)
    alike = pooled[WITH_US].reshape(-1, MOST_LEFT, STATES)
    alike = np.tile(alike.sum(axis=0), (len(alike), 1))
    for found, first in ((alike, WITH_US.start), (pooled, 0)):
        seen = np.flatnonzero(found.any(axis=1))
        shares[first + seen] = found[seen] / found[seen].sum(axis=1, keepdims=True)
    shares[0] = 0  # newcomers are counted, not a share of anybody
    return shares


def _repeated(moves: Moves, months: Integers) -> Floats:
    """The rates of some months, one after the other."""
    base, flows = float(moves.bases[-1]), np.empty((len(months), 3))
    for place, month in enumerate(months):
        lost, *came = moves.flows[month]
        flows[place] = base * lost / max(moves.bases[month], 1), *came
        base += sum(came) - flows[place, 0]
    return flows
