"""`churnscope simulate`: files of a made-up business, with the truth about its customers beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from churnscope.cli.options import Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table, count
from churnscope.cli.session import session
from churnscope.errors import ConfigError

if TYPE_CHECKING:
    from churnscope.simulation import Simulated

Preset = Annotated[
    str,
    typer.Argument(
        metavar="BUSINESS",
        help="pareto_nbd (orders and nothing else), shop, subscription, bank or both (shop and subscription).",
    ),
]
Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="Where the files go; new or empty.")]
Customers = Annotated[int, typer.Option("--customers", metavar="N", help="How many customers.")]
Days = Annotated[int, typer.Option("--days", metavar="N", help="Length of the logs.")]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed gives the same files.")]
FileFormat = Annotated[Literal["csv", "parquet"], typer.Option("--format", help="How the files are written.")]
Threads = Annotated[int, typer.Option("--threads", metavar="N", help="They change the speed, not the files.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=NUMBER",
        help="Change a parameter, such as purchases.per_year=24 or flaws.late_share=0.02; may be repeated.",
    ),
]


def simulate(
    business: Preset,
    folder: Folder,
    *,
    customers: Customers = 2_000,
    days: Days = 730,
    seed: Seed = 0,
    file_format: FileFormat = "csv",
    threads: Threads = 2,
    settings: Settings = None,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Write files of a made-up business.

    A shop has orders, sessions, support tickets and contacts; a subscription has contracts with payments in place of orders;
    both has all of them, and a campaign with a control group. A config that runs stands beside the files, and in truth/ what is
    true of every customer: when and why they leave, their rates, the effect of the campaign; truth/README.md explains all.
    """
    with session(json=json, log_format=log_format, quiet=quiet) as run:
        from churnscope.simulation import preset
        from churnscope.simulation import simulate as write

        chosen = preset(business).adjusted(_parameters(settings or ()))
        run.show(
            write(chosen, folder, customers=customers, days=days, seed=seed, file_format=file_format, threads=threads), describe
        )


def describe(result: Simulated) -> Iterator[Part]:
    """Files with their rows, then what to do next."""
    yield Table("Files", "<>", tuple((name, count(rows)) for name, rows in result.rows.items()), ("file", "rows"))
    if any(sum(kinds.values()) > kinds["clean"] for kinds in result.flaws.values()):
        yield Table("Broken rows, by kind", "<>", tuple(_broken(result.flaws)))
    yield f"\nWhat is true of each customer: {result.files['truth'][0]}, explained in README.md beside it"
    yield f"Next: churnscope check {result.config}"


def _broken(flaws: Mapping[str, Mapping[str, int]]) -> Iterator[tuple[str, str]]:
    for log, kinds in flaws.items():
        broken = {kind: rows for kind, rows in kinds.items() if kind != "clean" and rows}
        yield from ((f"{log}: {kind.replace('_', ' ')}", count(rows)) for kind, rows in broken.items())


def _parameters(settings: Sequence[str]) -> dict[str, str]:
    """`["a=1", "b.c=2"]` as a mapping.

    Raises
    ------
    ConfigError : for a setting without an equals sign.
    """
    for setting in settings:
        if "=" not in setting:
            raise ConfigError(f'--set "{setting}" sets nothing.', "Write NAME=NUMBER, such as purchases.per_year=24.")
    return {name.strip(): value.strip() for name, _, value in (setting.partition("=") for setting in settings)}
