"""`churnscope evaluate`: a saved model on data it never saw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.figures import (
    UNLABELLED,
    backtest_tables,
    figures,
    label_line,
    looks_line,
    profit_tables,
    tracking_line,
)
from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Model, Quiet, Reactivation
from churnscope.cli.rendering import Part, count, shown
from churnscope.cli.session import session
from churnscope.timeline import NO_DATE, cutoff_name, is_part

if TYPE_CHECKING:
    from churnscope.project.results import EvaluateResult

Backtest = Annotated[bool, typer.Option(help="Refit the model before earlier cutoffs too and judge it there.")]


def evaluate(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    model: Model = "latest",
    backtest: Backtest = True,
    reactivation: Reactivation = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Judge a saved model beside simple rules.

    The newest cutoff whose outcome is known and that the model never saw; every figure with its 95 % interval. Then a backtest:
    the model refitted before earlier cutoffs and judged there.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(
            Project(config, progress=run.progress, reactivation=reactivation).evaluate(as_of, model=model, backtest=backtest),
            describe,
        )


def describe(result: EvaluateResult) -> Iterator[Part]:
    """The figures, and where they were written."""
    if is_part(result.cutoff) or any(is_part(fold.cutoff) for fold in result.backtest):
        yield f"{result.name} {result.version}, each customer judged by the recipe trained on others. {NO_DATE}"
    else:
        yield (
            f"{result.name} {result.version} at the cutoff {cutoff_name(result.cutoff)}, "
            f"trained on cutoffs through {cutoff_name(result.trained_through)}."
        )
    yield from label_line(result.label)
    if result.unlabelled:
        yield f"{count(result.unlabelled)} customers are left out: {UNLABELLED}."
    yield from figures(result.evaluation, result.grade)
    if result.profit is not None:
        yield from profit_tables(result.profit)
    yield from backtest_tables(result.backtest)
    yield ""
    yield looks_line(result.looks)
    yield from (f"Written: {shown(path)}" for path in result.outputs)
    yield from tracking_line(result.tracking)
