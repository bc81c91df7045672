"""`churnscope uplift`: whom the offers of a randomised campaign change, in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Output, Quiet
from churnscope.cli.rendering import Part, Table, count, shown
from churnscope.cli.score import Wait
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.evaluation.intervals import Estimate
    from churnscope.project.money.uplifted import CampaignFigures, UpliftResult


Values = Annotated[
    Path | None,
    typer.Option("--values", metavar="FILE", help="What each customer is worth, as value writes it. [default: the config's]"),
]


def uplift(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    values: Values = None,
    output: Output = None,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Rank customers by what an offer changes.

    Learned on a campaign whose arms were drawn at random, with a control group; any other is refused. Told are the rates of the
    arms, how well S-, T- and X-learners find whom an offer changes among customers they had not seen, and what rules for giving
    offers would have brought. The list names the best offer for each customer of the day.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(
            Project(config, progress=run.progress).uplift(as_of, values=values, output=output, wait_seconds=wait), describe
        )


def describe(result: UpliftResult) -> Iterator[Part]:
    """What the offers changed, who knows whom, what rules bring, and where the files are."""
    figures = result.figures
    done = "This very run was done before and its files are whole: nothing was written." if result.was_done else "Ranked."
    yield f"{done} {result.name}, as of {date_of(result.as_of)}, run {result.run_id}."
    yield _arms(figures)
    yield _learners(figures)
    yield _policies(figures)
    yield ""
    yield (
        f"An offer is expected to bring more than it costs for {count(figures.worth_it)} of {count(figures.listed)} customers "
        f"on the list, by the {figures.learner.upper()}-learner, an outcome being worth {_worth(figures)}."
    )
    if figures.left_out:
        yield f"Left out: {', '.join(f'{count(n)} {why}' for why, n in figures.left_out.items())}."
    yield from figures.notes
    written = "Already written" if result.was_done else "Written"
    yield from (f"{written}: {shown(path)}" for path in (*result.outputs, result.manifest))


def _worth(figures: CampaignFigures) -> str:
    value = f"{figures.value:,.6g}"
    return f"what {figures.values} says ({value} otherwise)" if figures.values else value


def _arms(figures: CampaignFigures) -> Table:
    control = figures.control
    rows = [(control.name, count(control.customers), f"{control.rate:.2%}", "", "", "", "")]
    rows += [
        (
            offer.rate.name,
            count(offer.rate.customers),
            f"{offer.rate.rate:.2%}",
            "" if offer.rate.effect is None else _points(offer.rate.effect),
            f"{offer.assignment.value:.3f}",
            f"{offer.cost:,.6g}",
            count(offer.listed),
        )
        for offer in figures.offers
    ]
    columns = ("arm", "customers", "rate", "effect in points", "foretold (AUROC)", "cost", "best for")
    return Table(f"What the offers changed; the outcome is: {figures.outcome}", "<>>>>>>", tuple(rows), columns)


def _learners(figures: CampaignFigures) -> Table:
    rows = tuple(
        (offer.rate.name, f"{kind.upper()}{' *' if kind == figures.learner else ''}", str(found.qini), str(found.auuc))
        for offer in figures.offers
        for kind, found in offer.learners.items()
    )
    title = "Orders by uplift, out of fold: 0 is a random order, 1 the best there is; * ranks the list"
    return Table(title, "<<>>", rows, ("offer", "learner", "Qini", "AUUC"))


def _policies(figures: CampaignFigures) -> Table:
    rows = tuple(
        (
            rule.name,
            f"{rule.offered_share:.1%}",
            f"{100 * rule.value.value:z,.2f}",
            f"{100 * rule.gain.value:z,.2f} [{100 * rule.gain.low:z,.2f}, {100 * rule.gain.high:z,.2f}]",
        )
        for rule in figures.policies
    )
    title = "What rules would have brought per 100 customers, costs taken off"
    return Table(title, "<>>>", rows, ("who gets an offer", "offered", "brings", "more than no one"))


def _points(effect: Estimate) -> str:
    return f"{100 * effect.value:+z.2f} [{100 * effect.low:+z.2f}, {100 * effect.high:+z.2f}]"
