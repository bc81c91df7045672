"""What a saved model consists of: a bundle as files in memory, and back. Text and JSON alone, nothing that is ever executed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

import numpy as np

from churnscope.config.models import Config
from churnscope.errors import ConfigError, ModelError
from churnscope.features import FeatureSpec
from churnscope.model.baselines import BaseRate, LogisticRule, Reader
from churnscope.model.blend import KIND as BLEND
from churnscope.model.blend import Blend
from churnscope.model.boosters import Boosters
from churnscope.model.calibration import Calibration
from churnscope.model.no_purchase import KIND, NoPurchase
from churnscope.model.predictor import Predictor, Scorer
from churnscope.model.profile import Profile, without_nan
from churnscope.model.together import KIND as TOGETHER
from churnscope.model.together import Together
from churnscope.timeline import Split, cutoff_name, date_of, day_number

Files = dict[str, bytes]
Json = Any

SELF_TEST_ROWS = 64
SELF_TEST_CLOSE = 1e-9  # the exponential of one machine may differ in its last bits from that of another
USES = ("final", "evaluation")
READERS: Mapping[str, Reader] = {  # of baselines, by kind
    "base_rate": BaseRate.from_json,
    "logistic": LogisticRule.from_json,
    KIND: NoPurchase.from_json,
}
SCORING_RULES: Mapping[str, Callable[[Mapping[str, Any], Sequence[str]], Scorer]] = {  # that can serve as a model
    "logistic": LogisticRule.from_json,
    KIND: NoPurchase.from_json,
    TOGETHER: Together.from_json,
}
PLAN = ("windows_days", "families", "plugins", "columns")

ADVICE = "Train again, or restore the folder from a copy."


@dataclass(frozen=True, eq=False)
class Bundle:
    """A trained model with all that is needed to use, to judge and to understand it.

    Parameters
    ----------
    name : of the model; its folder.
    as_of : first day that was not read.
    final : the model that scores.
    evaluation : its twin that never saw the test cutoff.
    small : whether it is of the small-data recipe.
    dropped : features it was not given, and why.
    profile : how its training rows were distributed.
    plan : what the features are built from: windows, families, columns of every role.
    config : the resolved config.
    definition : activity, label, population, timing and split.
    figures : how it did.
    version : as-of day and content hash; empty until it is written.
    stands_in : name of the simple rule that serves in the place of a model that did not win; empty for a model.
    tuned : what a search for settings of the trees tried and chose; empty where none was made.
    """

    name: str
    as_of: int
    final: Predictor
    evaluation: Predictor
    small: bool
    dropped: Mapping[str, str]
    profile: Profile
    plan: Mapping[str, Json]
    config: Mapping[str, Json]
    definition: Mapping[str, Json]
    figures: Mapping[str, Json]
    version: str = ""
    stands_in: str = ""
    tuned: Mapping[str, Json] = field(default_factory=dict)

    @property
    def specs(self) -> tuple[FeatureSpec, ...]:
        """What the columns of its matrices mean."""
        return self.final.specs


def definition_of(config: Config, split: Split) -> dict[str, Json]:
    """What was predicted, of whom, and when; JSON-ready."""
    keys = {"horizon_days", "gap_days", "ready_hours", "horizon_renewals", "days_before_end"}
    timing = config.prediction.model_dump(mode="json", include=keys)
    return {
        "activity": config.activity.model_dump(mode="json"),
        "label": config.label.model_dump(mode="json"),
        **_population(config),
        "timing": timing | {"grace_days": config.timing.grace_days},
        "split": {use: [cutoff_name(cutoff) for cutoff in cutoffs] for use, cutoffs in asdict(split).items()},
    }


def _population(config: Config) -> dict[str, Json]:
    """Of whom something is predicted; where it is not that they leave, also what."""
    if not config.is_of_reactivation:
        return {"population": "customers who are active at the cutoff"}
    within = config.reactivation.within_days
    last = "" if within is None else f", last active or under contract at most {within} days before it"
    return {
        "population": f"customers who were active before the cutoff and are not at it{last}",
        "predicted": "an event that counts as activity in the outcome window",
    }


def to_files(bundle: Bundle) -> Files:
    """The files of a bundle by name, the same bytes for the same bundle."""
    predictors = {use: getattr(bundle, use) for use in USES}
    texts = {name: text for use in USES for name, text in _texts(use, predictors[use].scorer).items()}
    documents = {
        "model": {use: _scorer_json(use, predictors[use].scorer) for use in USES}
        | {"name": bundle.name, "as_of": date_of(bundle.as_of).isoformat(), "small": bundle.small}
        | ({"stands_in": bundle.stands_in} if bundle.stands_in else {})
        | ({"tuned": dict(bundle.tuned)} if bundle.tuned else {}),
        "features": {
            "specs": [asdict(spec) for spec in bundle.specs],
            "dropped": dict(bundle.dropped),
            "profile": bundle.profile.to_json(),
            "plan": dict(bundle.plan),
        },
        "baselines": {use: [rule.to_json() for rule in predictors[use].baselines] for use in USES},
        "calibration": {use: predictors[use].calibration.to_json() for use in USES},
        "config": dict(bundle.config),
        "definition": dict(bundle.definition),
        "figures": dict(bundle.figures),
        "selftest": _self_test(bundle),
    }
    return {name: text.encode() for name, text in texts.items()} | {
        f"{name}.json": to_json(value) for name, value in documents.items()
    }


def from_files(files: Files, readers: Mapping[str, Reader] = READERS) -> Bundle:
    """The bundle of some files; `readers` of its baselines.

    Raises
    ------
    ModelError : when something is missing or damaged, or the model does not answer as it did when it was saved.
    """
    model, saved = document(files, "model.json"), document(files, "features.json")
    rules, calibration = document(files, "baselines.json"), document(files, "calibration.json")
    with damage("features.json"):
        specs = tuple(_spec(spec) for spec in saved["specs"])
        dropped, plan = dict(saved["dropped"]), {key: saved["plan"][key] for key in PLAN}
        plan["levels"] = _level_names(saved["plan"].get("levels", {}))  # models of earlier versions have none
        plan["stages"] = dict(saved["plan"].get("stages", {}))  # models of earlier versions know no types of customers
        profile = Profile.from_json(saved["profile"])
    names = [spec.name for spec in specs]
    predictors = {}
    for use in USES:
        with damage("baselines.json"):
            baselines = tuple(readers[rule["kind"]](rule, names) for rule in rules[use])
        with damage("calibration.json"):
            corrections = Calibration.from_json(calibration[use])
        predictors[use] = Predictor(specs, _scorer(model, use, files, names), corrections, baselines)
    with damage("model.json"):
        name, as_of, small = str(model["name"]), day_number(date.fromisoformat(model["as_of"])), bool(model["small"])
        stands_in, tuned = str(model.get("stands_in", "")), dict(model.get("tuned", {}))
    bundle = Bundle(
        name=name,
        as_of=as_of,
        final=predictors["final"],
        evaluation=predictors["evaluation"],
        small=small,
        dropped=dropped,
        profile=profile,
        plan=plan,
        config=document(files, "config.json"),
        definition=document(files, "definition.json"),
        figures=document(files, "figures.json"),
        stands_in=stands_in,
        tuned=tuned,
    )
    _check_self_test(bundle, document(files, "selftest.json"))
    return bundle


def to_json(value: Json) -> bytes:
    """Canonical JSON: the same bytes for the same value."""
    return (json.dumps(value, indent=1, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n").encode()


def document(files: Files, name: str) -> dict[str, Json]:
    """The JSON object in one of the files.

    Raises
    ------
    ModelError : when the file is missing or not a JSON object.
    """
    with damage(name):
        value = json.loads(files[name], parse_constant=_refuse_constant)
        if not isinstance(value, dict):
            raise TypeError("not an object")
        return value


@contextmanager
def damage(name: str) -> Iterator[None]:
    """Whatever goes wrong while a file of the bundle is taken apart, it is the file that is damaged."""
    try:
        yield
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise ModelError(f"The model's {name} is missing or damaged.", ADVICE) from error


def _refuse_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _level_names(saved: Mapping[str, Json]) -> dict[str, Json]:
    return {role: {column: list(map(str, names)) for column, names in columns.items()} for role, columns in saved.items()}


def _spec(saved: Mapping[str, Json]) -> FeatureSpec:
    kinds = {
        "name": str,
        "unit": str,
        "concept": str,
        "sentence": str,
        "missing": str,
        "at_zero": str,
        "family": str,
        "role": str,
        "direction": int,
        "words": dict,
        "spoken": bool,
    }
    try:  # a format text may read attributes ("{value.__class__}") or fill memory with blanks: a feature refuses those
        spec = FeatureSpec(**saved)
    except ConfigError as error:
        raise ValueError(error.what) from error
    if not all(isinstance(getattr(spec, key), kind) for key, kind in kinds.items()):
        raise TypeError("a feature has a field of the wrong kind")
    if not all(isinstance(word, (str, int)) for word in spec.words.values()):
        raise TypeError("a feature has a word that is none")
    return spec


def _texts(use: str, scorer: Scorer) -> dict[str, str]:
    boosters = scorer.boosters if isinstance(scorer, Blend) else scorer
    return dict(zip(_text_names(use, boosters), boosters.texts, strict=True)) if isinstance(boosters, Boosters) else {}


def _text_names(use: str, boosters: Boosters) -> list[str]:
    return [f"{use}_{seed}.txt" for seed in range(len(boosters.texts))]


def _scorer_json(use: str, scorer: Scorer) -> dict[str, Json]:
    if isinstance(scorer, Boosters):
        return {"kind": "boosters", "files": _text_names(use, scorer), "columns": list(scorer.columns)}
    if isinstance(scorer, Blend):
        return {"kind": BLEND, "boosters": _scorer_json(use, scorer.boosters), "rule": scorer.rule.to_json()}
    assert isinstance(scorer, (LogisticRule, NoPurchase, Together))
    return scorer.to_json()


def _scorer(model: Mapping[str, Json], use: str, files: Files, names: Sequence[str]) -> Scorer:
    with damage("model.json"):
        saved = model[use]
        if saved["kind"] in SCORING_RULES:
            return SCORING_RULES[saved["kind"]](saved, names)
        if saved["kind"] == BLEND:
            return Blend(_boosters(saved["boosters"], files, names), LogisticRule.from_json(saved["rule"], names))
        return _boosters(saved, files, names)


def _boosters(saved: Mapping[str, Json], files: Files, names: Sequence[str]) -> Boosters:
    columns = tuple(map(str, saved["columns"]))
    texts = tuple(files[name].decode() for name in saved["files"])
    boosters = Boosters(texts, columns, tuple(names.index(column) for column in columns), len(names))
    if saved["kind"] != "boosters" or not texts or not boosters.trees:
        raise ModelError("The model is of a kind that is not known here.", ADVICE)
    return boosters


def _self_test(bundle: Bundle) -> dict[str, Json]:
    """Made-up rows and what the models answer to them."""
    rows = bundle.profile.rows(SELF_TEST_ROWS, np.random.default_rng(0))
    answers = {use: getattr(bundle, use).probabilities(rows, bundle.as_of) for use in USES}
    expected = {use: {name: values.tolist() for name, values in answer.items()} for use, answer in answers.items()}
    return {"rows": without_nan(rows), "expected": expected}


def _check_self_test(bundle: Bundle, saved: Mapping[str, Json]) -> None:
    with damage("selftest.json"):
        rows = np.array(saved["rows"], np.float64).astype(np.float32).reshape(-1, len(bundle.specs))
        answers = {use: getattr(bundle, use).probabilities(rows, bundle.as_of) for use in USES}
        expected = {use: {name: np.array(saved["expected"][use][name], np.float64) for name in answers[use]} for use in USES}
        same = [
            np.allclose(answers[use][name], expected[use][name], rtol=0, atol=SELF_TEST_CLOSE)
            for use in USES
            for name in answers[use]
        ]
    if not len(rows) or not all(same):
        raise ModelError("The model does not answer its self-test as it did when it was saved.", ADVICE)
