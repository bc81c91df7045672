"""Which corrections of the probabilities are kept: those that helped on later rows when they were learned before them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from churnscope.model.calibration import Beta, Calibration, Season
from churnscope.model.logistic import Floats, row_losses

CLEAR = 2.0  # standard errors: a correction that only seems to help does harm a little later


@dataclass(frozen=True, eq=False)
class Outcomes:
    """A model's log-odds beside what happened.

    Parameters
    ----------
    margin : shape (n_rows,), log-odds.
    churned : int8, shape (n_rows,), 1 or 0.
    cutoff : int32, shape (n_rows,), day number.
    """

    margin: Floats
    churned: NDArray[np.int8]
    cutoff: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Trial:
    """A model on the rows it was fitted on (`seen`) and on rows after them (`later`)."""

    seen: Outcomes
    later: Outcomes


@dataclass(frozen=True)
class Corrections:
    """Which corrections are made."""

    season: bool = False
    beta: bool = False

    def learned(self, trial: Trial, seen: Outcomes) -> Calibration:
        """The corrections for a model fitted later.

        Parameters
        ----------
        trial : the model before it; its later rows give the beta map.
        seen : the model itself on its own rows, which give the season.
        """
        season = Season.fit(trial.seen.margin, trial.seen.churned, trial.seen.cutoff) if self.season else None
        log_odds = Calibration(season=season).log_odds(trial.later.margin, trial.later.cutoff)
        both = 0 < trial.later.churned.mean() < 1
        return Calibration(
            beta=Beta.fit(log_odds, trial.later.churned) if self.beta and both else None,
            season=Season.fit(seen.margin, seen.churned, seen.cutoff) if self.season else None,
        )


def helpful(first: Trial, second: Trial) -> Corrections:
    """The fewest corrections that no others clearly beat on the later rows of the second trial.

    Parameters
    ----------
    first, second : an earlier and a later model; nothing is learned from the rows that judge.
    """
    later, best = second.later, Corrections()
    lowest = row_losses(later.margin, later.churned)
    for corrections in _CANDIDATES:
        losses = row_losses(corrections.learned(first, second.seen).log_odds(later.margin, later.cutoff), later.churned)
        if is_clear(lowest - losses):
            best, lowest = corrections, losses
    return best


_CANDIDATES = (Corrections(beta=True), Corrections(season=True), Corrections(season=True, beta=True))


def is_clear(gains: Floats) -> bool:
    """Whether the mean gain is above its noise.

    Parameters
    ----------
    gains : shape (n_rows,), by how much one loss is lower than another.
    """
    return bool(gains.mean() > CLEAR * gains.std() / np.sqrt(len(gains)))
