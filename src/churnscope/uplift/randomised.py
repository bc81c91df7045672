"""Whether a campaign tells what its offers do: a control group, enough customers, and arms that nothing foretold."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from churnscope.config.models import Model as Settings
from churnscope.errors import InputError
from churnscope.evaluation.intervals import Estimate
from churnscope.evaluation.ranking import Gains
from churnscope.model.boosters import Boosting, Rows
from churnscope.uplift.experiment import Experiment, arm_rates

FEWEST_CUSTOMERS = 200  # of an arm
FEWEST_OUTCOMES = 30  # of an arm, and as many without the outcome
ROUNDS = 60  # of the trees that try to foretell the arm
CHANCE = 0.5
SURE = 3.2905267314919255  # standard errors: a campaign drawn at random is refused once in two thousand

_ADVICE = "Draw the arms at random, with a control group, and read that campaign here."


def refuse_small(experiment: Experiment) -> None:
    """Refuse a campaign of which too little is known.

    Raises
    ------
    InputError : when there is no control group, or an arm has too few customers or outcomes.
    """
    if not experiment.sizes[0]:
        raise InputError(
            "The campaign has no control group: what would have come without an offer is unknown.",
            f"Name the arm that got nothing under [uplift] control. {_ADVICE}",
        )
    for name, customers in zip(("control", *experiment.offers), experiment.sizes.tolist(), strict=True):
        if customers < FEWEST_CUSTOMERS:
            raise InputError(
                f"Arm {name} has {customers:,} customers with a known outcome; it takes {FEWEST_CUSTOMERS:,} to learn from.",
                "Take a larger campaign, or leave the arm out with `where`.",
            )
    for arm in arm_rates(experiment):
        if min(arm.outcomes, arm.customers - arm.outcomes) < FEWEST_OUTCOMES:
            raise InputError(
                f"Arm {arm.name} has {arm.outcomes:,} outcomes among {arm.customers:,} customers; it takes {FEWEST_OUTCOMES} "
                "with and without.",
                "Take a more frequent outcome, or a larger campaign.",
            )


def assignment_auroc(
    experiment: Experiment, settings: Settings, rng: np.random.Generator, *, threads: int = 0
) -> tuple[Estimate, ...]:
    """For each offer, how well its customers are told from control by what was known before: 0.5 where the draw was fair.

    Trees learn the arm on one half of the customers and are held against the other. The interval is that of 99.9 % from the
    variance which the rank sum has by chance: the halves are not changed over, since what was learned from one half by chance
    would count twice.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143(1).
    """
    half = experiment.folds(2, rng)
    boosting = Boosting(experiment.specs, settings, threads)
    return tuple(_auroc(experiment, offer, half, boosting) for offer in range(1, len(experiment.offers) + 1))


def refuse_predictable(offers: Sequence[str], aurocs: Sequence[Estimate]) -> None:
    """Refuse a campaign whose arms were foretold.

    Raises
    ------
    InputError : when the interval of an offer lies above 0.5.
    """
    for name, auroc in zip(offers, aurocs, strict=True):
        if auroc.low > CHANCE:
            interval = f"AUROC {auroc.value:.3f}, 99.9 % interval {auroc.low:.3f} to {auroc.high:.3f}; 0.5 is chance"
            raise InputError(
                f"The campaign was not drawn at random: what was known before tells the customers of {name} from control, also "
                f"those kept back ({interval}).",
                f"An effect read from it would be that of the choice. {_ADVICE}",
            )


def _auroc(experiment: Experiment, offer: int, half: NDArray[np.int8], boosting: Boosting) -> Estimate:
    pair, treated = experiment.pair(offer), (experiment.arm == offer).astype(np.int8)
    learn, ask = pair[half[pair] == 0], pair[half[pair] == 1]
    model = boosting.fitted(Rows(experiment.features[learn], treated[learn]), [ROUNDS], tuple(range(len(experiment.specs))))
    auroc = Gains.of(treated[ask], model.margin(experiment.features[ask])).auroc()
    of_offer, rows = int(treated[ask].sum()), len(ask)
    width = SURE * float(np.sqrt((rows + 1) / (12 * of_offer * (rows - of_offer))))
    return Estimate(auroc, auroc - width, min(1.0, auroc + width))
