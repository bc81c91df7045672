"""docs/benchmarks.md and its picture, from results."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from textwrap import fill

from feature_sections import apart, every_role, features, late, lifecycle, peers
from marks import marks, missed, shares, size_of
from measurements import Result
from model_sections import compiling, model, money, value
from picture import draw
from tables import table

NAME = "benchmarks"
WIDTH = 124  # of a line of text


def write_page(results: list[Result], docs: Path) -> None:
    """The page and the picture."""
    docs.mkdir(exist_ok=True)
    (docs / f"{NAME}.md").write_text(page(results), encoding="utf-8")
    draw(results, docs / f"{NAME}.svg")


def page(results: list[Result]) -> str:
    """The text of the page."""
    found = {result.case.key: result for result in results if result.answer}
    parts = [
        _HEAD.format(when=_when(results), where=_where(results)),
        *_marks(found),
        *features(found),
        *every_role(found),
        *peers(results),
        *apart(results, found),
        *late(found),
        *lifecycle(found),
        *compiling(found),
        *model(found),
        *value(found),
        *money(found),
        _HOW.format(minutes=sum(result.seconds for result in results) / 60),
    ]
    return "\n\n".join(map(_filled, parts)) + "\n"


_HEAD = """\
# Benchmarks

What it costs to build features, beside the least a machine must do and beside other tools. Measured {when}
on {where}.

![Wall time in multiples of the floor](benchmarks.svg)

**The log.** Purchase lines in one Parquet file, sorted by time: customer (text), time, amount, quantity, order (text), product
(10,000 values), category (20), channel (5). About 25 lines of a customer over two years.

**The floor.** DuckDB's `count(*), sum(amount), max(time), count(DISTINCT order)` by customer on the same file, with no limit of
memory: four numbers per customer, and about the least that any tool must do. Costs are given as multiples of it, so that
machines can be compared.

**Ours.** Everything from the file to float32 matrix blocks: reading and checking every row, sorting, streaming, and every
purchase feature at every cutoff (a day as of which all features are told; they lie 30 days apart).

**How it is measured.** Every case has a process of its own, with the file in the system's cache and kernels compiled. Case and
floor take turns in it, two to five rounds; a multiple is the median over the rounds, each divided by the floor that ran right
after it. Wall time is what one waits; CPU time is what all cores worked. Memory is the highest the process reached in the first
round, DuckDB's included."""

_HOW = """\
## How to measure it yourself

| command | what it does |
| --- | --- |
| `make bench` | 1 M and 10 M events, and all sections but featuretools and lifetimes |
| `make bench EVENTS="1000000 10000000 100000000"` | all sizes; making the log of 100 M needs about 25 GB of disk for a while |
| `make bench-peers` | featuretools and lifetimes in an environment of their own, `.venv-peers` |
| `make bench RESUME=1` | goes on where a run was stopped |
| `make bench ONLY=roles EVENTS=1000000` | one section alone: the business with every role |
| `make bench-page` | writes this page again from `docs/benchmarks.json` |

Each result is kept in `docs/benchmarks.json` as soon as it is there. Logs are kept in the system's folder for temporary files;
`python benchmarks/run.py --folder` names another. Measure on a machine that does nothing else: the results above took
{minutes:.0f} minutes, the making of the logs not counted."""


def _filled(part: str) -> str:
    """Paragraphs of one long line in lines a reader of the source can bear; headings, tables and pictures as they are."""
    is_text = "\n" not in part and part[0] not in "#|!"
    return fill(part, WIDTH, break_long_words=False, break_on_hyphens=False) if is_text else part


def _when(results: list[Result]) -> str:
    days = sorted({result.date for result in results})
    return days[0] if len(days) == 1 else f"from {days[0]} to {days[-1]}" if days else "never"


def _where(results: list[Result]) -> str:
    return "; and on ".join(dict.fromkeys(result.machine for result in results))


def _marks(found: dict[str, Result]) -> Iterator[str]:
    all_marks = list(marks(found))
    if not all_marks:
        return
    yield "## Marks"
    yield (
        "What a build may cost at most, set before anything was measured. They are for logs of 10 M events and more: on "
        "smaller ones "
        "opening files and starting threads, a few tenths of a second, count for more than the events."
    )
    yield table(
        ("what", "at most", "measured", ""),
        [(mark.what, mark.mark, mark.measured, "met" if mark.is_met else "**missed**") for mark in all_marks],
    )
    sizes = dict.fromkeys(mark.events for mark in missed(all_marks) if mark.events)
    profiles = {result.case.events: result.answer for result in found.values() if result.case.section == "profile"}
    for events in sizes:
        if events in profiles:
            stages = shares(profiles[events])
            name = max(stages, key=lambda stage: stages[stage])
            part = stages[name] / sum(stages.values())
            yield f"Where a mark is missed at {size_of(events)} events, most of the CPU time ({part:.0%}) goes into **{name}**."
