"""Two definitions of a shop of ten customers, by hand: rows on the edges of windows and horizons."""

from __future__ import annotations

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

import churnscope.project.data.populations as populations
from churnscope.errors import ConfigError, InputError
from churnscope.project import Project

CUTOFF = date(2024, 3, 1)  # the newest day on which both outcomes are over: 30 days are read from it on
# Days from the cutoff. A: active by 30 days, 20 days ahead; B: 60 and 30.
BOUGHT = {
    "stays by both": (-30, 19),
    "leaves by A": (-30, 20),
    "is not in A": (-31, 0),
    "is in B alone and leaves": (-60,),
    "is in neither": (-61,),
    "comes back on the last day of B": (-1, 29),
    "leaves by both": (-1,),
    "buys on the cutoff": (-1, 0),
    "is new on the cutoff": (0,),
    "comes back too late": (-1, 30),
}
CONFIG = """
name = "{name}"
complete_through = 2024-03-30
[sources.sales]
role = "purchases"
format = "csv"
files = "{files}"
columns = {{ customer = "customer", time = "day" }}
{more}
[activity]
rules = [{{ source = "sales", days = {window} }}]
[prediction]
horizon_days = {horizon}
"""
LABELS = """
[sources.left]
role = "labels"
format = "csv"
files = "left.csv"
columns = { customer = "customer", time = "day", churned = "left" }
"""


def write(folder: Path, name: str, **said: object) -> Path:
    facts = {"name": name, "files": "sales.csv", "window": 30, "horizon": 20, "more": ""} | said
    path = folder / f"{name}.toml"
    path.write_text(CONFIG.format(**facts))
    return path


def write_sales(path: Path, bought: dict[str, tuple[int, ...]]) -> None:
    rows = [f"{customer},{CUTOFF + timedelta(days=day)}" for customer, days in bought.items() for day in days]
    path.write_text("\n".join(["customer,day", *rows]) + "\n")


@pytest.fixture
def a(tmp_path: Path) -> Path:
    write_sales(tmp_path / "sales.csv", BOUGHT)
    return write(tmp_path, "monthly")


@pytest.fixture
def b(tmp_path: Path) -> Path:
    return write(tmp_path, "slow", window=60, horizon=30)


def test_all_figures_by_hand(a: Path, b: Path) -> None:
    result = Project(a).explain_definition(b)
    assert list(result.cutoffs) == [(CUTOFF - date(1970, 1, 1)).days]
    found = result.cutoffs[result.newest]
    assert (found.a.customers, found.a.churned, found.a.stayed) == (6, 4, 2)
    assert (found.b.customers, found.b.churned, found.b.stayed) == (8, 3, 5)
    assert (found.both, found.only_a, found.only_b) == (6, 0, 2)
    assert found.crossed == ((2, 2, 0, 0), (0, 2, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0))
    assert found.agreement == pytest.approx(4 / 6)
    assert found.kappa == pytest.approx(0.4)
    kinds = result.kinds[result.newest]
    assert [(each.kind, each.side.churned, each.side.stayed, each.side.left_out, each.differing) for each in kinds.kinds] == [
        ("no_event", 4, 2, 0, 0),
        ("not_active", 1, 5, 0, 3),
        ("partial", 3, 1, 2, 0),
    ]
    assert kinds.disagreeing == 3
    assert [(each.key, each.a, each.b) for each in result.keys] == [
        ("[activity] rules #1 days", "30", "60"),
        ("[prediction] horizon_days", "20", "30"),
    ]
    assert (result.shared, result.same_sources) == (10, True)


def test_what_the_other_way_round_says_is_the_same_turned(a: Path, b: Path) -> None:
    one, other = Project(a).explain_definition(b), Project(b).explain_definition(Project(a))
    found, turned = one.cutoffs[one.newest], other.cutoffs[other.newest]
    assert (found.a, found.b) == (turned.b, turned.a)
    assert tuple(zip(*found.crossed, strict=True)) == turned.crossed
    assert found.kappa == turned.kappa


def test_labels_of_ones_own_are_a_kind_more_and_who_has_none_is_counted(a: Path, tmp_path: Path) -> None:
    (tmp_path / "left.csv").write_text(
        f"customer,day,left\nstays by both,{CUTOFF},true\nleaves by both,{CUTOFF},false\nnobody we know,{CUTOFF},true\n"
    )
    labelled = write(tmp_path, "labelled", more=LABELS)
    result = Project(labelled).explain_definition(a, cutoff=CUTOFF)
    kinds = result.kinds[result.newest]
    given = next(each for each in kinds.kinds if each.kind == "given")
    assert (given.side.churned, given.side.stayed, given.side.not_known, given.differing) == (1, 1, 4, 2)
    assert kinds.disagreeing == 4
    assert [each.key for each in result.keys] == ["[sources.left]"]


def test_cutoffs_are_those_that_both_name(a: Path, tmp_path: Path) -> None:
    listed = write(tmp_path, "listed", window=5, horizon="3\ncutoffs = [2024-02-10, 2024-02-20, 2024-03-05, 2024-03-26]")
    result = Project(listed).explain_definition(a)
    assert [entry["cutoff"] for entry in result.to_json()["cutoffs"]] == ["2024-02-10", "2024-02-20", "2024-03-05"]


def test_the_same_sources_are_read_once(a: Path, b: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    loaded_data = populations.loaded_data
    monkeypatch.setattr(
        populations, "loaded_data", lambda config, *rest: read.append(config.name) or loaded_data(config, *rest)
    )
    once = Project(a).explain_definition(b)
    assert len(read) == 1
    shutil.copy(tmp_path / "sales.csv", tmp_path / "copy.csv")
    twice = Project(a).explain_definition(write(tmp_path, "slow", files="copy.csv", window=60, horizon=30))
    assert len(read) == 3
    assert (twice.cutoffs, twice.kinds, twice.same_sources) == (once.cutoffs, once.kinds, False)
    assert twice.keys[0].key == "[sources.sales] files #1 path"


def test_customers_of_different_files_are_matched_by_id(a: Path, tmp_path: Path) -> None:
    kept = {customer: days for customer, days in BOUGHT.items() if customer != "leaves by both"}
    write_sales(tmp_path / "other.csv", {"a stranger": (-61, -2), **kept, "zoe": (-2, 3)})
    result = Project(a).explain_definition(write(tmp_path, "other", files="other.csv"))
    found = result.cutoffs[result.newest]
    assert result.shared == 9
    assert (found.a.customers, found.b.customers, found.both, found.only_a, found.only_b) == (6, 7, 5, 1, 2)
    assert (found.agreement, found.differing) == (1.0, 0)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"more": ""}, ""),
        ({"horizon": 300}, "No cutoff is complete in both as of 2024-03-31: A allows .*; B has too short a history for any"),
        ({"files": "strangers.csv"}, "A has 10 customers and B 1, and none stands in both"),
    ],
)
def test_what_cannot_be_compared_is_said(a: Path, tmp_path: Path, said: dict[str, object], message: str) -> None:
    write_sales(tmp_path / "strangers.csv", {"somebody": (-61, -1, 2)})
    other = write(tmp_path, "other", **said)
    if not message:
        Project(a).explain_definition(other)
        return
    with pytest.raises(InputError, match=message):
        Project(a).explain_definition(other)


def test_days_of_different_zones_are_no_common_days(a: Path, tmp_path: Path) -> None:
    other = write(tmp_path, "other")
    other.write_text(f'time_zone = "Europe/London"{other.read_text()}')
    with pytest.raises(ConfigError, match="A counts days in UTC and B in Europe/London"):
        Project(a).explain_definition(other)


@pytest.mark.parametrize(
    ("cutoff", "message"),
    [
        ("2024-03-02", "the outcome of B is not over as of 2024-03-31.\nThe newest cutoff both can use is 2024-03-01"),
        ("2023-12-31", "the rows of A begin on 2023-12-31"),
    ],
)
def test_a_cutoff_that_is_asked_for_has_to_be_possible(a: Path, b: Path, cutoff: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Project(a).explain_definition(b, cutoff=cutoff)


def test_at_a_cutoff_that_is_asked_for(a: Path, b: Path) -> None:
    result = Project(a).explain_definition(b, "2024-03-20", cutoff="2024-02-15")
    assert [entry["cutoff"] for entry in result.to_json()["cutoffs"]] == ["2024-02-15"]
    assert "At 2024-02-15 A speaks of" in result.summary


def test_the_command_line_from_end_to_end(a: Path, b: Path, churnscope_run) -> None:
    ended = churnscope_run("explain-definition", a, b, "-q")
    assert (ended.code, ended.err) == (0, "")
    lines = [line.rstrip() for line in ended.out.splitlines()]
    assert lines[0] == ("A is monthly and B is slow, as of 2024-03-31. They read the same sources; 10 customers stand in both.")
    assert "  2024-03-01     6     8        6      66.7%      37.5%       66.7%   0.40" in lines
    assert ["A:", "churned", "2", "2"] in [line.split() for line in lines]
    assert "The kinds disagree on 3 customers." in lines
    document = churnscope_run("explain-definition", a, b, "--json", "-q").document
    assert document["cutoffs"][0]["kappa"] == pytest.approx(0.4)
    assert document["label_kinds"][0]["kinds"][1]["differing"] == 3


def test_errors_of_the_command_line(a: Path, churnscope_run) -> None:
    ended = churnscope_run("explain-definition", a, a.with_name("none.toml"), "-q")
    assert ended.code == 2
    assert "none.toml: there is no such file." in ended.err
    assert churnscope_run("explain-definition", a).code == 2


def test_in_a_notebook(a: Path, b: Path) -> None:
    page = Project(a).explain_definition(b)._repr_html_()
    assert all(words in page for words in ("A: monthly", "B: slow", "[prediction] horizon_days", "kappa", "not_active"))


# Start, end and notice, in days from the cutoff; five days of grace.
TERMS = {
    "ends": [(-100, 10, 2)],
    "is renewed": [(-100, 10, None), (10, 200, None)],
    "goes on": [(-100, 200, None)],
    "is over in days of grace": [(-100, -3, None)],
    "is renewed in days of grace": [(-100, 18, None), (22, 200, None)],
    "is over": [(-100, -6, None)],
}
CONTRACTS = """
name = "gym"
complete_through = 2024-03-30
[sources.contracts]
role = "subscriptions"
format = "csv"
files = "contracts.csv"
columns = { customer = "customer", time = "start", end = "end", cancelled = "cancelled" }
[activity]
rules = [{ source = "contracts", in_force = true, grace_days = 5 }]
[label]
kind = "contract_end"
[prediction]
horizon_days = 20
"""


@pytest.fixture
def gym(tmp_path: Path) -> Path:
    def written(day: int | None) -> str:
        return "" if day is None else str(CUTOFF + timedelta(days=day))

    rows = [",".join([customer, *map(written, term)]) for customer, terms in TERMS.items() for term in terms]
    (tmp_path / "contracts.csv").write_text("\n".join(["customer,start,end,cancelled", *rows]) + "\n")
    config = tmp_path / "gym.toml"
    config.write_text(CONTRACTS)
    return config


def test_contracts_under_every_kind_of_label(gym: Path, tmp_path: Path) -> None:
    notice = tmp_path / "notice.toml"
    notice.write_text(CONTRACTS.replace("contract_end", "cancel"))
    result = Project(gym).explain_definition(notice, cutoff=CUTOFF)
    kinds = result.kinds[result.newest]
    assert [(each.kind, each.side.churned, each.side.stayed, each.side.left_out, each.differing) for each in kinds.kinds] == [
        ("contract_end", 1, 3, 1, 0),
        ("no_event", 4, 1, 0, 2),
        ("not_active", 2, 3, 0, 0),
        ("cancel", 1, 4, 0, 0),
    ]
    assert kinds.disagreeing == 3
    found = result.cutoffs[result.newest]
    assert found.crossed == ((1, 0, 0, 0), (0, 3, 0, 0), (0, 1, 0, 0), (0, 0, 0, 0))
    assert (found.compared, found.agreement, found.kappa) == (4, 1.0, 1.0)
    assert [(each.key, each.a, each.b) for each in result.keys] == [("[label] kind", "contract_end", "cancel")]


def test_only_those_whose_contract_is_due_are_spoken_of(gym: Path, tmp_path: Path) -> None:
    due = tmp_path / "due.toml"
    due.write_text(CONTRACTS + "days_before_end = 10\nspacing_days = 1\n")
    result = Project(due).explain_definition(gym, cutoff=CUTOFF)
    found = result.cutoffs[result.newest]
    assert (found.a.churned, found.a.stayed, found.both, found.only_b) == (1, 1, 2, 3)
    assert found.differing == 0
