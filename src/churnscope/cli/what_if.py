"""`churnscope what-if`: what the best call list would bring with other money, time, offers and acceptance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.call_list import ScoresFile, ValuesFile
from churnscope.cli.options import ConfigFile, Json, LogFormat, Output, Quiet
from churnscope.cli.rendering import Part, Table, count, shown
from churnscope.cli.score import Wait
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.decisions.what_if import Outlook
    from churnscope.project.money.what_ifs import WhatIfResult

FOURFOLD = "[default: 0 to 4 times what there is]"
Budgets = Annotated[str, typer.Option("--budget", metavar="A,B", help=f"Budgets to try. {FOURFOLD}", show_default=False)]
Minutes = Annotated[str, typer.Option("--minutes", metavar="A,B", help=f"Minutes to try. {FOURFOLD}", show_default=False)]
OfferCosts = Annotated[
    str,
    typer.Option("--offer-cost", metavar="xA,B", help="Times the cost of each offer. [default: x0.5 to 2]", show_default=False),
]
Acceptances = Annotated[
    str,
    typer.Option("--acceptance", metavar="xA,B", help="Times each acceptance. [default: x0.25 to 2]", show_default=False),
]


def what_if(
    config: ConfigFile,
    *,
    scores: ScoresFile = None,
    values: ValuesFile = None,
    budget: Budgets = "",
    minutes: Minutes = "",
    offer_cost: OfferCosts = "",
    acceptance: Acceptances = "",
    output: Output = None,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Try other money, time and offers for a list.

    The best call list is chosen anew for every budget, every number of minutes and all terms of the offers; what a unit of
    money or an hour more would add is told. A table and a picture; nobody is listed and nothing remembered.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress)
        result = project.what_if(
            scores=scores,
            values=values,
            budgets=numbers(budget, "--budget"),
            minutes=numbers(minutes, "--minutes"),
            offer_costs=numbers(offer_cost, "--offer-cost"),
            acceptances=numbers(acceptance, "--acceptance"),
            output=output,
            wait_seconds=wait,
        )
        run.show(result, describe)


def numbers(text: str, option: str) -> tuple[float, ...]:
    """Numbers between commas, a leading x allowed.

    Examples
    --------
    >>> numbers("x0.5, 1,2", "--acceptance")
    (0.5, 1.0, 2.0)
    """
    parts = [part.strip().removeprefix("x") for part in text.split(",") if part.strip()]
    try:
        return tuple(float(part) for part in parts)
    except ValueError as error:
        from churnscope.errors import ConfigError

        raise ConfigError(f"{option}: {text} is no list of numbers.", "Write numbers and commas: 0,250,500.") from error


def describe(result: WhatIfResult) -> Iterator[Part]:
    """What each would bring, and where the files are."""
    figures = result.figures
    done = "This very run was done before and its files are whole: nothing was written." if result.was_done else "Tried."
    yield f"{done} {result.name}, campaign {figures.campaign}, as of {date_of(result.as_of)}, run {result.run_id}."
    along = {name: [each for each in figures.outlooks if each.varied == name] for name in ("budget", "minutes", "terms")}
    if along["budget"]:
        yield _curve("budget", [(each.budget or 0.0, each) for each in along["budget"]], figures.budget)
    yield _curve("minutes", [(each.minutes, each) for each in along["minutes"]], figures.minutes)
    yield _terms(along["terms"])
    yield ""
    yield "One more: what one unit of budget, or one hour, would add. * as the config has it."
    written = "Already written" if result.was_done else "Written"
    yield from (f"{written}: {shown(path)}" for path in (*result.outputs, result.manifest))


def _curve(name: str, points: Sequence[tuple[float, Outlook]], now: float | None) -> Table:
    rows = tuple(
        (
            f"{amount:,.0f}{' *' if amount == now else ''}",
            count(each.lines),
            f"{each.cost:,.0f}",
            f"{each.minutes_used:,.0f}",
            f"{each.gain:,.0f}",
            f"{(each.gain_per_money or 0.0) if name == 'budget' else each.gain_per_hour:,.2f}",
        )
        for amount, each in points
    )
    return Table(f"By {name}", "<>>>>>", rows, (name, "to call", "cost", "minutes", "expected gain", "one more"))


def _terms(found: Sequence[Outlook]) -> Table:
    accepts = sorted({each.acceptance for each in found})
    gains = {(each.offer_cost, each.acceptance): each.gain for each in found}
    rows = tuple(
        (f"x{cost:g}", *(f"{gains[cost, accept]:,.0f}" for accept in accepts))
        for cost in sorted({each.offer_cost for each in found})
    )
    title = "Expected gain by the cost of the offers (down) and the acceptance (across)"
    return Table(title, f"<{'>' * len(accepts)}", rows, ("", *(f"x{accept:g}" for accept in accepts)))
