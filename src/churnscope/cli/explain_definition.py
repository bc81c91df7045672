"""`churnscope explain-definition`: how labels, base rate and population differ between two definitions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from churnscope.cli.options import AsOf, Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table, count
from churnscope.cli.session import session
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from churnscope.advice import Agreement, KindsAgreement
    from churnscope.project.data.definitions import DefinitionResult

OneConfig = Annotated[Path, typer.Argument(metavar="A", help="A config file.")]
OtherConfig = Annotated[Path, typer.Argument(metavar="B", help="Another one, of the same customers.")]
Cutoff = Annotated[
    str | None,
    typer.Option("--cutoff", metavar="DAY", help="Compare at this day alone. [default: every cutoff complete in both]"),
]


def explain_definition(
    a: OneConfig,
    b: OtherConfig,
    *,
    as_of: AsOf = None,
    cutoff: Cutoff = None,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Hold two definitions of churn side by side.

    Of two configs A and B over the same customers: the definitions in words, the keys that differ, whom each speaks of, how
    many churned by each, on how many customers the labels agree, and what other kinds of label would say of A. Nothing is
    trained.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.project import Project

        run.show(Project(a, progress=run.progress).explain_definition(b, as_of, cutoff=cutoff), describe)


def describe(result: DefinitionResult) -> Iterator[Part]:
    """The definitions, the keys, the cutoffs, then the newest of these in full."""
    read = "the same sources" if result.same_sources else "sources of their own"
    yield (
        f"A is {result.a.name} and B is {result.b.name}, as of {date_of(result.as_of)}. They read {read}; "
        f"{count(result.shared)} customers stand in both."
    )
    yield from _words(result)
    if result.keys:
        rows = tuple((each.key, each.a, each.b) for each in result.keys)
        yield Table("Keys that differ and decide population or label", "<<<", rows, ("key", "A", "B"))
    else:
        yield "\nNo key that decides population or label differs."
    yield _by_cutoff(result)
    newest = result.cutoffs[result.newest]
    yield from _in_full(newest, f"{date_of(result.newest)}")
    yield from _kinds(result.kinds[result.newest])


def _words(result: DefinitionResult) -> Iterator[Table]:
    """Each sentence once where both say the same."""
    for title, one, other in (
        ("Active", result.a.active, result.b.active),
        ("Churned", result.a.churned, result.b.churned),
        ("Time to act", result.a.time_to_act, result.b.time_to_act),
    ):
        yield Table(title, "<<", (("A, B", one),) if one == other else (("A", one), ("B", other)))


def _by_cutoff(result: DefinitionResult) -> Table:
    rows = tuple(
        (
            str(date_of(day)),
            count(each.a.customers),
            count(each.b.customers),
            count(each.both),
            _rate(each.a.base_rate),
            _rate(each.b.base_rate),
            _rate(each.agreement),
            _kappa(each.kappa),
        )
        for day, each in result.cutoffs.items()
    )
    columns = ("cutoff", "in A", "in B", "in both", "churned A", "churned B", "same label", "kappa")
    return Table("Customers by cutoff", "<>>>>>>>", rows, columns)


def _in_full(found: Agreement, day: str) -> Iterator[Part]:
    from churnscope.advice import LABELS

    sides = (found.a, found.b)
    rows = [
        ("customers", *(count(side.customers) for side in sides)),
        ("  not in the other", count(found.only_a), count(found.only_b)),
        ("  in both", count(found.both), count(found.both)),
        ("churned", *(count(side.churned) for side in sides)),
        ("stayed", *(count(side.stayed) for side in sides)),
        ("left out, nothing to lose", *(count(side.left_out) for side in sides)),
        ("outcome not known", *(count(side.not_known) for side in sides)),
        ("base rate", *(_rate(side.base_rate) for side in sides)),
    ]
    yield Table(f"At {day}", "<>>", tuple(rows), ("", "A", "B"))
    names = [name.replace("_", " ") for name in LABELS]
    crossed = tuple((f"A: {names[one]}", *(count(found.crossed[one][other]) for other in found.states)) for one in found.states)
    columns = ("", *(f"B: {names[state]}" for state in found.states))
    yield Table("Customers in both, by label", "<" + ">" * len(found.states), crossed, columns)
    if found.agreement is None:
        yield "Nobody has a label in both."
        return
    kappa = "" if found.kappa is None else f" Cohen's kappa is {found.kappa:.2f}: 1 is full agreement, 0 that of chance."
    same = f"{found.agreement:.1%} have the same and {count(found.differing)} another one"
    yield f"Of {count(found.compared)} customers with a label in both, {same}.{kappa}"


def _kinds(found: KindsAgreement) -> Iterator[Part]:
    rows = tuple(
        (
            f"{each.kind}{' *' if each.kind == found.own else ''}",
            count(each.side.churned),
            count(each.side.stayed),
            count(each.side.left_out),
            count(each.side.not_known),
            _rate(each.side.base_rate),
            count(each.differing),
        )
        for each in found.kinds
    )
    columns = ("kind of label", "churned", "stayed", "left out", "not known", "base rate", "differ from *")
    yield Table("The customers of A under other kinds of label", "<>>>>>>", rows, columns)
    yield f"The kinds disagree on {count(found.disagreeing)} customers."


def _rate(value: float | None) -> str:
    return "" if value is None else f"{value:.1%}"


def _kappa(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
