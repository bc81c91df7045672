"""A search for better settings of the trees, on the training side alone: fitted on the fit cutoffs, judged at the stop cutoff.

Optuna is imported where a search begins. The declared settings are the first trial, and stay unless another one is clearly
better there: the best of many trials on one cutoff is in part the luckiest. It is off by default. On a web shop, 20 trials
lowered the log loss at the stop cutoff by 0.003, 0.001 and 0.005 before three test cutoffs two months apart; at these it
fell by 0.002, by nothing, and rose by 0.010.

References
----------
Bergstra, Bardenet, Bengio, Kégl (2011), "Algorithms for hyper-parameter optimization", NIPS 24. Cawley, Talbot (2010), "On
over-fitting in model selection and subsequent selection bias in performance evaluation", JMLR 11.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from churnscope.config.models import Model as Settings
from churnscope.errors import ConfigError
from churnscope.model.boosters import Boosting, Rows
from churnscope.model.corrections import is_clear
from churnscope.model.logistic import Floats, best_shift, row_losses

SEARCHED = ("leaves", "depth", "learning_rate", "feature_share", "l2")


@dataclass(frozen=True)
class Tuned:
    """What a search tried and chose.

    Parameters
    ----------
    trials : settings tried, the declared ones among them.
    chosen : settings of the trees from then on.
    better : whether they are others than the declared ones.
    declared_loss, best_loss : log loss at the stop cutoff of the declared settings and of the best trial, each after the best
        constant shift.
    """

    trials: int
    chosen: dict[str, int | float]
    better: bool
    declared_loss: float
    best_loss: float

    def applied(self, settings: Settings) -> Settings:
        """The settings with those that were chosen."""
        return settings.model_copy(update=self.chosen)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return asdict(self)


def tuned(boosting: Boosting, fit: Rows, stop: Rows, positions: Sequence[int]) -> Tuned:
    """The best of `[model] trials` settings, where it is clearly better than the declared ones.

    Parameters
    ----------
    boosting : with the declared settings.
    fit, stop : rows of the fit cutoffs and of the stop cutoff.
    positions : columns that are read.

    Raises
    ------
    ConfigError : when Optuna is not installed.

    Notes
    -----
    A trial grows the trees of one seed, stopped at their best round. The same seed gives the same trials.
    """
    settings = boosting.settings
    declared = {name: getattr(settings, name) for name in SEARCHED}

    def losses(tried: dict[str, int | float]) -> Floats:
        of_one_seed = settings.model_copy(update={**tried, "seeds": 1})
        margin = replace(boosting, settings=of_one_seed).stopped(fit, stop, positions).margin(stop.features)
        shift = best_shift(margin, stop.churned) if 0 < stop.churned.mean() < 1 else 0.0
        return row_losses(margin + shift, stop.churned)

    first = losses(declared)
    best, lowest = declared, first
    for tried, told in _suggested(settings):
        here = losses(tried)
        told(float(here.mean()))
        if here.mean() < lowest.mean():
            best, lowest = tried, here
    better = is_clear(first - lowest)
    return Tuned(settings.trials, best if better else declared, better, float(first.mean()), float(lowest.mean()))


def needs_optuna(settings: Settings) -> None:
    """Refuse a search that cannot be made.

    Raises
    ------
    ConfigError : when trials are asked for and Optuna is not installed.
    """
    if settings.trials and find_spec("optuna") is None:
        raise ConfigError(
            f"[model] trials = {settings.trials} needs Optuna, which is not installed.",
            "Install it with pip install 'churnscope[tune]', or set trials = 0.",
        )


def _suggested(settings: Settings) -> Iterator[tuple[dict[str, int | float], Callable[[float], None]]]:
    """Settings to try after the declared ones, each with what wants to be told its loss before the next is asked for."""
    optuna = _optuna(settings)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=settings.seed))
    for _ in range(settings.trials - 1):
        trial = study.ask()
        yield _setting(trial), partial(_tell, study, trial)


def _tell(study: Any, trial: Any, loss: float) -> None:
    study.tell(trial, loss)


def _setting(trial: Any) -> dict[str, int | float]:
    return {
        "leaves": trial.suggest_int("leaves", 4, 63, log=True),
        "depth": trial.suggest_int("depth", 3, 8),
        "learning_rate": trial.suggest_float("learning_rate", 0.01, 0.1, log=True),
        "feature_share": trial.suggest_float("feature_share", 0.3, 1.0),
        "l2": trial.suggest_float("l2", 0.1, 100.0, log=True),
    }


def _optuna(settings: Settings) -> ModuleType:
    needs_optuna(settings)
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna
