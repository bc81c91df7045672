"""Who moves where from month to month, how likely that is, and how long it takes to become inactive."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from churnscope.chance import wilson
from churnscope.lifecycle.months import Days
from churnscope.lifecycle.spells import STAGES, Spells
from churnscope.lifecycle.stays import CODES_WITH_US, INACTIVE, Stays
from churnscope.survival import Floats, Integers

DRAWS: Final = 1_000
PRIOR: Final = 0.5  # of Jeffreys
_LIMITS: Final = (2.5, 97.5)
_PLACES: Final = len(STAGES) + 1  # the last one for those of whom nothing was known yet: UNKNOWN is -1


@dataclass(frozen=True, eq=False)
class Transitions:
    """Moves between stages from the first day of each month to that of the next.

    Parameters
    ----------
    starts : the days between which moves are counted, shape (n_months + 1,).
    counts : shape (n_months, 8, 8), customers by stage on the one day and stage on the next; the last place is that of
        customers of whom nothing was known.
    """

    starts: Days
    counts: Integers

    @classmethod
    def between(cls, spells: Spells, starts: Days) -> Transitions:
        """Those between some days."""
        stages = [spells.on(int(day)) % _PLACES for day in starts]
        counts = [
            np.bincount(before.astype(np.int64) * _PLACES + after, minlength=_PLACES**2).reshape(_PLACES, _PLACES)
            for before, after in pairwise(stages)
        ]
        return cls(starts, np.array(counts, np.int64).reshape(len(counts), _PLACES, _PLACES))

    @property
    def pooled(self) -> Integers:
        """Of all months together, shape (7, 7): moves of customers who were known."""
        counts: Integers = self.counts.sum(axis=0)[:-1, :-1]
        return counts

    def since(self, day: int | None) -> Transitions:
        """Those of the months that begin on a day or later; all of them where it is None."""
        late = self.starts >= (self.starts.min(initial=0) if day is None else day)
        return Transitions(self.starts[late], self.counts[late[:-1]])

    def probabilities(self) -> tuple[Floats, Floats, Floats]:
        """The share of moves from each stage to each, with 95 % limits by Wilson; NaN from a stage in which nobody was.

        Notes
        -----
        A customer counts once a month; months of a customer are taken as trials of their own.
        """
        counts = self.pooled
        among = np.broadcast_to(counts.sum(axis=1, keepdims=True), counts.shape)
        return wilson(counts, among)

    def months_to_inactive(self, rng: np.random.Generator) -> dict[str, tuple[float, float, float]]:
        """Expected months until a customer of each stage with us is inactive, with 95 % limits.

        Infinite where nobody was seen to become so; a stage in which nobody was is left out.

        Notes
        -----
        The moves are taken for a Markov chain: where a customer goes depends on the stage alone. With Q the moves among the
        stages with us, the expectation is `(I - Q)^-1 1`. Limits from draws of the moves' posterior, a Dirichlet distribution
        with Jeffreys' prior on every move that was seen and on becoming inactive.

        References
        ----------
        Kemeny, J. G., Snell, J. L. (1960). Finite Markov chains, chapter 3: the fundamental matrix.
        """
        counts = self.pooled[CODES_WITH_US]
        there = counts.sum(axis=1) > 0
        codes = CODES_WITH_US[there]
        moves = counts[there][:, [*codes, INACTIVE]].astype(np.float64)
        if not len(codes):
            return {}
        expected = _until_absorbed(moves / moves.sum(axis=1, keepdims=True))
        prior = np.where(moves > 0, PRIOR, 0.0)
        prior[:, -1] = PRIOR
        drawn = np.array([_until_absorbed(_dirichlet(rng, moves + prior)) for _ in range(DRAWS)])
        low, high = np.percentile(drawn, _LIMITS, axis=0)
        rows = zip(codes, expected, low, high, strict=True)
        return {STAGES[code]: (float(value), float(least), float(most)) for code, value, least, most in rows}


def time_in(spells: Spells, stage: str) -> Stays:
    """The spells of a stage as stays, whatever comes after them."""
    rows = np.flatnonzero(spells.stage == STAGES.index(stage))
    customer = spells.customer[rows]
    first = np.searchsorted(customer, customer)
    number = (np.arange(len(rows)) - first).astype(np.int32)
    return Stays(customer, spells.entered[rows], spells.left[rows], number, spells.until)


def _until_absorbed(moves: Floats) -> Floats:
    """Expected steps until the last state, from each of the others; infinite from where it is not reached."""
    among = moves[:, :-1]
    reached = moves[:, -1] > 0
    for _ in range(len(among)):
        reached = reached | (among[:, reached].sum(axis=1) > 0)
    steps = np.full(len(among), np.inf)
    # From a state that leads to one which never ends it takes for ever, too.
    sure = reached.copy()
    for _ in range(len(among)):
        sure &= ~(among[:, ~sure].sum(axis=1) > 0)
    if sure.any():
        inner = among[np.ix_(sure, sure)]
        steps[sure] = np.linalg.solve(np.eye(int(sure.sum())) - inner, np.ones(int(sure.sum())))
    return steps


def _dirichlet(rng: np.random.Generator, weights: Floats) -> Floats:
    """Shares drawn for every row; a move without weight is never made."""
    drawn = rng.standard_gamma(weights)
    return np.asarray(drawn / drawn.sum(axis=1, keepdims=True), np.float64)
