"""How rules did from every earlier month on: which of them serves, and how far from it what comes may lie."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
from scipy.special import stdtrit

from churnscope.chance import Z_95
from churnscope.lifecycle.moves import Moves
from churnscope.lifecycle.rules import DAYS_LEFT, LATELY, RULES, YEAR, Chain
from churnscope.survival import Floats, Integers

QUANTITIES: Final = ("base", "lost", "new", "back", "lost_so_far")
DRAWS: Final = 200
SEED: Final = 20_240_229
LEAST_FORECASTS: Final = 3  # so far ahead, from which rules are told apart
FIRST_ORIGIN: Final = 2  # months of a history before the first day from which it is forecast on trial
CLEARLY: Final = 0.8  # times its error: the rule of the days left gives way to one that was so much nearer
STEADY: Final = 6  # forecasts, so many of which are taken to have been as far off by every rule
LEAST_FREEDOM: Final = 2  # degrees, of limits from few errors
NEAR: Final = 0.25  # weight of errors at another number of months ahead
LEVEL: Final = 0.975


@dataclass(frozen=True, eq=False)
class Trial:
    """What every rule would have said on every earlier day, and what came.

    Parameters
    ----------
    moves : of all months.
    origins : months after which it is forecast, the present day last.
    said : rule -> shape (n_origins, months, 5), by `QUANTITIES`; NaN where a rule had too little to go on.
    came : the same of what came; NaN where it is not known yet.
    noise : standard deviations by chance and the difference of months, of the rule of the days left.
    """

    moves: Moves
    origins: Integers
    said: dict[str, Floats]
    came: Floats
    noise: Floats

    @classmethod
    def of(cls, moves: Moves, first: int, months: int, recent: int) -> Trial:
        """Forecast from every month on, not before the first one."""
        n, rng = len(moves.counts), np.random.default_rng(SEED)
        origins = np.arange(min(first + FIRST_ORIGIN, n), n + 1)
        known = [moves.until(int(origin)) for origin in origins]
        said = {
            name: np.stack([_quantities(each, rule(each, months, recent), months) for each in known])
            for name, rule in RULES.items()
        }
        came = np.stack(
            [
                _quantities(each, moves.flows[origin : origin + months], months)
                for each, origin in zip(known, origins, strict=True)
            ]
        )
        return cls(moves, origins, said, came, np.stack([_noise(each, months, recent, rng) for each in known]))

    @cached_property
    def errors(self) -> dict[str, Floats]:
        """The logarithm of what came over what was said."""
        return {name: np.log1p(self.came) - np.log1p(said) for name, said in self.said.items()}

    def off(self, rule: str) -> Floats:
        """Distance of the base from what was said, as a share of it, shape (n_origins, months)."""
        return np.asarray(np.abs(self.said[rule] - self.came)[:, :, 0] / np.maximum(self.came[:, :, 0], 1))

    def judged(self, place: int, ahead: int) -> Integers:
        """The trials so many months ahead that are known at an origin: those from a year or more, if there are enough."""
        tried = np.flatnonzero(self.origins + ahead <= self.origins[place])
        old = tried[self.origins[tried] >= YEAR]
        return old if len(old) >= LEAST_FORECASTS else tried

    def serving(self, place: int) -> tuple[str, int]:
        """The rule that serves at an origin, and how many months ahead it was told, 0 where the past is too short.

        As far ahead as it is asked, or the farthest that was tried often enough. Few trials say little: the median
        error of each rule is drawn to that of the rule of the days left, which serves until another one was clearly nearer by
        it, and no farther off by the mean.
        """
        months = self.came.shape[1]
        ahead = next((ahead for ahead in range(months, 0, -1) if len(self.judged(place, ahead)) >= LEAST_FORECASTS), 0)
        if not ahead:
            return DAYS_LEFT, 0
        trials = self.judged(place, ahead)
        off = {rule: self.off(rule)[trials, ahead - 1] for rule in RULES}
        near = {rule: each for rule, each in off.items() if each.mean() <= off[DAYS_LEFT].mean()}
        drawn = {rule: len(trials) * np.median(each) + STEADY * np.median(off[DAYS_LEFT]) for rule, each in near.items()}
        best = min(drawn, key=drawn.__getitem__)
        return (best if drawn[best] < CLEARLY * drawn[DAYS_LEFT] else DAYS_LEFT), ahead

    def limits(self, rule: str, place: int) -> tuple[Floats, Floats]:
        """The limits, 95 %, of what a rule says at an origin, shape (months, 5) each.

        As far as the errors known then say, on a logarithmic scale, and no nearer than noise. Those of the base grow
        with the months ahead; errors so many more or less months ahead count for a part. With few errors the limits are as wide
        as Student's distribution has them.
        """
        said, months = self.said[rule][place], np.arange(1, self.came.shape[1] + 1)
        half = Z_95 * np.sqrt(np.log1p((self.noise[place] / np.maximum(said, 1)) ** 2))
        known = self.origins[:, None] + months <= self.origins[place]
        for ahead in months if known.any() else ():
            weight = np.where(months == ahead, 1.0, NEAR) * known
            grown = np.where(np.array(QUANTITIES) == QUANTITIES[0], (ahead / months)[:, None], 1.0)
            squares = (np.nan_to_num(self.errors[rule]) * grown) ** 2
            past = np.sqrt((squares * weight[:, :, None]).sum(axis=(0, 1)) / weight.sum())
            freedom = max(known[:, ahead - 1].sum(), LEAST_FREEDOM)
            half[ahead - 1] = np.maximum(half[ahead - 1], past * stdtrit(freedom, LEVEL))
        return np.maximum(0, np.exp(np.log1p(said) - half) - 1), np.exp(np.log1p(said) + half) - 1


def _quantities(moves: Moves, flows: Floats | Integers | None, months: int) -> Floats:
    """What flows come to, shape (months, 5); NaN in months of which nothing is said."""
    answer = np.full((months, len(QUANTITIES)), np.nan)
    if flows is not None:
        base = moves.bases[-1] + np.cumsum(flows @ np.array([-1, 1, 1]))
        answer[: len(flows)] = np.column_stack([np.maximum(base, 0), flows, np.cumsum(flows[:, 0])])
    return answer


def _noise(moves: Moves, months: int, recent: int, rng: np.random.Generator) -> Floats:
    """How far what comes lies from the rule of the days left if a month to come may be any recent one, and by chance.

    The months to draw from are drawn anew for every run, as the recent ones might have been others. A state with few customers
    in a month moves in part as in all of them.
    """
    chain, recent = Chain.of(moves, recent), min(recent, len(moves.counts))
    counts, arrivals = moves.counts[-recent:], moves.arrivals[-LATELY:]
    shares = (counts + chain.shares) / (counts.sum(axis=2, keepdims=True) + 1)
    pools = rng.integers(recent, size=(DRAWS, recent))
    stand, runs = np.tile(moves.known, (DRAWS, 1)), np.empty((DRAWS, months, 3))
    for month in range(months):
        drawn = pools[np.arange(DRAWS), rng.integers(recent, size=DRAWS)]
        came = rng.integers(len(arrivals), size=DRAWS)
        for of, new in set(zip(drawn.tolist(), came.tolist(), strict=True)):
            rows = (drawn == of) & (came == new)
            runs[rows, month], stand[rows] = Chain(shares[of], arrivals[new]).month(stand[rows])
    spread = np.stack([_quantities(moves, run, months) for run in runs]).var(axis=0)
    return np.asarray(np.sqrt(spread + chain.chance(moves.known, months)))
