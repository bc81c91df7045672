"""The results as text, as docs/benchmarks.md, and as a picture."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb

GIB = 1 << 30


@dataclass(frozen=True)
class Floor:
    """Seconds of the group-by."""

    wall_seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Case:
    """Our cost at some number of cutoffs, under a limit of DuckDB's memory."""

    cutoffs: int
    memory: str
    rows: int
    features: int
    floor: dict[str, float]
    cost: dict[str, float]


@dataclass(frozen=True)
class Peer:
    """Another tool's cost."""

    name: str
    cutoffs: int
    floor: dict[str, float]
    cost: dict[str, float]


@dataclass(frozen=True)
class Profile:
    """Where our time goes, in seconds."""

    load: dict[str, float]
    stream: dict[str, float]
    kernel_seconds: float
    family_seconds: float
    most: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Run:
    """Everything measured on one log."""

    events: int
    cases: list[Case]
    profile: Profile
    peers: list[Peer]
    missing: list[str]
    peer_features: int


def printed(run: Run) -> str:
    """The tables of one log."""
    return "\n\n".join(
        [f"## {run.events:,} events", _table(_CASE_HEADER, [_case_cells(case) for case in run.cases]), *_rest(run)]
    )


def write_page(runs: list[Run], docs: Path) -> None:
    """docs/benchmarks.md and docs/benchmarks.svg."""
    docs.mkdir(exist_ok=True)
    text = "\n\n".join([_HEAD.format(machine=_machine()), *(printed(run) for run in runs), _TAIL])
    (docs / "benchmarks.md").write_text(text + "\n", encoding="utf-8")
    _draw(runs, docs / "benchmarks.svg")


_HEAD = """\
# Benchmarks

Written by `make bench` ({machine}).

![Multiples of the floor](benchmarks.svg)

A log of purchase lines (customer as text, time, amount, quantity, order as text, 10,000 products, 20 categories, 5 channels),
sorted by time, in one Parquet file; about 25 lines of a customer over two years. The **floor** is DuckDB's `count(*),
sum(amount), max(time), count(DISTINCT order)` by customer on the same file, measured in the same process. Ours is everything
from the file to float32 matrix blocks: reading and checking, sorting, streaming, and every purchase family at every cutoff.
Memory is the highest the process reached, DuckDB's limit included."""

_TAIL = """\
Peers answer the features they can express in one query or pass per cutoff, without checking the rows. Kernels are compiled once
on a machine and kept; that is not in these figures. The profile's kernels and families run on all threads, so their seconds are
CPU seconds."""

_CASE_HEADER = ("cutoffs", "DuckDB limit", "rows x features", "wall s", "CPU s", "wall / floor", "CPU / floor", "peak GiB")
_PEER_HEADER = ("tool", "features", "cutoffs", "wall s", "CPU s", "wall / floor", "CPU / floor", "peak GiB")


def _case_cells(case: Case) -> tuple[str, ...]:
    return (str(case.cutoffs), case.memory, f"{case.rows:,} x {case.features}", *_cost_cells(case.cost, case.floor))


def _cost_cells(cost: dict[str, float], floor: dict[str, float]) -> tuple[str, ...]:
    return (
        f"{cost['wall_seconds']:.2f}",
        f"{cost['cpu_seconds']:.2f}",
        f"{cost['wall_seconds'] / floor['wall_seconds']:.1f}",
        f"{cost['cpu_seconds'] / floor['cpu_seconds']:.1f}",
        f"{cost['peak_bytes'] / GIB:.2f}",
    )


def _rest(run: Run) -> list[str]:
    floor = run.cases[0].floor
    parts = [f"Floor: {floor['wall_seconds']:.2f} s wall, {floor['cpu_seconds']:.2f} s CPU.", _profile_text(run.profile)]
    if run.peers:
        rows = [
            (peer.name, str(run.peer_features), str(peer.cutoffs), *_cost_cells(peer.cost, peer.floor)) for peer in run.peers
        ]
        parts.append(_table(_PEER_HEADER, rows))
    if run.peers and run.missing:
        parts.append(f"Not installed here: {', '.join(run.missing)}.")
    return parts


def _profile_text(profile: Profile) -> str:
    stages = [
        ("read and check", profile.load["wall_seconds"], profile.load["cpu_seconds"]),
        ("sort and stream", profile.stream["wall_seconds"], profile.stream["cpu_seconds"]),
    ]
    rows = [(name, f"{wall:.2f}", f"{cpu:.2f}") for name, wall, cpu in stages]
    rows += [("kernels", "", f"{profile.kernel_seconds:.2f}"), ("families", "", f"{profile.family_seconds:.2f}")]
    most = ", ".join(f"{name} {seconds:.2f}" for name, seconds in profile.most.items())
    return _table(("stage at 12 cutoffs", "wall s", "CPU s"), rows) + f"\n\nKernels that take most, CPU s: {most}."


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, ("---", *["---:"] * (len(header) - 1)), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _machine() -> str:
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / GIB
    shape = f"{_processor()}, {os.cpu_count()} cores, {memory:.0f} GiB"
    versions = f"Python {platform.python_version()}, DuckDB {duckdb.__version__}"
    return f"{datetime.now(UTC).date().isoformat()}, {shape}, {versions}"


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _draw(runs: list[Run], path: Path) -> None:
    """Multiples of the floor, ours and the peers', of the largest log that has both."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    run = max(runs, key=lambda candidate: (bool(candidate.peers), candidate.events))
    bars = _bars(run)
    with mpl.rc_context({"svg.hashsalt": "churnscope", "svg.fonttype": "path"}):
        figure = Figure(figsize=(7, 0.5 + 0.45 * len(bars)), layout="constrained")
        axes = figure.subplots()
        _draw_bars(axes, bars)
        title = f"{run.events / 1e6:.1f} million events: wall time in multiples of DuckDB's group-by"
        figure.suptitle(title, x=0.01, ha="left", fontsize=11)
        figure.savefig(path, metadata={"Date": None})


def _bars(run: Run) -> list[tuple[str, float, bool]]:
    """Name, multiple of the floor, and whether it is ours."""
    ours = [(_label("churnscope", case.features, case.cutoffs), _multiple(case), True) for case in run.cases]
    theirs = [(_label(peer.name, run.peer_features, peer.cutoffs), _multiple(peer), False) for peer in run.peers]
    return ours + theirs


def _label(tool: str, features: int, cutoffs: int) -> str:
    return f"{tool}, {features} features, {cutoffs} cutoff{'s' if cutoffs > 1 else ''}"


def _multiple(measured: Case | Peer) -> float:
    return measured.cost["wall_seconds"] / measured.floor["wall_seconds"]


def _draw_bars(axes: Any, bars: list[tuple[str, float, bool]]) -> None:
    names, heights, is_ours = zip(*reversed(bars), strict=True)
    drawn = axes.barh(names, heights, color=["#0072b2" if mine else "#8a8a8a" for mine in is_ours])
    axes.bar_label(drawn, fmt=" %.1f", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(labelsize=9)
