"""`churnscope train`: fit, judge, save."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.audit import findings_told
from churnscope.cli.figures import UNLABELLED, figures, label_line, looks_line, tracking_line
from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Quiet, Reactivation
from churnscope.cli.rendering import Part, Table, count, shown
from churnscope.cli.session import session
from churnscope.predicted import REACTIVATION
from churnscope.timeline import NO_DATE, cutoff_name, date_of, is_part

if TYPE_CHECKING:
    from churnscope.model.tuning import Tuned
    from churnscope.project.results import TrainResult

Promote = Annotated[bool, typer.Option(help="Make the model the champion when it passes the gate.")]


def train(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    promote: Promote = True,
    reactivation: Reactivation = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Fit a model and judge it on later data.

    The model is fitted on old cutoffs, judged beside simple rules on the newest complete one, refitted on all, and saved.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress, reactivation=reactivation).train(as_of, promote=promote), describe)


def describe(result: TrainResult) -> Iterator[Part]:
    """What was trained on, how good it is, and what to do next."""
    yield f"Trained {result.name} {result.version} as of {date_of(result.as_of)}: {shown(result.folder)}"
    yield from label_line(result.label)
    yield _training_table(result)
    if is_part(result.split.test[0]):
        yield ""
        yield f"Every customer was judged by the recipe trained on others. {NO_DATE}"
    yield ""
    yield from figures(result.evaluation, result.grade)
    yield from findings_told(result.findings)
    yield ""
    yield from result.left_out
    yield looks_line(result.looks)
    yield f"{'Champion' if result.promoted else 'Not promoted'}: {result.promotion}"
    if result.stand_in:
        rule = result.stand_in.rule
        said = f"the {rule}, the same for everyone" if result.stand_in.is_chance else f"a simple rule, the {rule}"
        yield (
            f"In its place serves {said}: version {result.stand_in.version}. "
            f"To use the model all the same: churnscope models promote CONFIG {result.version} --force"
        )
    yield from tracking_line(result.tracking)
    serves = result.promoted or result.stand_in
    asked = " --reactivation" if result.evaluation.words is REACTIVATION else ""
    named = "" if serves else f" --model {shown(result.folder)}"
    yield f"Next: churnscope score CONFIG{asked}{named}"


def _training_table(result: TrainResult) -> Table:
    cutoffs = tuple(
        (f"cutoffs to {use}", ", ".join(map(cutoff_name, days)))
        for use, days in (
            ("fit", result.split.fit),
            ("stop", result.split.stop),
            ("calibrate", result.split.calibrate),
            ("test", result.split.test),
            ("refit too", result.split.between + result.split.late),
        )
        if days and not is_part(days[0])
    )
    facts = (
        ("snapshots", f"{count(result.rows)}, of which {count(result.churned)} {result.evaluation.words.happened}"),
        *((("left out", f"{count(result.unlabelled)}: {UNLABELLED}"),) if result.unlabelled else ()),
        ("features", count(result.features)),
        ("trees by seed", ", ".join(map(count, result.rounds))),
        *((("settings", _tuned_words(result.tuned)),) if result.tuned else ()),
    )
    return Table("Training", "<<", (*cutoffs, *facts))


def _tuned_words(tuned: Tuned) -> str:
    """What the search for settings chose, and by how much it was better."""
    tried = f"of {count(tuned.trials)} tried"
    if not tuned.better:
        return f"as declared: none {tried} was clearly better"
    chosen = ", ".join(f"{name} {value:.3g}" for name, value in tuned.chosen.items())
    return f"{chosen} ({tried}; log loss {tuned.declared_loss:.4f} to {tuned.best_loss:.4f} at the stop cutoff)"
