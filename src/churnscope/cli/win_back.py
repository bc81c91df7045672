"""`churnscope win-back`: who gets which step today, what they answered, and whether it brings customers back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Output, Quiet, example
from churnscope.cli.outcomes import DayFormat
from churnscope.cli.rendering import Part, Table, count, share, shown
from churnscope.cli.score import Wait
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.decisions.campaign import Effect
    from churnscope.project.win_back.won_back import AnswersResult, WinBackReport, WinBackResult

win_back = typer.Typer(
    name="win-back",
    help="Win inactive customers back, step by step.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
)

Scores = Annotated[
    Path | None,
    typer.Option("--scores", metavar="FILE", help="Written by score --reactivation. [default: the newest, if there is one]"),
]
Answers = Annotated[
    Path, typer.Argument(metavar="FILE", help="Answers, .csv or .xlsx, with the columns customer_id and answer.")
]
Day = Annotated[
    str | None,
    typer.Option("--day", metavar="DAY", help="Day of rows without one. [default: that of the customer's newest step]"),
]
VERDICTS = {
    "unknown": "The effect is unknown: without customers left alone nobody can tell who would have come back anyway.",
    "not as drawn": "The arms are not as they were drawn, so they cannot be compared. Was the salt changed?",
    "worked": "It works: those who were contacted came back more often, beyond what chance explains.",
    "harmed": "It harms: those who were contacted came back less often, beyond what chance explains.",
    "cannot tell": "Nobody can tell yet: chance alone explains such a difference.",
}


@win_back.command(
    "next", epilog=example("win-back next my_shop.toml", "win-back next my_shop.toml --as-of 2024-03-01 -o today.csv --json")
)
def next_steps(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    scores: Scores = None,
    output: Output = None,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Write who gets which step today.

    Customers who are inactive enter, a part of them is left alone, and the others get one step after the other until they come
    back. A day is decided once: the same day again writes the same, and a day that was missed is caught up by the next.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress)
        run.show(project.win_back_next(as_of, scores=scores, output=output, wait_seconds=wait), describe)


@win_back.command(epilog=example("win-back answers my_shop.toml survey.csv"))
def answers(
    config: ConfigFile,
    file: Answers,
    *,
    day: Day = None,
    day_format: DayFormat = None,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Store what customers answered.

    An answer chooses the offer of later steps; refused ends the customer's way, do not call ends it for good. The same file
    again adds nothing.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress)
        run.show(project.add_answers(file, day=day, day_format=day_format), describe_answers)


@win_back.command(epilog=example("win-back report my_shop.toml"))
def report(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Tell who came back, contacted or left alone.

    Everybody who entered is compared as drawn, over the same number of days from entering on.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(config, progress=run.progress).win_back_report(as_of, wait_seconds=wait), describe_report)


def describe(result: WinBackResult) -> Iterator[Part]:
    """How many get which step, who entered, what holds the others, and where the files are."""
    today = result.figures
    done = "This very run was done before and its files are whole: nothing was written." if result.was_done else "Decided."
    yield f"{done} {result.name}, {today.campaign}, as of {date_of(result.as_of)}, run {result.run_id}."
    yield (
        f"Those enter first of whom most is expected, by the scores of {today.scores_of}."
        if today.scores_of
        else "Without scores: churnscope score CONFIG --reactivation tells who is likely to return."
    )
    yield Table("Steps of the day", "<>", tuple((name, count(number)) for name, number in today.steps.items()))
    entered = (
        ("entered", count(today.entered)),
        ("  of these left alone as control", count(today.control)),
        ("could enter, no room today", count(today.waiting)),
    )
    yield Table("Entering", "<>", entered)
    if today.states:
        yield Table("On the way, without a step today", "<>", tuple((name, count(n)) for name, n in today.states.items()))
    yield ""
    written = "Already written" if result.was_done else "Written"
    yield from (f"{written}: {shown(path)}" for path in (*result.outputs, result.manifest))


def describe_answers(result: AnswersResult) -> Iterator[Part]:
    """What became of the rows."""
    rows = (
        ("stored", count(result.stored)),
        ("known already", count(result.known)),
        ("without an answer", count(result.without_answer)),
        *((f"not used: {rule}", count(number)) for rule, number in result.refused.items()),
    )
    yield Table(f"{count(result.rows)} rows of {result.file.name}", "<>", rows)


def describe_report(result: WinBackReport) -> Iterator[Part]:
    """Steps and answers, and the two arms beside each other."""
    yield f"{result.name}, {result.campaign}, as of {date_of(result.as_of)}: {count(result.entered)} customers entered."
    rows = tuple((name, count(use.customers), f"{use.cost:,.2f}") for name, use in result.steps.items())
    yield Table("Steps so far", "<>>", rows, ("step", "customers", "cost"))
    if result.answers:
        yield Table("Answers", "<>", tuple((answer, count(number)) for answer, number in result.answers.items()))
    if result.effect is not None:
        yield _arms(result.effect, result.window_days)
    yield ""
    if result.open:
        yield f"Left out: {count(result.open)} customers whose {result.window_days} days are not over."
    yield "Nobody's days are over yet." if result.effect is None else VERDICTS[result.effect.verdict]
    yield from (f"Written: {shown(path)}" for path in (*result.outputs, result.manifest))


def _arms(effect: Effect, window_days: int) -> Table:
    called, control = effect.called, effect.control
    rows = [
        ("customers", count(called.customers), count(control.customers), ""),
        ("came back", count(called.stayed), count(control.stayed), ""),
    ]
    difference = effect.retention
    rows += [
        (
            "share who came back",
            share(called.stayed, called.customers),
            share(control.stayed, control.customers),
            "" if difference is None else f"{difference.value:+.1%} [{difference.low:+.1%}, {difference.high:+.1%}]",
        )
    ]
    if effect.saved is not None:
        saved = effect.saved
        rows += [("came back because of it", "", "", f"{saved.value:,.0f} [{saved.low:,.0f}, {saved.high:,.0f}]")]
    profit = effect.profit_adjusted or effect.profit
    if profit is not None:
        rows += [
            (
                "profit per customer, for what was spent before",
                "",
                "",
                f"{profit.value:,.2f} [{profit.low:,.2f}, {profit.high:,.2f}]",
            )
        ]
    columns = ("", "to be contacted", "left alone", "difference")
    return Table(f"Who came back within {window_days} days of entering", "<>>>", tuple(rows), columns)
