"""`churnscope init`: from files nobody has described to a config that runs."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from churnscope.cli.options import Json, LogFormat, Quiet
from churnscope.cli.rendering import Part, Table, shown
from churnscope.cli.session import session

if TYPE_CHECKING:
    from churnscope.discovery.discover import InitResult
    from churnscope.discovery.guesses import Guess, Question

Files = Annotated[list[str], typer.Argument(metavar="FILE", help="CSV (also gzipped) or Parquet files, or folders of them.")]
ConfigOut = Annotated[Path, typer.Option("--output", "-o", metavar="CONFIG", help="Write this .toml file.")]
Like = Annotated[
    Literal["shop", "streaming", "bank", "app"] | None,
    typer.Option("--like", help="What active means: as in this kind of business. [default: guessed from the columns]"),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take every guess.")]
Force = Annotated[bool, typer.Option("--force", help="Replace a config that is there.")]

_WIDEST, _WIDE, _PROMPT, _KEY, _VALUE = 120, 80, 66, 18, 22


def init(
    files: Files,
    *,
    output: ConfigOut = Path("churnscope.toml"),
    like: Like = None,
    yes: Yes = False,
    force: Force = False,
    json: Json = False,
    log_format: LogFormat = "plain",
    quiet: Quiet = False,
) -> None:
    """Look at files and write a config for them.

    Samples of each file tell how it is written, what its columns mean and how far its days reach. Every guess is shown with its
    reason and stands in the config beside it. On a terminal you are asked where only you can know.

    Active means, with --like shop: bought in the last 30 days; app: had a session in the last 30; bank: had any contact or
    transaction in the last 90; streaming: has a contract in force, or where no file tells of any, used the service in the last
    30. A file with one row per customer and a column that says who left needs none of it.
    """
    asked = not (yes or json) and sys.stdin.isatty() and sys.stderr.isatty()
    # A bar would be drawn over the questions.
    with session(json=json, log_format=log_format, quiet=quiet or asked) as run:
        from churnscope.discovery.discover import init as write
        from churnscope.discovery.guesses import nobody

        result = write(files, output, like=like, force=force, ask=prompt if asked else nobody, progress=run.progress)
        run.show(result, describe)


def prompt(question: Question) -> str:
    """Ask on the terminal, with the guess as the default answer, until the answer is a possible one."""
    choices = f" ({', '.join(question.choices)})" if question.choices else ""
    text = "\n" + textwrap.fill(question.text + choices, _PROMPT)
    try:
        while not _is_possible(answer := str(typer.prompt(text, default=question.default, err=True)).strip(), question):
            text = f"Write one of {', '.join(question.choices)}" if question.choices else "Write a number of days"
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    return answer


def _is_possible(answer: str, question: Question) -> bool:
    if question.choices:
        return answer in question.choices
    return not question.whole_number or (answer.isascii() and answer.isdigit())


def describe(result: InitResult) -> Iterator[Part]:
    """What was found, source by source, then what to look at and what comes next."""
    names = dict.fromkeys(guess.key.split(".")[1] for guess in result.guesses if guess.key.startswith("sources."))
    for name in names:
        yield _table(name, [guess for guess in result.guesses if guess.key.startswith(f"sources.{name}.")], f"sources.{name}.")
    business = [guess for guess in result.guesses if not guess.key.startswith("sources.")]
    if business:
        yield _table("The business", business)
    if result.left_out:
        yield Table("Not read", "<<", tuple(_wrapped([(guess.key, guess.evidence) for guess in result.left_out], (30,))))
    yield f"\nWritten: {shown(result.config.absolute())}"
    if result.to_check:
        lines = (
            f"Look at the {len(result.to_check)} guesses marked check"
            if len(result.to_check) > 1
            else "Look at the guess marked check"
        )
        yield f"{lines}, here or in the config, and change what is wrong."
    if any(guess.key == "activity.rules" for guess in business):
        yield f"Whether the windows suit these customers: churnscope advise {shown(result.config.absolute())}"
    yield f"Next: churnscope check {shown(result.config.absolute())}"


def _table(title: str, guesses: Sequence[Guess], prefix: str = "") -> Table:
    rows = [(guess.key.removeprefix(prefix).rpartition(".")[2], guess.value, guess.comment) for guess in guesses]
    return Table(title, "<<<", tuple(_wrapped(rows, (_KEY, _VALUE))), ("key", "guess", "why"))


def _wrapped(rows: Sequence[tuple[str, ...]], widths: Sequence[int]) -> Iterator[tuple[str, ...]]:
    """Rows broken into lines so that the table fits the terminal, and a pipe's 80 columns."""
    narrow = [min(width, max(len(row[i]) for row in rows)) for i, width in enumerate(widths)]
    total = min(_WIDEST, shutil.get_terminal_size((_WIDE, 24)).columns)
    widths = [*narrow, max(20, total - sum(narrow) - 2 * len(narrow) - 4)]
    for row in rows:
        cells = [textwrap.wrap(cell, width) or [""] for cell, width in zip(row, widths, strict=True)]
        height = max(map(len, cells))
        yield from zip(*(cell + [""] * (height - len(cell)) for cell in cells), strict=True)
