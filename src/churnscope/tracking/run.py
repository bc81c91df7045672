"""What is logged of a run: figures, settings, pictures and models; rows and ids of customers never are."""

from __future__ import annotations

import base64
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from churnscope.evaluation.figures import Evaluation

_NOT_WORD = re.compile(r"\W+")  # MLflow refuses commas
_KEY = re.compile(r"[\w./:-]{1,200}")


@dataclass(frozen=True)
class SavedModel:
    """A saved model, to be logged and registered once, whichever runs name it.

    Parameters
    ----------
    name : of the registered model.
    version : churnscope's, which ends in the hash of the files.
    files : of its folder, by name.
    features : names of the columns it reads.
    tags : texts by name, of the registered version.
    description : of the registered version, for people.
    """

    name: str
    version: str
    files: Mapping[str, bytes]
    features: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    description: str = ""

    def __post_init__(self) -> None:
        _refuse_strange_keys(f"{self.name}:{self.version}")
        _refuse_ways_out(self.files)

    def to_json(self) -> dict[str, Any]:
        """Plain values; files in base64."""
        return {**asdict(self), "files": _encoded(self.files)}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> SavedModel:
        """What `to_json` wrote."""
        return cls(**{**written, "files": _decoded(written["files"]), "features": tuple(written["features"])})


@dataclass(frozen=True)
class LoggedRun:
    """One training, evaluation, or change of the champion.

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
    below : key of the model, `<name>:<version>`, below whose training the run is shown; empty where it stands by itself.
    inputs : SHA-256 by name of what was read.
    models : saved models the run wrote, or made champion.

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
    below: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict)
    models: tuple[SavedModel, ...] = ()

    def __post_init__(self) -> None:
        _refuse_strange_keys(self.key)
        if self.below:
            _refuse_strange_keys(self.below)
        _refuse_ways_out(self.artifacts)

    def numbers(self) -> Iterator[tuple[str, int, float]]:
        """Every finite metric as (name, step, value); those without steps are at step 0."""
        steps = {**{name: {0: value} for name, value in self.metrics.items()}, **self.steps}
        return ((name, step, value) for name, by in steps.items() for step, value in by.items() if math.isfinite(value))

    def to_json(self) -> dict[str, Any]:
        """Plain values; artifacts in base64."""
        parts = {
            "artifacts": _encoded(self.artifacts),
            "children": [child.to_json() for child in self.children],
            "models": [model.to_json() for model in self.models],
        }
        return {**{each.name: getattr(self, each.name) for each in fields(self)}, **parts}

    @classmethod
    def from_json(cls, written: Mapping[str, Any]) -> LoggedRun:
        """What `to_json` wrote."""
        parts = {
            "steps": {metric: {int(step): value for step, value in by.items()} for metric, by in written["steps"].items()},
            "artifacts": _decoded(written["artifacts"]),
            "children": tuple(map(cls.from_json, written["children"])),
            "models": tuple(map(SavedModel.from_json, written.get("models", ()))),  # runs of earlier versions have none
        }
        return cls(**{**written, **parts})


def flat_metrics(evaluation: Evaluation) -> dict[str, float]:
    """The figures of an evaluation as metrics of a run.

    The model's are `auroc`, `auroc_low`, `auroc_high`; a baseline's `recency_rule/auroc`; the paired difference to it
    `recency_rule/auroc_difference`, with `_low` and `_high`, for the metrics that decide. `evaluation.json` holds all of them.
    """
    from churnscope.evaluation.grade import DECIDING

    flat = {"rows": evaluation.rows, "churned": evaluation.churned, "base_rate": evaluation.base_rate}
    for metric, figure in evaluation.model.metrics.items():
        flat |= {metric: figure.value, f"{metric}_low": figure.low, f"{metric}_high": figure.high}
    for baseline, differences in evaluation.differences.items():
        home = _NOT_WORD.sub("_", baseline)
        flat |= {f"{home}/{metric}": figure.value for metric, figure in evaluation.predictors[baseline].metrics.items()}
        for metric in DECIDING:
            name, figure = f"{home}/{metric}_difference", differences[metric]
            flat |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
    return flat


def _encoded(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: base64.b64encode(content).decode() for name, content in files.items()}


def _decoded(written: Mapping[str, str]) -> dict[str, bytes]:
    return {name: base64.b64decode(text) for name, text in written.items()}


def _refuse_strange_keys(key: str) -> None:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key: 1 to 200 letters, digits and _./:- are allowed.")


def _refuse_ways_out(names: Iterable[str]) -> None:
    for name in names:
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError(f"{name!r} is no name of an artifact: it has to lie inside the run's folder.")
