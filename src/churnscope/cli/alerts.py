"""`churnscope alerts`: what somebody is to be told at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Quiet, example
from churnscope.cli.rendering import Part, Table, count, shown
from churnscope.cli.score import Wait
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.project.alerts.alerted import AlertsResult
    from churnscope.project.alerts.watching import Watched

alerts = typer.Typer(
    name="alerts",
    help="Tell people at once what has come up.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

ScoresFile = Annotated[
    Path | None,
    typer.Option("--scores", metavar="FILE", help="Scores to read beside those in the outputs folder."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be told; write, remember and send nothing.")]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder in which the files of the sources arrive.")]
Every = Annotated[float, typer.Option("--every", metavar="SECONDS", min=0.05, help="How often to look.")]
Once = Annotated[bool, typer.Option("--once", help="End when the files that are there are read.")]


@alerts.command(
    epilog=example("alerts run my_shop.toml", "alerts run my_shop.toml --as-of 2024-03-01 --dry-run"),
)
def run(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    scores: ScoresFile = None,
    dry_run: DryRun = False,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Find what is new since the last run, write it, and tell who wants to know.

    By the rules of [alerts]. Every alert is fired once, however often this runs and whatever days it missed, and stays open
    while its cause is there. A message that cannot be delivered waits for the next run.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as running:
        from churnscope.project import Project

        project = Project(config, progress=running.progress)
        running.show(project.alerts(as_of, scores=scores, dry_run=dry_run, wait_seconds=wait), describe)


@alerts.command(
    epilog=example("alerts watch my_shop.toml incoming/", "alerts watch my_shop.toml incoming/ --every 60 --log-format json"),
)
def watch(
    config: ConfigFile,
    folder: Folder,
    *,
    every: Every = 10.0,
    once: Once = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Run the alerts as soon as a file has arrived in a folder that sources are read from.

    A file counts as complete when its size and time stay as they are from one look to the next. One that is refused is moved
    into quarantine, and watching goes on. Ctrl-C ends it.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as running:
        from churnscope.project import Project

        project = Project(config, progress=running.progress)
        running.show(project.watch_alerts(folder, every_seconds=every, once=once), describe_watched)


def describe(result: AlertsResult) -> Iterator[Part]:
    """What is new, what is open, who was told, and where the files are."""
    done = "Looked; nothing is written or sent." if result.outputs == () else "Looked."
    done = "This very run was done before and its files are whole." if result.was_done else done
    yield f"{done} {result.name}, as of {date_of(result.as_of)}, causes since {date_of(result.since)}, run {result.run_id}."
    rows = tuple(
        (name, rule.severity, count(rule.new), count(rule.held_back), count(rule.open), count(rule.resolved))
        for name, rule in result.rules.items()
    )
    yield Table("Alerts", "<<>>>>", rows, ("rule", "severity", "new", "held back", "open", "resolved"))
    if result.quiet:
        yield Table("Not told again so soon", "<>", tuple((name, count(number)) for name, number in result.quiet.items()))
    if result.deliveries:
        told = tuple(
            (each.destination, each.message_id, "sent" if each.sent else f"waits: {each.reason}") for each in result.deliveries
        )
        yield Table("Messages", "<<<", told)
    yield ""
    yield from result.notes
    for destination, text in result.messages:
        yield f"To {destination}:\n{text}\n"
    if result.manifest is not None:
        written = "Already written" if result.was_done else "Written"
        yield from (f"{written}: {shown(path)}" for path in (*result.outputs, result.manifest))


def describe_watched(result: Watched) -> Iterator[Part]:
    """What became of the files."""
    rows = (
        ("files read", count(result.read)),
        ("files in quarantine", count(len(result.quarantined))),
        ("runs", count(result.runs)),
        ("new alerts", count(result.new)),
    )
    yield Table(f"Watched {shown(result.folder)}", "<>", rows)
    if result.quarantined:
        yield ""
        yield from (f"In quarantine: {shown(path)}" for path in result.quarantined)
