"""What is logged of a run: figures, settings and pictures; rows and ids of customers never are."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from churnscope.evaluation.figures import Evaluation

_NOT_WORD = re.compile(r"\W+")  # MLflow refuses commas
_KEY = re.compile(r"[\w./:-]{1,200}")


@dataclass(frozen=True)
class LoggedRun:
    """One training or evaluation.

    Parameters
    ----------
    key : identifies the run in its experiment for good; letters, digits and `_./:-`.
    name : as shown.
    started_ms : when it began, milliseconds since 1970 UTC; also the time of its metrics.
    params, tags : texts by name; params beyond 6,000 characters are cut.
    metrics : one number by name; those that are not finite are left out.
    steps : by metric, numbers by step (such as the day of the cutoff).
    artifacts : file content by name; folders by `/`.
    children : runs shown below this one (such as the folds of a backtest).

    Raises
    ------
    ValueError : when the key has other characters, or an artifact's name leads out of the run's folder.
    """

    key: str
    name: str
    started_ms: int
    params: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    steps: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    artifacts: Mapping[str, bytes] = field(default_factory=dict)
    children: tuple[LoggedRun, ...] = ()

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(f"{self.key!r} is no key: 1 to 200 letters, digits and _./:- are allowed.")
        for name in self.artifacts:
            path = PurePosixPath(name)
            if path.is_absolute() or ".." in path.parts or not path.parts:
                raise ValueError(f"{name!r} is no name of an artifact: it has to lie inside the run's folder.")

    def numbers(self) -> Iterator[tuple[str, int, float]]:
        """Every finite metric as (name, step, value); those without steps are at step 0."""
        steps = {**{name: {0: value} for name, value in self.metrics.items()}, **self.steps}
        return ((name, step, value) for name, by in steps.items() for step, value in by.items() if math.isfinite(value))

    def to_json(self) -> dict[str, Any]:
        """Plain values; artifacts in base64."""
        encoded = {name: base64.b64encode(content).decode() for name, content in self.artifacts.items()}
        return {**asdict(self), "artifacts": encoded, "children": [child.to_json() for child in self.children]}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> LoggedRun:
        """What `to_json` wrote."""
        steps = {metric: {int(step): value for step, value in by.items()} for metric, by in written["steps"].items()}
        content = {name: base64.b64decode(text) for name, text in written["artifacts"].items()}
        children = tuple(cls.from_json(child) for child in written["children"])
        return cls(**{**written, "steps": steps, "artifacts": content, "children": children})


def flat_metrics(evaluation: Evaluation) -> dict[str, float]:
    """The figures of an evaluation as metrics of a run.

    The model's are `auroc`, `auroc_low`, `auroc_high`; a baseline's `recency_rule/auroc`; the paired difference to it
    `recency_rule/auroc_difference`, with `_low` and `_high`.
    """
    flat = {"rows": evaluation.rows, "churned": evaluation.churned, "base_rate": evaluation.base_rate}
    for metric, figure in evaluation.model.metrics.items():
        flat |= {metric: figure.value, f"{metric}_low": figure.low, f"{metric}_high": figure.high}
    for baseline, differences in evaluation.differences.items():
        for metric, figure in differences.items():
            name = f"{_NOT_WORD.sub('_', baseline)}/{metric}"
            flat[name] = evaluation.predictors[baseline].metrics[metric].value
            flat |= {
                f"{name}_difference": figure.value,
                f"{name}_difference_low": figure.low,
                f"{name}_difference_high": figure.high,
            }
    return flat
