"""The options that commands share, each spelled and explained once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from churnscope.operations.logs import LogFormat as LogFormatName

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="The config file, such as configs/online_retail.toml.")]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DAY", help="Behave as on this day: a date, today or yesterday. [default: the data's end]"),
]
Model = Annotated[str, typer.Option("--model", metavar="NAME", help="champion, latest, or the folder of a saved model.")]
Output = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write this .csv or .parquet file.")]
Lang = Annotated[
    str | None,
    typer.Option("--lang", metavar="CODE", help="Write it in en, fr, it, pt_BR or zh_Hans. [default: the config's language]"),
]
Reactivation = Annotated[bool, typer.Option("--reactivation", help="Of the inactive: who comes back. [default: who leaves]")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")]
LogFormat = Annotated[LogFormatName, typer.Option("--log-format", metavar="plain|json", help="How log lines look on stderr.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Log warnings and errors only.")]


def example(*lines: str) -> str:
    """The end of a command's help: how it is typed. A line that begins with a variable stands as it is.

    Examples
    --------
    >>> example("check my_shop.toml").splitlines()[2:]
    ['  churnscope check my_shop.toml', '', 'Exit codes: churnscope --help']
    """
    typed = [line if "=" in line.split(" ", 1)[0] else f"churnscope {line}" for line in lines]
    title = "Example:" if len(typed) == 1 else "Examples:"
    return "\n".join(["\b", title, *(f"  {line}" for line in typed), "", "Exit codes: churnscope --help"])
