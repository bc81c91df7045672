"""What compiling, the model and the value models cost."""

from __future__ import annotations

from collections.abc import Iterator

from marks import Costs, middle, multiple
from measurements import Result
from tables import of, rounded, table


def compiling(found: dict[str, Result]) -> Iterator[str]:
    for result in of(found.values(), "compile"):
        cold, warm = result.answer["cold"], result.answer["warm"]
        yield "## Compiling"
        yield (
            "Kernels are compiled on their first call on a machine and then kept on disk (`NUMBA_CACHE_DIR`, or the "
            "user's cache). `churnscope warmup` does that ahead for the features. Seconds from an empty cache, and in a new "
            "process afterwards; imports left out."
        )
        header = ("kernels", "compile s", "load from the cache s")
        yield table(header, [(name, f"{cold[name]:.1f}", f"{warm[name]:.1f}") for name in cold if name != "process"])


def model(found: dict[str, Result]) -> Iterator[str]:
    for result in of(found.values(), "model"):
        training, scoring, why = (result.answer[name] for name in ("training", "scoring", "contributions"))
        wall = middle({"": training["cost"]}, "", "wall")
        yield "## The model"
        yield (
            f"Training with the default settings (three seeds; rounds chosen, model judged, then refitted) on "
            f"{training['rows']:,} rows of {training['features']} features takes {wall:.0f} s, of which "
            f"{training['lightgbm_seconds']:.0f} s ({training['lightgbm_seconds'] / wall:.0%}) are LightGBM's own. Scores and "
            f"contributions are then computed without LightGBM, here for one seed of {scoring['trees']} trees:"
        )
        rows = [
            _speed_cells("scores", scoring["rows"], scoring["rows"], scoring["costs"]),
            _speed_cells("contributions", why["rows"], why["lightgbm_rows"], why["costs"]),
        ]
        yield table(("what", "ours, rows per s", "LightGBM, rows per s", "ours against LightGBM"), rows)
        equal = "equal LightGBM's bit by bit" if scoring["equal_bit_by_bit"] else "**differ** from LightGBM's"
        yield f"Scores {equal}; contributions differ by at most {why['largest_difference']:.0e} from its `pred_contrib`."


def _speed_cells(name: str, ours: int, theirs: int, costs: Costs) -> tuple[str, ...]:
    fast, slow = ours / middle(costs, "ours", "wall"), theirs / middle(costs, "LightGBM", "wall")
    return (name, rounded(fast), rounded(slow), f"{fast / slow:.1f} x")


def value(found: dict[str, Result]) -> Iterator[str]:
    theirs = next((result.answer for result in found.values() if result.case.tool == "lifetimes-fit"), None)
    for result in of(found.values(), "value"):
        answer = result.answer
        costs = answer["costs"]
        yield "## Value models"
        yield (
            f"Seconds to fit to {answer['customers']:,} customers with {answer['different_rows']:,} different histories, "
            f"from several "
            "starts and with standard errors."
        )
        rows = [(name, f"{middle(costs, name, 'wall'):.1f}", _yes(is_well)) for name, is_well in answer["converged"].items()]
        if theirs and theirs["customers"] == answer["customers"]:
            name = "lifetimes, BG/NBD, one start, no standard errors"
            rows.append((name, f"{middle(theirs['costs'], 'case', 'wall'):.1f}", _yes(theirs["converged"])))
        yield table(("model", "wall s", "converged"), rows)


def money(found: dict[str, Result]) -> Iterator[str]:
    steps = {
        "value": "value: BG/NBD and Gamma-Gamma, with intervals",
        "call list": "call-list: chosen, shared out, written",
        "what-if": "what-if: other money, time and offers",
    }
    for result in of(found.values(), "money"):
        answer = result.answer
        yield "## From probability to money"
        yield (
            f"{answer['customers']:,} customers; the list is for {answer['agents']} agents. "
            "Each was measured once, in CPU time. "
            "The floor is the same file, histories or scores, read and sorted by one number by DuckDB."
        )
        costs = {said: answer["costs"][step] for step, said in steps.items()}
        rows = [(said, f"{middle(each, 'case', 'cpu'):.1f}", f"{multiple(each, 'cpu'):.0f} x") for said, each in costs.items()]
        yield table(("step", "CPU s", "CPU / floor"), rows)


def _yes(is_so: object) -> str:
    return "yes" if is_so else "no"
