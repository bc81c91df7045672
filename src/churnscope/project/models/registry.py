"""`models`: the versions of a model, and which of them serves."""

from __future__ import annotations

from dataclasses import fields, replace

from churnscope.config.models import Config
from churnscope.errors import GateError, ModelError, StorageError
from churnscope.evaluation.figures import Evaluation
from churnscope.evaluation.grade import DECIDING, METRIC_WORDS, is_better, is_worse
from churnscope.model.blend import Blend
from churnscope.model.bundle import Bundle, champion, champions_before, read_bundle, resolve, versions
from churnscope.model.bundle import promote as promote_version
from churnscope.model.bundle import rollback as roll_back
from churnscope.model.together import Together
from churnscope.operations.logs import Progress
from churnscope.operations.run import RunRecord, recorded
from churnscope.project.days import newest_cutoff
from churnscope.project.log import champion_run, track
from churnscope.project.models.comparison import OTHER, Ground
from churnscope.project.models.past import judged_in
from churnscope.project.models.promotion import gate
from churnscope.project.models.saved import load_model, model_name, split_of
from churnscope.project.models.versions import Comparison, Served, Version, VersionDetails, VersionList
from churnscope.project.session import Folders, loaded_data
from churnscope.timeline import Split


def list_models(config: Config) -> VersionList:
    """Every version, also those of other definitions, and what was found when it was trained."""
    models, name = Folders.of(config).models, model_name(config)
    return VersionList(
        name, tuple(_line(config, version) for version in versions(models, name)), champions_before(models, name)
    )


def show_model(config: Config, which: str) -> VersionDetails:
    """One version in full."""
    bundle = read_bundle(resolve(Folders.of(config).models, model_name(config), which))
    judged, calibration = judged_in(bundle.figures), bundle.final.calibration
    kept = {"season": calibration.season, "beta map": calibration.beta}
    return VersionDetails(
        name=bundle.name,
        version=bundle.version,
        as_of=bundle.as_of,
        marks=_marks(config, bundle.version),
        recipe=_recipe(bundle),
        corrections=tuple(word for word, correction in kept.items() if correction is not None),
        split={use.name: tuple(bundle.definition["split"][use.name]) for use in fields(Split)},
        features=len(bundle.specs),
        dropped=bundle.dropped,
        baselines=tuple(rule.name for rule in bundle.final.baselines),
        cutoff=bundle.figures["cutoff"],
        evaluation=judged.evaluation,
        grade=judged.grade,
    )


def compare_models(config: Config, as_of: int | None, progress: Progress, *, one: str, other: str) -> Comparison:
    """Two versions on the customers of the newest complete cutoff; `Project.compare` says more."""
    with recorded(Folders.of(config).ledger, "models compare") as record:
        bundles = load_model(config, one), load_model(config, other)
        with loaded_data(config, as_of, progress) as loaded:
            cutoff = newest_cutoff(config, loaded)
            evaluation = Ground(config, loaded, progress).compared(*bundles, cutoff)
        record.counts = {"rows": evaluation.rows, "churned": evaluation.churned}
    versions_compared = bundles[0].version, bundles[1].version
    differences = evaluation.differences[OTHER]
    return Comparison(
        model_name(config), *versions_compared, cutoff, evaluation, differences, _verdict(evaluation, *versions_compared)
    )


def promote_model(config: Config, progress: Progress, *, version: str, force: bool) -> Served:
    """Make a version the champion where the gate is open, or it is forced; `Project.promote` says more."""
    folders, name = Folders.of(config), model_name(config)
    with recorded(folders.ledger, "models promote") as record:
        before, candidate = champion(folders.models, name), load_model(config, version)
        record.outputs = [candidate.version]
        reason = "forced"
        if not force:
            reason = _through_the_gate(config, candidate, progress)
        promote_version(folders.models, name, candidate.version)
        return _logged(config, Served(name, candidate.version, before, reason), record)


def rollback_model(config: Config) -> Served:
    """Make the champion before the present one the champion again."""
    folders, name = Folders.of(config), model_name(config)
    with recorded(folders.ledger, "models rollback") as record:
        before = champion(folders.models, name)
        version = roll_back(folders.models, name)
        record.outputs = [version]
        return _logged(config, Served(name, version, before, "taken back"), record)


def _logged(config: Config, served: Served, record: RunRecord) -> Served:
    return replace(served, tracking=track(config, champion_run(config, record.command, served), record))


def _through_the_gate(config: Config, candidate: Bundle, progress: Progress) -> str:
    """The reason why the candidate may serve.

    Raises
    ------
    GateError : when it may not.
    """
    (cutoff,) = split_of(candidate).test

    def compare(one: Bundle, other: Bundle) -> Evaluation:
        with loaded_data(config, candidate.as_of, progress) as loaded:
            return Ground(config, loaded, progress).compared(one, other, cutoff)

    decision = gate(config, candidate, compare)
    if not decision.granted:
        raise GateError(
            f"Model {candidate.version} is not promoted: {decision.reason}.",
            "Look at it with `churnscope models show`; to promote it all the same, add --force.",
        )
    return decision.reason


def _line(config: Config, version: str) -> Version:
    marks = _marks(config, version)
    try:
        bundle = read_bundle(resolve(Folders.of(config).models, model_name(config), version))
    except (ModelError, StorageError) as error:
        return Version(version, version[:10], marks, damage=error.what)
    judged = judged_in(bundle.figures)
    metrics = judged.evaluation.model.metrics
    return Version(
        version,
        version[:10],
        marks,
        cutoff=bundle.figures["cutoff"],
        auroc=metrics["auroc"].value,
        log_loss=metrics["log_loss"].value,
        grade=judged.grade.text,
        stands_in=bundle.stands_in,
    )


def _recipe(bundle: Bundle) -> str:
    if bundle.stands_in:
        return f"the {bundle.stands_in}, in place of a model"
    if bundle.small:
        return (
            "logistic regression and P0 for small data"
            if isinstance(bundle.final.scorer, Together)
            else "logistic regression for small data"
        )
    trees = "boosted trees, tuned" if bundle.tuned else "boosted trees"
    return f"{trees}, averaged with logistic regression" if isinstance(bundle.final.scorer, Blend) else trees


def _marks(config: Config, version: str) -> tuple[str, ...]:
    return tuple(which for which in ("champion", "latest") if version == _pointed(config, which))


def _pointed(config: Config, which: str) -> str | None:
    """The version a word means; None where it means none."""
    try:
        return resolve(Folders.of(config).models, model_name(config), which).name
    except ModelError:
        return None


def _verdict(evaluation: Evaluation, one: str, other: str) -> str:
    """Which of two versions is better, by the intervals of their differences."""
    differences = evaluation.differences[OTHER]
    better = [METRIC_WORDS[metric] for metric in DECIDING if is_better(metric, differences[metric])]
    worse = [METRIC_WORDS[metric] for metric in DECIDING if is_worse(metric, differences[metric])]
    if not better and not worse:
        return f"No difference between {one} and {other} can be told."
    parts = (f"better in {' and '.join(better)}" if better else "", f"worse in {' and '.join(worse)}" if worse else "")
    return f"{one} is {', '.join(filter(None, parts))} than {other}."
