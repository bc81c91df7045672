"""The page of benchmarks says what the results say."""

import json
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"


def costs(case, floor=(1.0, 1.0), peak=3.0e9):
    columns = {"wall": case, "cpu": case, "peak": [peak] * len(case)}
    return {"case": columns, "floor": {"wall": list(floor), "cpu": list(floor), "peak": [9e9] * len(floor)}}


@pytest.fixture
def results(tmp_path):
    from measurements import Case, Results

    kept = Results(tmp_path / "benchmarks.json")
    for cutoffs, seconds in ((1, [2.0, 4.0]), (12, [4.0, 9.0])):
        answer = {"lines": 10_000_000, "rows": cutoffs * 400_000, "features": 150, "costs": costs(seconds, (1.0, 2.0))}
        kept.keep(Case("features", 10_000_000, cutoffs, "4GB"), answer, 60)
    stage = {"wall": [1.0], "cpu": [2.0], "peak": [1e9]}
    profile = {"load": stage, "stream": stage, "kernel_seconds": 7.0, "rest_seconds": 1.0, "most": {"turn": 3.0}}
    kept.keep(Case("profile", 10_000_000, 12, "4GB"), profile, 60)
    return kept


def test_a_multiple_pairs_each_round_with_its_own_floor():
    from marks import multiple

    assert multiple(costs([2.0, 9.0, 8.0], (1.0, 3.0, 2.0)), "wall") == 3.0


def test_marks_are_met_up_to_the_mark_and_missed_above_it(results):
    from marks import marks

    told = {mark.what: (mark.measured, mark.is_met) for mark in marks({result.case.key: result for result in results})}
    assert told == {
        "10 M events, 12 cutoffs, limit 4 GB: wall time": ("4.2 x", True),
        "10 M events, 12 cutoffs, limit 4 GB: CPU time": ("4.2 x", True),
        "10 M events, 12 cutoffs, limit 4 GB: peak memory": ("3.00 GB", True),
        "10 M events: 12 cutoffs against 1": ("2.12 x", False),
    }


def test_a_missed_mark_names_the_stage_that_takes_most(results):
    from page import page

    text = page(list(results))
    assert "| 10 M events: 12 cutoffs against 1 | 1.7 x | 2.12 x | **missed** |" in text
    assert "most of the CPU time (58%) goes into **kernels**" in text


def test_every_role_is_told_with_what_twelve_cutoffs_cost_against_one(results):
    from measurements import Case
    from page import page

    for cutoffs, seconds in ((1, [2.0, 2.0]), (12, [3.0, 3.0])):
        answer = {"lines": {"purchases": 700_000, "support": 300_000}, "rows": cutoffs * 8_000, "features": 400}
        answer |= {"costs": costs(seconds), "families": {"measures": 0.5, "recency": 0.1}}
        results.keep(Case("roles", 1_000_000, cutoffs), answer, 60)
    text = page(list(results))
    assert "| 1,000,000 | 12 | 400 | 96,000 | 3.00 | 3.00 | 1.50 x | 3.0 | 3.00 |" in text
    assert "Rows of the largest: purchases 700,000, support 300,000." in text
    assert "CPU s: measures 0.50, recency 0.10." in text


def test_a_tool_that_was_given_up_is_named(results):
    from measurements import Case
    from page import page

    results.keep(Case("peers", 10_000_000, 1, tool="pandas"), None, 900.0)
    assert "| pandas | 10 M | 1 | over 900 |  |  |  |  |" in page(list(results))


def test_steps_to_money_stand_beside_their_floor(results):
    from measurements import Case
    from page import page

    steps = {step: costs([seconds], (2.0,)) for step, seconds in (("value", 6.0), ("call list", 5.0), ("what-if", 9.0))}
    results.keep(Case("money", 1_000_000), {"customers": 1_000_000, "agents": 40, "costs": steps}, 60)
    text = page(list(results))
    assert "1,000,000 customers; the list is for 40 agents." in text
    assert "| call-list: chosen, shared out, written | 5.0 | 2 x |" in text


@pytest.mark.slow
def test_the_steps_to_money_are_measured():
    from money_side import FEW_CUSTOMERS, money

    answer = money(FEW_CUSTOMERS)
    assert set(answer["costs"]) == {"value", "call list", "what-if"}
    assert all(set(cost) == {"case", "floor"} for cost in answer["costs"].values())


def test_results_are_there_again_and_a_forgotten_one_is_not(results, tmp_path):
    from measurements import Case, Results

    results.forget(Case("features", 10_000_000, 1, "4GB"))
    again = Results(tmp_path / "benchmarks.json")
    assert list(again) == list(results)
    assert [result.case.cutoffs for result in again if result.case.section == "features"] == [12]


def test_the_same_results_give_the_same_page_and_picture(results, tmp_path):
    from page import write_page

    written = []
    for name in ("one", "two"):
        write_page(list(results), tmp_path / name)
        written.append([path.read_bytes() for path in sorted((tmp_path / name).iterdir())])
    assert len(written[0]) == 2
    assert written[0] == written[1]


def test_the_published_page_is_that_of_the_published_results():
    from measurements import Results
    from page import page

    assert json.loads((DOCS / "benchmarks.json").read_text(encoding="utf-8"))
    assert (DOCS / "benchmarks.md").read_text(encoding="utf-8") == page(list(Results(DOCS / "benchmarks.json")))


def test_results_of_other_tools_speak_of_no_path_of_this_machine():
    text = (DOCS / "benchmarks.json").read_text(encoding="utf-8")
    assert "/tmp" not in text
    assert "/home" not in text
