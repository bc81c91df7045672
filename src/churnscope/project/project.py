"""One config and the steps a user takes with it."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from churnscope.config.models import Config
from churnscope.operations.logs import Progress, silent
from churnscope.project.days import as_of_day

if TYPE_CHECKING:
    from churnscope.project.results import CheckResult, EvaluateResult, ScoreResult, TrainResult

Day = str | date | None


class Project:
    """A business as its config describes it: check its data, train on them, evaluate, score.

    Making one reads the config and nothing else. Each step loads what it needs.

    Parameters
    ----------
    config : path of a TOML file, or a config already loaded.
    progress : is told how far each stage has come.

    Raises
    ------
    ConfigError : when the config cannot be read or says something impossible.
    """

    def __init__(self, config: Config | str | Path, *, progress: Progress = silent) -> None:
        if not isinstance(config, Config):
            from churnscope.config.load import load_config

            config = load_config(config)
        self.config = config
        self.progress = progress

    def check(self, as_of: Day = None) -> CheckResult:
        """Read every source and count what is in it, what is refused, and what to do about it.

        Raises
        ------
        InputError : when a file is refused.
        """
        from churnscope.project.check import check

        return check(self.config, as_of_day(as_of, self.config), self.progress)

    def train(self, as_of: Day = None, *, promote: bool = True) -> TrainResult:
        """Fit the model and its baselines, judge them on the newest complete cutoff, save the bundle.

        Parameters
        ----------
        as_of : nothing on or after this day is read; default: the day after the data are complete.
        promote : make the model the champion when it passes the gate.

        Raises
        ------
        InputError : when a file is refused or the data are too few to learn from.
        """
        from churnscope.project.train import train

        return train(self.config, as_of_day(as_of, self.config), self.progress, promote=promote)

    def evaluate(self, as_of: Day = None, *, model: str = "latest") -> EvaluateResult:
        """Judge a saved model at the newest complete cutoff that it was not trained on.

        Parameters
        ----------
        model : `champion`, `latest`, or the folder of a bundle.

        Raises
        ------
        InputError : when a file is refused or no cutoff is complete.
        ModelError : when there is no such model, or it cannot be used.
        """
        from churnscope.project.evaluate import evaluate

        return evaluate(self.config, as_of_day(as_of, self.config), self.progress, model=model)

    def score(
        self, as_of: Day = None, *, model: str = "champion", output: str | Path | None = None, all_customers: bool = False
    ) -> ScoreResult:
        """Score every customer who is active on the day, with reasons; the same run again writes nothing.

        Parameters
        ----------
        model : `champion`, `latest`, or the folder of a bundle.
        output : a `.csv` or `.parquet` file; default: both, in the outputs folder.
        all_customers : list those who are already inactive too, without a probability.

        Raises
        ------
        InputError : when a file is refused.
        ModelError : when there is no such model, or it cannot be used.
        BusyError : when another run writes the same files.
        StorageError : when the files cannot be written.
        """
        from churnscope.project.score import Request, score

        request = Request(model, None if output is None else Path(output), all_customers)
        return score(self.config, as_of_day(as_of, self.config), self.progress, request)
