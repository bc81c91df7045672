"""`churnscope`: the list of commands, and the way out for a command line that cannot be understood."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from churnscope import __version__
from churnscope.cli.advise import advise
from churnscope.cli.alerts import alerts
from churnscope.cli.audit import audit
from churnscope.cli.call_list import call_list
from churnscope.cli.campaign import campaign
from churnscope.cli.catalog import catalog
from churnscope.cli.check import check
from churnscope.cli.doctor import doctor
from churnscope.cli.evaluate import evaluate
from churnscope.cli.explain_definition import explain_definition
from churnscope.cli.features import features
from churnscope.cli.init import init
from churnscope.cli.lifecycle import lifecycle
from churnscope.cli.models import models
from churnscope.cli.options import example
from churnscope.cli.outcomes import outcomes
from churnscope.cli.report import report
from churnscope.cli.score import score
from churnscope.cli.session import Failure
from churnscope.cli.session import report as report_failure
from churnscope.cli.simulate import simulate
from churnscope.cli.sync import sync
from churnscope.cli.train import train
from churnscope.cli.uplift import uplift
from churnscope.cli.value import value
from churnscope.cli.warmup import warmup
from churnscope.cli.what_if import what_if
from churnscope.cli.win_back import win_back
from churnscope.errors import ConfigError

# In the order of a first use, each with examples; a new command is a file and a line here.
COMMANDS: dict[Callable[..., None], tuple[str, ...]] = {
    init: ("init orders_2023.csv orders_2024.csv", "init exports/ -o my_shop.toml --like shop --yes"),
    check: ("check my_shop.toml", "check my_shop.toml --as-of 2024-03-01 --json"),
    advise: ("advise my_shop.toml", "advise my_shop.toml --json"),
    explain_definition: (
        "explain-definition my_shop.toml my_other.toml",
        "explain-definition my_shop.toml my_other.toml --cutoff 2024-01-01 --json",
    ),
    audit: ("audit my_shop.toml", "audit my_shop.toml --json", "audit my_shop.toml --renew"),
    train: ("train my_shop.toml", "train my_shop.toml --as-of 2024-03-01 --no-promote"),
    evaluate: ("evaluate my_shop.toml", "evaluate my_shop.toml --model champion --no-backtest"),
    score: ("score my_shop.toml", "score my_shop.toml -o today.csv", "score my_shop.toml --log-format json --wait 600"),
    value: ("value my_shop.toml", "value my_shop.toml --horizon-days 365 -o worth.csv"),
    uplift: ("uplift my_shop.toml", "uplift my_shop.toml --values worth.csv -o whom_to_mail.csv", "uplift my_shop.toml --json"),
    call_list: ("call-list my_shop.toml", "call-list my_shop.toml --scores today.csv --values worth.csv -o monday.xlsx"),
    what_if: (
        "what-if my_shop.toml",
        "what-if my_shop.toml --budget 0,250,500 --offer-cost x0.5,1,2 --acceptance x0.5,1,1.5",
    ),
    lifecycle: ("lifecycle my_shop.toml", "lifecycle my_shop.toml --as-of 2024-03-01 --months 36 --json"),
    report: ("report my_shop.toml", "report my_shop.toml -o march.html --no-customers"),
    catalog: ("catalog", "catalog my_shop.toml --role purchases", "catalog my_shop.toml --json"),
    features: ("features my_shop.toml -o table.parquet", "features my_shop.toml --cutoffs 2024-01-01"),
    simulate: ("simulate shop /tmp/shop", "simulate subscription /tmp/service --customers 100000 --seed 7"),
    sync: ("sync my_shop.toml",),
    doctor: ("doctor", "doctor my_shop.toml"),
    warmup: ("warmup", "NUMBA_CACHE_DIR=/opt/kernels churnscope warmup"),
}

EPILOG = """\b
Example:
  churnscope init orders_2023.csv orders_2024.csv -o my_shop.toml
  churnscope check my_shop.toml
  churnscope train my_shop.toml
  churnscope score my_shop.toml -o today.csv

\b
Exit codes:
  0 done             5 safety gate closed      130 interrupted
  2 usage, config    6 storage, permission     143 ended by the system
  3 input refused    7 memory
  4 busy             8 required service
                     9 model refused
"""


GROUPS = {outcomes: report, campaign: report, win_back: report, alerts: report, models: catalog}
"""Groups of commands, each listed before the command beside it."""


class _Commands(TyperGroup):
    """The commands as listed above, groups where they belong."""

    def list_commands(self, ctx: Any) -> list[str]:  # a class that Typer keeps to itself
        names = super().list_commands(ctx)
        for group, following in GROUPS.items():
            names.remove(str(group.info.name))
            names.insert(names.index(following.__name__), str(group.info.name))
        return names


app = typer.Typer(
    name="churnscope",
    cls=_Commands,
    epilog=EPILOG,
    rich_markup_mode=None,  # plain help: rich would triple the time it takes
    pretty_exceptions_enable=False,  # a drawn traceback can show values of the data
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for command, lines in COMMANDS.items():
    app.command(no_args_is_help=False, epilog=example(*lines))(command)
for group in GROUPS:
    app.add_typer(group)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"churnscope {__version__}")
        raise typer.Exit


@app.callback()
def program(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Which customers are about to leave, why, and whom to call first."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with the code of its outcome."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(words or ["--help"], prog_name="churnscope", standalone_mode=False)
    except typer.TyperException as error:
        advice = "See churnscope --help, or churnscope COMMAND --help."
        what = error.format_message().replace("Value error, ", "")  # that a validator raised it helps nobody
        report_failure(Failure("UsageError", what, advice, ConfigError.exit_code), json="--json" in words)
        code = ConfigError.exit_code
    sys.exit(code or 0)
