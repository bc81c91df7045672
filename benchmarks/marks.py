"""The marks that were set before, and whether they are met."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from measurements import GB, Case, Result

MOST_OF_FLOOR, MOST_OF_ONE_CUTOFF, COMPILE_SECONDS = 6.0, 1.7, 15.0
ABOVE_LIMIT_GB = 1.0
MOST_OF_FEATURES = 2.0  # what stages may cost
FROM_EVENTS = 10_000_000  # the size from which they hold

Costs = dict[str, dict[str, list[float]]]


@dataclass(frozen=True)
class Mark:
    """One mark and its measurement, as texts."""

    what: str
    mark: str
    measured: str
    is_met: bool
    events: int = 0


def multiple(costs: Costs, kind: str, case: str = "case", of: str = "floor") -> float:
    """The median over rounds of one cost divided by another of the same round; `kind` is wall or cpu."""
    return median(one / other for one, other in zip(costs[case][kind], costs[of][kind], strict=True))


def middle(costs: Costs, name: str, kind: str) -> float:
    """Median over rounds."""
    return median(costs[name][kind])


def peak_gb(costs: Costs) -> float:
    """Of the first round, before anything else had run in the process."""
    return costs["case"]["peak"][0] / GB


def limit_gb(memory: str) -> float:
    """Of "1.5GB"."""
    return float(memory.removesuffix("GB"))


def marks(found: dict[str, Result]) -> Iterator[Mark]:
    """Every mark that the results there are can tell."""
    cases = [result for result in found.values() if _is_marked(result)]
    for result in sorted(cases, key=lambda result: (result.case.events, result.case.memory, result.case.cutoffs)):
        yield from _of_build(result.case, result.answer, found)
    for result in found.values():
        if result.case.section == "lifecycle" and result.answer:
            value = multiple(result.answer["costs"], "wall", of="features")
            where = (
                f"{size_of(result.case.events)} events: stages of 24 months against features at {result.case.cutoffs} cutoffs"
            )
            yield Mark(where, f"{MOST_OF_FEATURES:.0f} x", f"{value:.2f} x", value <= MOST_OF_FEATURES)
    compiled = found.get(Case("compile").key)
    if compiled and compiled.answer:
        seconds = compiled.answer["cold"]["features"]
        yield Mark(
            "cold compile of all feature kernels", f"{COMPILE_SECONDS:.0f} s", f"{seconds:.1f} s", seconds <= COMPILE_SECONDS
        )


def _is_marked(result: Result) -> bool:
    return result.case.section == "features" and result.case.events >= FROM_EVENTS and bool(result.answer)


def _of_build(case: Case, answer: Any, found: dict[str, Result]) -> Iterator[Mark]:
    costs, size = answer["costs"], f"{size_of(case.events)} events"
    if case.cutoffs == 12:
        where = f"{size}, 12 cutoffs, limit {case.memory[:-2]} GB"
        for kind, name in (("wall", "wall time"), ("cpu", "CPU time")):
            value = multiple(costs, kind)
            yield Mark(
                f"{where}: {name}", f"{MOST_OF_FLOOR:.0f} x floor", f"{value:.1f} x", value <= MOST_OF_FLOOR, case.events
            )
        most, peak = limit_gb(case.memory) + ABOVE_LIMIT_GB, peak_gb(costs)
        yield Mark(f"{where}: peak memory", f"{most:.1f} GB", f"{peak:.2f} GB", peak <= most, case.events)
        one = found.get(Case("features", case.events, 1, case.memory).key)
        if one and one.answer:
            ratio = multiple(costs, "wall") / multiple(one.answer["costs"], "wall")
            is_met = ratio <= MOST_OF_ONE_CUTOFF
            yield Mark(f"{size}: 12 cutoffs against 1", f"{MOST_OF_ONE_CUTOFF} x", f"{ratio:.2f} x", is_met, case.events)


def shares(profile: Any) -> dict[str, float]:
    """CPU seconds by stage."""
    return {
        "reading and checking": sum(profile["load"]["cpu"]),
        "sorting and streaming": sum(profile["stream"]["cpu"]),
        "kernels": profile["kernel_seconds"],
        "arithmetic of the families": profile["rest_seconds"],
    }


def size_of(events: int) -> str:
    """A number of events in words.

    Examples
    --------
    >>> size_of(10_000_000), size_of(250_000)
    ('10 M', '250,000')
    """
    return f"{events // 1_000_000} M" if events % 1_000_000 == 0 else f"{events:,}"


def missed(found: Sequence[Mark]) -> list[Mark]:
    """Those not met."""
    return [mark for mark in found if not mark.is_met]
