"""All benchmarks: each case in a process of its own, its result kept in docs/benchmarks.json, the page written from there.

python benchmarks/run.py                                         1 and 10 million events, and what else takes minutes
python benchmarks/run.py --events 1000000 10000000 100000000     everything
python benchmarks/run.py --resume ...                            go on where a run was stopped
python benchmarks/run.py --page-only                             write the page from the results there are
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from measurements import Case, Results
from page import write_page

HERE = Path(__file__).parent
DOCS = HERE.parent / "docs"
PEERS = ("DuckDB SQL by hand", "Polars, streaming", "pandas")
SECTIONS = ("features", "profile", "roles", "peers", "late", "compile", "model", "value", "money", "lifecycle")

LARGE = 50_000_000  # from here on only 12 cutoffs, at two memory limits, and no other tools
PEERS_TWELVE_UP_TO = 2_000_000  # one query per cutoff: twelve take minutes on larger logs
LATE_EVENTS = 1_000_000
ROLES_UP_TO = 10_000_000  # the business with every role
MODEL_EVENTS = 100_000
VALUE_CUSTOMERS = 1_000_000
LIFECYCLE_EVENTS = 25_000_000  # of a million customers
APART = (("featuretools", 100_000, 1), ("featuretools", 10_000, 12), ("lifetimes-table", 1_000_000, 1))
PATIENCE_SECONDS = 7_200  # for one case of ours
PEER_PATIENCE_SECONDS = 900  # for one of another tool


def main() -> None:
    """Measure what was asked for, then write the page."""
    options = _options()
    if options.case:
        print(json.dumps(_answer(Case(**json.loads(options.case)), options)))
        return
    results = Results(options.results)
    if not options.page_only:
        options.folder.mkdir(parents=True, exist_ok=True)
        _measure(list(_cases(options)), results, options)
    write_page(list(results), options.results.parent)
    print(f"Written: {options.results.parent / 'benchmarks.md'}", file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000], help="sizes of the log")
    parser.add_argument("--only", nargs="+", choices=SECTIONS, default=SECTIONS, help="sections of the page to measure")
    parser.add_argument("--peers-python", help="Python of .venv-peers: measure featuretools and lifetimes, and nothing else")
    parser.add_argument("--resume", action="store_true", help="leave out what has a result")
    parser.add_argument("--page-only", action="store_true", help="measure nothing")
    parser.add_argument("--results", type=Path, default=DOCS / "benchmarks.json", help="the page is written beside this file")
    parser.add_argument("--large", type=int, default=LARGE, help="size from which a log has the two memory limits")
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / "churnscope-bench", help="where logs are kept"
    )
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--case", help=argparse.SUPPRESS)
    return parser.parse_args()


def _cases(options: argparse.Namespace) -> Iterator[Case]:
    """All cases, the short ones first."""
    if options.peers_python:
        yield from (Case("apart", events, cutoffs, tool=tool) for tool, events, cutoffs in APART)
        yield Case("apart", VALUE_CUSTOMERS, tool="lifetimes-fit")
        return
    plain = {"compile": Case("compile"), "late": Case("late", LATE_EVENTS, 12), "model": Case("model", MODEL_EVENTS)}
    yield from (case for section, case in plain.items() if section in options.only)
    if "value" in options.only:
        yield Case("value", VALUE_CUSTOMERS)
    if "money" in options.only:
        yield Case("money", VALUE_CUSTOMERS)
    if "lifecycle" in options.only:
        yield Case("lifecycle", LIFECYCLE_EVENTS, 12, "4GB")
    for events in sorted(options.events):
        yield from (case for case in _cases_of(events, options.large) if case.section in options.only)


def _cases_of(events: int, large: int) -> Iterator[Case]:
    limits = [(12, "1.5GB"), (12, "4GB")] if events >= large else [(1, "4GB"), (12, "4GB"), (24, "4GB")]
    yield from (Case("features", events, cutoffs, memory) for cutoffs, memory in limits)
    yield Case("profile", events, 12, "4GB")
    if events <= ROLES_UP_TO:
        yield from (Case("roles", events, cutoffs) for cutoffs in (1, 12, 24))
    if events < large:
        yield from (Case("peers", events, 1, tool=tool) for tool in PEERS)
    if events <= PEERS_TWELVE_UP_TO:
        yield from (Case("peers", events, 12, tool=tool) for tool in PEERS)


def _measure(cases: list[Case], results: Results, options: argparse.Namespace) -> None:
    usual = {case.key: result.seconds for case in cases if (result := results.get(case))}
    waiting = [case for case in cases if not (options.resume and results.get(case))]
    _say(f"{len(waiting)} cases{_about(waiting, usual)}; logs are kept in {options.folder}")
    for case in waiting:
        results.forget(case)
    for number, case in enumerate(waiting, start=1):
        _say(f"[{number}/{len(waiting)}] {case.key}{_about([case], usual)}")
        _make_log(case, options)
        began = time.perf_counter()
        answer = _apart(case, options)
        took = time.perf_counter() - began
        results.keep(case, answer, took)
        _say(f"    {took:.0f} s" if answer else f"    given up after {took:.0f} s")


def _about(cases: list[Case], usual: dict[str, float]) -> str:
    """How long it took last time."""
    known = [usual[case.key] for case in cases if case.key in usual]
    if not known or len(known) < len(cases):
        return ""
    minutes = sum(known) / 60
    return f", about {minutes:.0f} min" if minutes >= 1 else f", about {sum(known):.0f} s"


def _make_log(case: Case, options: argparse.Namespace) -> None:
    if case.section not in {"compile", "value", "money"} and case.tool != "lifetimes-fit" and not _log(case, options).exists():
        from event_log import event_log, whole_business

        began = time.perf_counter()
        make = whole_business if case.section == "roles" else event_log
        make(options.folder, case.events, threads=options.threads)
        _say(f"    log of {case.events:,} events made in {time.perf_counter() - began:.0f} s")


def _log(case: Case, options: argparse.Namespace) -> Path:
    if case.section == "roles":
        return options.folder / f"business_{case.events}" / "config.toml"
    return options.folder / f"purchases_{case.events}.parquet"


def _apart(case: Case, options: argparse.Namespace) -> Any:
    """The answer of a case from a process of its own; None where it takes too long."""
    settings = {
        "POLARS_MAX_THREADS": str(options.threads),
        "PYTHONWARNINGS": "ignore" if case.section == "apart" else "default",
    }
    try:
        ended = subprocess.run(
            _words(case, options),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | settings,
            timeout=PEER_PATIENCE_SECONDS if case.tool else PATIENCE_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None
    return json.loads(ended.stdout.splitlines()[-1])


def _words(case: Case, options: argparse.Namespace) -> list[str]:
    threads = ["--threads", str(options.threads)]
    if case.section == "apart":
        asked = ["--cutoffs", str(case.cutoffs), "--customers", str(case.events)]
        return [options.peers_python, str(HERE / "peers_apart.py"), case.tool, str(_log(case, options)), *threads, *asked]
    folder = ["--folder", str(options.folder)]
    return [sys.executable, __file__, *threads, *folder, "--case", json.dumps(vars(case))]


def _answer(case: Case, options: argparse.Namespace) -> dict[str, object]:
    """What a case's own process does."""
    log, threads = _log(case, options), options.threads
    if case.section == "money":
        from money_side import money

        return money(case.events)
    if case.section in {"model", "value"}:
        from model_side import model, value

        return model(log, threads) if case.section == "model" else value(case.events)
    if case.section == "peers":
        from peers import peer

        return peer(case.tool, log, threads, case.cutoffs)
    from ours import compiling, every_role, features, late_rows, lifecycle, profile

    works = {
        "features": lambda: features(log, threads, case.cutoffs, case.memory),
        "roles": lambda: every_role(log, threads, case.cutoffs),
        "profile": lambda: profile(log, threads, case.cutoffs, case.memory),
        "lifecycle": lambda: lifecycle(log, threads, case.cutoffs, case.memory),
        "late": lambda: late_rows(log, threads, case.cutoffs),
        "compile": compiling,
    }
    return works[case.section]()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
