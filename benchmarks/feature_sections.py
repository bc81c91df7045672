"""What building features costs: ours, other tools, and rows that come late."""

from __future__ import annotations

from collections.abc import Iterator

from marks import limit_gb, middle, multiple, peak_gb, shares, size_of
from measurements import Result
from tables import cost_cells, costs_of, of, ordered, rounded, table


def features(found: dict[str, Result]) -> Iterator[str]:
    cases = of(found.values(), "features")
    if cases:
        count = max(result.answer["features"] for result in cases)
        yield f"## All {count} purchase features"
        header = ("events", "cutoffs", "DuckDB limit", "rows made", "wall s", "CPU s", "wall / floor", "CPU / floor", "peak GB")
        yield table(header, [_feature_cells(result) for result in cases])
        floors = {result.case.events: result.answer["costs"] for result in cases}
        texts = [
            f"{size_of(events)}: {middle(costs, 'floor', 'wall'):.2f} s wall, {middle(costs, 'floor', 'cpu'):.2f} s CPU"
            for events, costs in floors.items()
        ]
        yield f"A row is a customer at a cutoff. The floor itself: {'; '.join(texts)}."
    profiles = of(found.values(), "profile")
    if profiles:
        yield "### Where the time goes"
        yield _profile_table(profiles)
        yield (
            "At 12 cutoffs, CPU seconds and their share. Sorting is DuckDB's; kernels are the compiled loops over events; the "
            "families' arithmetic is what NumPy does with the kernels' answers."
        )
        yield "Kernels that take most, CPU s: " + "; ".join(_most(result) for result in profiles) + "."


def _feature_cells(result: Result) -> tuple[str, ...]:
    case, answer = result.case, result.answer
    costs = answer["costs"]
    limit = f"{limit_gb(case.memory):g} GB"
    return (size_of(case.events), str(case.cutoffs), limit, f"{answer['rows']:,}", *cost_cells(costs), f"{peak_gb(costs):.2f}")


def _profile_table(profiles: list[Result]) -> str:
    header = ("stage", *(f"{size_of(result.case.events)} events" for result in profiles))
    stages = [shares(result.answer) for result in profiles]
    rows = [(name, *(f"{stage[name]:.1f} ({stage[name] / sum(stage.values()):.0%})" for stage in stages)) for name in stages[0]]
    return table(header, rows)


def _most(result: Result) -> str:
    names = list(result.answer["most"].items())[:5]
    return f"{size_of(result.case.events)}: " + ", ".join(f"{name} {seconds:.2f}" for name, seconds in names)


def every_role(found: dict[str, Result]) -> Iterator[str]:
    """A business with files in every role: cost against cutoffs."""
    cases = of(found.values(), "roles")
    if not cases:
        return
    yield "## Every role at once"
    yield (
        "One simulated business with a file in each role that the simulator draws, everyone in the population. Twelve or 24 "
        "cutoffs cost little more than one: the cost grows with events, not with events times cutoffs."
    )
    header = (
        "rows of all files",
        "cutoffs",
        "features",
        "rows made",
        "wall s",
        "CPU s",
        "CPU / 1 cutoff",
        "CPU µs / row",
        "peak GB",
    )
    ones = {result.case.events: middle(result.answer["costs"], "case", "cpu") for result in cases if result.case.cutoffs == 1}
    yield table(header, [_role_cells(result, ones.get(result.case.events)) for result in cases])
    last = cases[-1].answer
    files = ", ".join(f"{name} {rows:,}" for name, rows in sorted(last["lines"].items(), key=lambda item: -item[1]))
    yield f"Rows of the largest: {files}."
    yield (
        "Families that take most there, CPU s: "
        + ", ".join(f"{n} {s:.2f}" for n, s in list(last["families"].items())[:6])
        + "."
    )


def _role_cells(result: Result, one: float | None) -> tuple[str, ...]:
    case, answer = result.case, result.answer
    costs = answer["costs"]
    wall, cpu = (middle(costs, "case", kind) for kind in ("wall", "cpu"))
    against = f"{cpu / one:.2f} x" if one else ""
    lines = sum(answer["lines"].values())
    counts = (f"{lines:,}", str(case.cutoffs), str(answer["features"]), f"{answer['rows']:,}")
    return (*counts, f"{wall:.2f}", f"{cpu:.2f}", against, f"{cpu / lines * 1e6:.1f}", f"{peak_gb(costs):.2f}")


def peers(results: list[Result]) -> Iterator[str]:
    cases = [result for result in results if result.case.section == "peers"]
    if not cases:
        return
    features = next((result.answer["features"] for result in cases if result.answer), 0)
    yield f"## Other tools on {features} of the features"
    yield (
        f"{features} features of ours that plain group-bys can express, one query or pass per cutoff and without checking the "
        "rows. Their values equal ours; a test holds that. Compare the multiples with those above, for all features."
    )
    header = ("tool", "events", "cutoffs", "wall s", "CPU s", "wall / floor", "CPU / floor", "peak GB")
    yield table(header, [_peer_cells(result) for result in ordered(cases)])


def _peer_cells(result: Result) -> tuple[str, ...]:
    case = result.case
    if not result.answer:
        return (case.tool, size_of(case.events), str(case.cutoffs), f"over {result.seconds:.0f}", "", "", "", "")
    costs = result.answer["costs"]
    return (case.tool, size_of(case.events), str(case.cutoffs), *cost_cells(costs), f"{peak_gb(costs):.2f}")


def apart(results: list[Result], found: dict[str, Result]) -> Iterator[str]:
    cases = ordered(result for result in results if result.case.section == "apart" and "floor" in costs_of(result))
    if not cases:
        return
    yield "## featuretools and lifetimes"
    ours = [result for result in of(found.values(), "features") if _is_twelve_of_a_million(result)]
    yield (
        "In an environment of their own (`make bench-peers`): they need an older pandas. featuretools answers count, sum, "
        "mean, std, min, max and distinct values in six windows; lifetimes its table of frequency, recency, age and mean "
        f"spend. Small logs, since they take their time{'; the last line is ours at 1 M events' if ours else ''}."
    )
    header = ("tool", "events", "cutoffs", "rows", "features", "wall s", "rows per s", "wall / floor")
    rows = [_rate_cells(result.case.tool.replace("-", ", "), result) for result in cases]
    rows += [_rate_cells("churnscope", result) for result in ours]
    yield table(header, rows)


def _is_twelve_of_a_million(result: Result) -> bool:
    return result.case.events == 1_000_000 and result.case.cutoffs == 12


def _rate_cells(tool: str, result: Result) -> tuple[str, ...]:
    answer, case = result.answer, result.case
    wall = middle(answer["costs"], "case", "wall")
    size = (size_of(case.events), str(case.cutoffs), f"{answer['rows']:,}", str(answer["features"]))
    return (tool, *size, f"{wall:.2f}", rounded(answer["rows"] / wall), f"{multiple(answer['costs'], 'wall'):.1f}")


def late(found: dict[str, Result]) -> Iterator[str]:
    for result in of(found.values(), "late"):
        costs, touched = result.answer["costs"], result.answer["touched"]
        yield "## Late rows"
        yield (
            "A source may say when each row reached the warehouse (`known`). A row that had happened but was not known at "
            "a cutoff "
            "must not be seen there, so such a customer is answered again for that cutoff. The same build with a share of "
            f"the rows late, by three days in the mean; {size_of(result.case.events)} events, {result.case.cutoffs} cutoffs."
        )
        header = ("rows known late", "customers touched at a cutoff", "wall s", "CPU s", "wall against 0 %", "CPU against 0 %")
        rows = [
            (
                "no column `known`" if name == "without" else f"{name} %",
                f"{touched[name]:.1%}" if name in touched else "",
                f"{middle(costs, name, 'wall'):.2f}",
                f"{middle(costs, name, 'cpu'):.2f}",
                *(f"{multiple(costs, kind, name, '0'):.2f} x" for kind in ("wall", "cpu")),
            )
            for name in costs
        ]
        yield table(header, rows)


def lifecycle(found: dict[str, Result]) -> Iterator[str]:
    """Stages of every day beside the features of a year."""
    for result in of(found.values(), "lifecycle"):
        answer, cutoffs = result.answer, result.case.cutoffs
        costs = answer["costs"]
        yield "## Stages of the life cycle"
        yield (
            f"The stage of {answer['customers']:,} customers on every day of two years ({answer['spells']:,} spells) and their "
            f"moves over 24 months, beside all features at {cutoffs} cutoffs of the same log, in turns."
        )
        rows = [
            (name, f"{middle(costs, key, 'wall'):.1f}", f"{middle(costs, key, 'cpu'):.1f}", *against)
            for name, key, against in (
                ("stages and moves", "case", [f"{multiple(costs, kind, of='features'):.2f} x" for kind in ("wall", "cpu")]),
                (f"features, {cutoffs} cutoffs", "features", ("", "")),
            )
        ]
        header = (f"{size_of(result.case.events)} events", "wall s", "CPU s", "wall / features", "CPU / features")
        yield table(header, rows)
