"""`churnscope value`: what each customer will buy, spend and be worth, in a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, ConfigFile, Json, LogFormat, Output, Quiet
from churnscope.cli.rendering import Part, Table, count, shown
from churnscope.cli.score import Wait
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.project.money.contract_valued import ContractFigures, ContractJudgement
    from churnscope.project.money.valued import ValueFigures, ValueResult
    from churnscope.value.judging import Judgement

Horizon = Annotated[
    int | None,
    typer.Option("--horizon-days", metavar="N", min=1, help="Days that expected purchases cover. [default: the config's]"),
]


def value(
    config: ConfigFile,
    *,
    as_of: AsOf = None,
    horizon_days: Horizon = None,
    output: Output = None,
    wait: Wait = 0,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Write what each customer is worth.

    Where who is active is told by priced contracts in force: what these will bring in the horizon with an interval, and their
    discounted value, by how long contracts of their age last.

    For everyone who has bought: expected purchases and spend in the horizon with an interval, the probability of still being a
    customer, and the discounted value of all purchases to come. The model is chosen on purchases it had not seen.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        project = Project(config, progress=run.progress)
        run.show(project.value(as_of, horizon_days=horizon_days, output=output, wait_seconds=wait), describe)


def describe(result: ValueResult) -> Iterator[Part]:
    """How the models did, what the customers are worth, and where the files are."""
    from churnscope.project.money.contract_valued import ContractFigures

    figures = result.figures
    done = "This very run was done before and its files are whole: nothing was written." if result.was_done else "Valued."
    yield f"{done} {result.name}, as of {date_of(result.as_of)}, run {result.run_id}."
    yield from _of_contracts(figures) if isinstance(figures, ContractFigures) else _of_purchases(figures)
    yield from figures.notes
    written = "Already written" if result.was_done else "Written"
    yield from (f"{written}: {shown(path)}" for path in (*result.outputs, result.manifest))


def _of_purchases(figures: ValueFigures) -> Iterator[Part]:
    if figures.judgement is not None:
        yield from _judged(figures.judgement, figures)
    yield _tenths(figures)
    yield ""
    nobody = f"; {count(figures.never_bought)} more have bought nothing yet" if figures.never_bought else ""
    money = f"Margin {figures.margin:.0%}, discounted by {figures.discount_rate:.1%} a year."
    yield f"{count(figures.customers)} customers{nobody}. {money}"


def _of_contracts(figures: ContractFigures) -> Iterator[Part]:
    yield _groups(figures)
    if figures.judgement is not None:
        yield from _contracts_judged(figures.judgement)
    total = figures.total("value")
    rows = tuple(
        (
            str(number),
            count(tenth.customers),
            *(f"{each:,.0f}" for each in (tenth.price, tenth.spend, tenth.value)),
            f"{tenth.value / total:.1%}" if total else "",
        )
        for number, tenth in enumerate(figures.tenths, start=1)
    )
    columns = ("tenth", "customers", "if nobody left", "expected", "value", "of all value")
    title = f"Expected for {count(figures.horizon_days)} days, and the value of all that the contracts in force will bring"
    yield Table(title, "<>>>>>", rows, columns)
    yield ""
    from churnscope.reports.wording import counted

    contracts = counted(figures.contracts, "contracts")
    yield (
        f"{count(figures.customers)} customers with {contracts} in force; {count(figures.without_contract)} more have none. "
        f"Margin {figures.margin:.0%}, discounted by {figures.discount_rate:.1%} a year."
    )


def _groups(figures: ContractFigures) -> Table:
    days = sorted({day for group in figures.groups for day in group.shares})
    rows = tuple(
        (
            group.name,
            count(group.contracts),
            count(group.ended),
            *(_or_blank(group.shares.get(day), ".0%") for day in days),
            count(group.known_days),
            f"{group.later_yearly:.0%}",
        )
        for group in figures.groups
    )
    columns = ("", "watched", "ended", *(f"after {day} days" for day in days), "known to day", "a year, later")
    return Table("How many contracts last", "<" + ">" * (len(columns) - 1), rows, columns)


def _contracts_judged(judgement: ContractJudgement) -> Iterator[Table]:
    rows = [
        (
            name,
            f"{each.spend_error:,.2f}",
            f"{each.spend_distance:,.2f}",
            count(round(each.spend)),
            _or_blank(each.tenths_off, ".1%"),
            _or_blank(each.spend_held, ".0%"),
            _or_blank(each.spend_promised, ".0%"),
        )
        for name, each in judgement.errors.items()
    ]
    rows.append(("what came", "", "", count(round(judgement.spend)), "", "", ""))
    rows.append(("from contracts begun later", "", "", count(round(judgement.begun_later)), "", "", ""))
    who = f"{count(judgement.contracts)} contracts of {count(judgement.customers)} customers"
    title = f"Revenue of {count(judgement.horizon_days)} days from {who}, as of {date_of(judgement.cutoff)}"
    yield Table(title, "<>>>>>>", tuple(rows), ("", "RMSE", "MAE", "revenue", "tenths off", "in interval", "promised"))


def _judged(judgement: Judgement, figures: ValueFigures) -> Iterator[Table]:
    """The models and the rule, each beside what came; and how well each tells the money."""
    names = {name: f"{name}{' *' if name in figures.used else ''}" for name in judgement.ranked}
    errors = {names[name]: judgement.errors[name] for name in judgement.ranked}
    rows = [
        (
            name,
            _or_blank(each.purchase_days_error, ".3f"),
            _or_blank(each.purchase_days, ",.0f"),
            _or_blank(each.purchase_days_held, ".0%"),
        )
        for name, each in errors.items()
    ]
    rows.append(("what came", "", count(round(judgement.purchase_days)), ""))
    rows += [(name, "refused", "", "") for name in judgement.refused]
    who = f"{count(judgement.horizon_days)} days for {count(judgement.customers)} customers"
    chosen = "" if judgement.choice is None else f", chosen as of {date_of(judgement.choice.cutoff)}"
    title = f"Forecast of {who}, fitted before {date_of(judgement.cutoff)}; * is used{chosen}"
    yield Table(title, "<>>>", tuple(rows), ("", "off by days", "purchase days", "in interval"))
    money = [
        (
            name,
            f"{each.spend_error:,.2f}",
            f"{each.spend_distance:,.2f}",
            count(round(each.spend)),
            _or_blank(each.tenths_off, ".0%"),
            _or_blank(each.gini, ".3f"),
            _or_blank(each.spend_held, ".0%"),
            _or_blank(each.spend_promised, ".0%"),
        )
        for name, each in errors.items()
    ]
    money.append(("what came", "", "", count(round(judgement.spend)), "", "", "", ""))
    columns = ("", "RMSE", "MAE", "spend", "tenths off", "Gini", "in interval", "promised")
    yield Table("The same in money", "<>>>>>>>", tuple(money), columns)


def _or_blank(figure: float | None, form: str) -> str:
    return "" if figure is None else format(figure, form)


def _tenths(figures: ValueFigures) -> Table:
    total = figures.total("value")
    rows = tuple(
        (
            str(number),
            count(tenth.customers),
            f"{tenth.purchase_days:,.0f}",
            f"{tenth.spend:,.0f}",
            f"{tenth.value:,.0f}",
            f"{tenth.value / total:.1%}" if total else "",
        )
        for number, tenth in enumerate(figures.tenths, start=1)
    )
    columns = ("tenth", "customers", "purchase days", "spend", "value", "of all value")
    return Table(
        f"Expected in {count(figures.horizon_days)} days, and the value of all that is to come", "<>>>>>", rows, columns
    )
