"""`churnscope models`: the saved versions of a model, and which of them serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.figures import figures, predictor_table, tracking_line
from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Quiet, Reactivation, example
from churnscope.cli.rendering import Part, Table, count
from churnscope.cli.session import session
from churnscope.timeline import cutoff_name, cutoff_named, date_of, is_part

if TYPE_CHECKING:
    from churnscope.project.models.versions import Comparison, Served, Version, VersionDetails, VersionList

models = typer.Typer(
    name="models",
    help="List, compare, promote and take back saved models.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Which = Annotated[str, typer.Argument(metavar="VERSION", help="champion, latest, a version, or the folder of a saved model.")]
Other = Annotated[str, typer.Argument(metavar="OTHER", help="The model to compare with, named in the same way.")]
Force = Annotated[bool, typer.Option("--force", help="Promote it whatever the gate says.")]


@models.command("list", epilog=example("models list my_shop.toml"))
def list_versions(
    config: ConfigFile,
    *,
    reactivation: Reactivation = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """List every version with its figures."""
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress, reactivation=reactivation).models(), describe_list)


@models.command(epilog=example("models show my_shop.toml", "models show my_shop.toml latest --json"))
def show(
    config: ConfigFile,
    version: Which = "champion",
    *,
    reactivation: Reactivation = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Print what one version learned from and how good it was."""
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress, reactivation=reactivation).show(version), describe_version)


@models.command(epilog=example("models compare my_shop.toml latest"))
def compare(
    config: ConfigFile,
    version: Which,
    other: Other = "champion",
    *,
    as_of: AsOf = None,
    reactivation: Reactivation = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Judge two versions on the same customers.

    At the newest cutoff whose outcome is known; neither may have learned from it.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(
            Project(config, progress=run.progress, reactivation=reactivation).compare(version, other, as_of=as_of),
            describe_comparison,
        )


@models.command(epilog=example("models promote my_shop.toml latest"))
def promote(
    config: ConfigFile,
    version: Which,
    *,
    force: Force = False,
    reactivation: Reactivation = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Let one version serve, if the gate is open.

    A first champion beats the simple rules; a later one does not lose to the champion on the same later customers.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(
            Project(config, progress=run.progress, reactivation=reactivation).promote(version, force=force), describe_change
        )


@models.command(epilog=example("models rollback my_shop.toml"))
def rollback(
    config: ConfigFile,
    *,
    reactivation: Reactivation = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Let the champion before the present one serve."""
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress, reactivation=reactivation).rollback(), describe_change)


def describe_list(result: VersionList) -> Iterator[Part]:
    """A row a version, the oldest first."""
    if not result.versions:
        yield f"{result.name} has no saved model yet. Run `churnscope train` first."
        return
    columns = ("version", "as of", "test cutoff", "AUROC", "log loss", "grade", "")
    yield Table(f"Models of {result.name}", "<<<>><<", tuple(map(_line, result.versions)), columns)
    if result.before:
        yield ""
        yield f"Champions before: {', '.join(result.before)}"


def describe_version(result: VersionDetails) -> Iterator[Part]:
    """What a version is made of, what it learned from, and its figures."""
    yield f"{', '.join((f'{result.name} {result.version}', *result.marks))}, as of {date_of(result.as_of)}"
    cutoffs = tuple((f"cutoffs to {use}", ", ".join(days)) for use, days in result.split.items() if days)
    facts = (
        ("made of", result.recipe),
        ("corrections", ", ".join(result.corrections) or "none"),
        ("features", f"{count(result.features)}, of which {count(len(result.dropped))} without use"),
    )
    yield Table("Model", "<<", (*cutoffs, *facts))
    yield ""
    if is_part(cutoff_named(result.split["test"][0])):
        yield "Every customer judged by the recipe trained on others:"
    else:
        yield f"At the test cutoff {result.cutoff}, which its twin for evaluation never saw:"
    yield from figures(result.evaluation, result.grade)


def describe_comparison(result: Comparison) -> Iterator[Part]:
    """Both side by side, and what can be told from it."""
    yield f"{result.one} (model) and {result.other} (other model) at the cutoff {cutoff_name(result.cutoff)}"
    yield predictor_table(result.evaluation)
    yield ""
    yield result.verdict


def describe_change(result: Served) -> Iterator[Part]:
    """Which version serves from now on."""
    yield f"Champion of {result.name}: {result.version} ({result.reason})."
    if result.before and result.before != result.version:
        yield f"Before: {result.before}"
    yield from tracking_line(result.tracking)


def _line(version: Version) -> tuple[str, ...]:
    marks = (*version.marks, *([f"{version.stands_in} in place of a model"] if version.stands_in else ()))
    numbers = ("" if number is None else f"{number:.3f}" for number in (version.auroc, version.log_loss))
    grade = version.grade or f"damaged: {version.damage}"
    return version.version, version.as_of, version.cutoff, *numbers, grade, ", ".join(marks)
