"""A flat file of customers, from raw rows to scores: with a date and without, with a label and without."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from churnscope.config.models import Profit
from churnscope.errors import ConfigError, InputError, ModelError
from churnscope.project import Project
from churnscope.timeline import cutoff_name, is_part

CONFIG = """
name = "members"
complete_through = 2024-06-30

[sources.members]
role = "snapshot"
format = "csv"
files = "{file}"
columns = {columns}
types = {{ Age = "number", Visits = "number", Fee = "number", Joined = "%Y-%m-%d"{types} }}
{more}

[model]
seeds = 1
rounds = 40
learning_rate = 0.1
patience = 10

[evaluation]
bootstraps = 40

[tracking]
enabled = false
"""
COLUMNS = '{ customer = "Member no", churned = "Status = \'left\'" }'
DATED = '{ customer = "Member no", date = "Day", churned = "Status = \'left\'" }'
PLANS = ("month to month", "year", "two years")
Row = dict[str, str]


def members(n: int = 1_500, seed: int = 3, first: int = 0) -> list[Row]:
    """Who pays by the month and comes rarely leaves; age and region say nothing."""
    rng = np.random.default_rng(seed)
    plan, visits = rng.integers(3, size=n), rng.poisson(6, n)
    leaves = rng.random(n) < 1 / (1 + np.exp(0.3 + 1.2 * plan + 0.35 * (visits - 6)))
    fee = np.round(20 - 4 * plan + rng.normal(0, 1, n), 2)
    days = [date(2024, 6, 30) - timedelta(days=int(each)) for each in rng.integers(30, 2_000, n)]
    return [
        {
            "Member no": f"M{first + number:05d}",
            "Age": str(int(rng.integers(18, 90))),
            "Visits": str(int(visits[number])),
            "Fee": "" if number % 50 == 0 else f"{fee[number]:.2f}",
            "Plan": PLANS[plan[number]],
            "Has locker": ("yes", "no")[int(rng.integers(2))],
            "Joined": days[number].isoformat(),
            "Status": "left" if leaves[number] else "stayed",
        }
        for number in range(n)
    ]


def write(path: Path, rows: Iterable[Row]) -> None:
    rows = list(rows)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def project(tmp_path: Path) -> Callable[..., Project]:
    """A project on rows; written to the file of this name, by a config with these texts."""

    def made(
        rows: Iterable[Row], columns: str = COLUMNS, *, types: str = "", more: str = "", file: str = "members.csv"
    ) -> Project:
        write(tmp_path / file, rows)
        config = tmp_path / "members.toml"
        config.write_text(CONFIG.format(file=file, columns=columns, types=types, more=more))
        return Project(config)

    return made


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a trained model; to be copied from, not written to."""
    folder = tmp_path_factory.mktemp("members")
    write(folder / "members.csv", members())
    (folder / "members.toml").write_text(CONFIG.format(file="members.csv", columns=COLUMNS, types="", more=""))
    assert Project(folder / "members.toml").train().promoted
    return folder


def nightly(served: Path, rows: Iterable[Row], name: str) -> list[dict[str, Any]]:
    """The scores of another file by the trained model."""
    write(served / f"{name}.csv", rows)
    config = served / f"{name}.toml"
    config.write_text((served / "members.toml").read_text().replace("members.csv", f"{name}.csv"))
    result = Project(config).score(output=served / f"{name}_scores.csv")
    return pyarrow.csv.read_csv(result.outputs[0]).to_pylist()


def without(rows: Iterable[Row], *names: str) -> list[Row]:
    return [{name: text for name, text in row.items() if name not in names} for row in rows]


def test_features_are_the_columns_as_they_stand_in_the_file(project: Callable[..., Project]) -> None:
    rows = members(300)
    frame = project(rows).snapshots().to_arrow()
    by_id = {row["Member no"]: row for row in rows}
    assert frame.num_rows == len(rows)
    for told in frame.to_pylist():
        row = by_id[told["customer_id"]]
        assert told["cutoff"] == date(2024, 7, 1)
        assert told["churned"] == (row["Status"] == "left")
        assert (told["age"], told["visits"]) == (float(row["Age"]), float(row["Visits"]))
        assert told["fee"] == (pytest.approx(float(row["Fee"]), abs=1e-4) if row["Fee"] else None)
        assert [told["plan_is_month_to_month"], told["plan_is_year"], told["plan_is_two_years"]] == [
            row["Plan"] == plan for plan in PLANS
        ]
        assert told["days_since_joined"] == (date(2024, 7, 1) - date.fromisoformat(row["Joined"])).days
        assert told["has_locker_is_yes"] == (row["Has locker"] == "yes")
    assert "status_is_left" not in frame.column_names
    assert "is_loyal" not in frame.column_names


def test_a_model_is_trained_judged_and_saved_without_any_date(served: Path) -> None:
    result = Project(served / "members.toml").train(promote=False)
    assert all(map(is_part, result.split.all))
    assert set(result.evaluation.predictors) == {"model", "base rate", "attributes logistic"}
    assert result.evaluation.model.metrics["auroc"].value > 0.75
    assert result.grade.verdict == "use it"
    assert result.evaluation.rows == 1_500
    shown = Project(served / "members.toml").show("latest")
    assert shown.cutoff == "2024-07-01"
    assert shown.split["test"] == ("part 5",)
    assert shown.split["fit"] == ("part 3", "part 4")


@pytest.mark.slow
def test_every_customer_is_judged_once_by_a_model_that_did_not_know_it(served: Path) -> None:
    rows = members()
    project = Project(served / "members.toml")
    project.config = project.config.model_copy(update={"profit": Profit(value=100)})
    result = project.evaluate()
    assert result.profit is not None
    assert result.profit.customers == len(rows)
    assert [cutoff_name(fold.cutoff) for fold in result.backtest] == [f"part {place}" for place in range(1, 6)]
    assert (result.evaluation.rows, result.evaluation.customers) == (len(rows), len(rows))
    assert result.evaluation.churned == sum(row["Status"] == "left" for row in rows)
    assert sum(fold.evaluation.rows for fold in result.backtest) == len(rows)
    assert all(fold.newcomers is None for fold in result.backtest)
    shares = [fold.evaluation.churned for fold in result.backtest]
    assert max(shares) - min(shares) <= 1
    written = json.loads((result.outputs[0]).read_text())
    assert [fold["split"]["test"] for fold in written["backtest"]] == [[f"part {place}"] for place in range(1, 6)]


def test_without_the_backtest_the_part_kept_back_judges(served: Path) -> None:
    result = Project(served / "members.toml").evaluate(backtest=False)
    assert cutoff_name(result.cutoff) == "part 5"
    assert abs(result.evaluation.rows - 300) <= 2


@pytest.mark.slow
def test_the_order_of_rows_changes_no_figure(project: Callable[..., Project]) -> None:
    rows = members(600)
    first = project(rows).train(promote=False)
    second = project(rows[::-1]).train(promote=False)
    assert first.evaluation.to_json() == second.evaluation.to_json()


def test_every_row_is_scored_with_reasons_in_words(served: Path) -> None:
    scores = nightly(served, members(), "again")
    assert len(scores) == 1_500
    chances = [row["churn_probability"] for row in scores]
    assert chances == sorted(chances, reverse=True)
    assert {row["risk_decile"] for row in scores} == set(range(1, 11))
    assert {row["risk_band"] for row in scores} == {"high", "medium", "low"}
    reasons = {row[f"reason_{place}"] for row in scores for place in (1, 2, 3)}
    assert "plan is month to month" in reasons
    assert any(reason and reason.startswith("visits: ") for reason in reasons)
    assert scores[0]["as_of"] == date(2024, 7, 1)


def test_a_nightly_file_without_label_is_scored_alike(served: Path) -> None:
    known = {row["customer_id"]: row["churn_probability"] for row in nightly(served, members(), "known")}
    unknown = {row["customer_id"]: row["churn_probability"] for row in nightly(served, without(members(), "Status"), "unknown")}
    assert known == unknown


def test_a_level_never_seen_is_none_of_those_known_and_further_columns_are_not_read(served: Path) -> None:
    rows = members(40, seed=9, first=5_000)
    odd = [row | {"Plan": "for life", "Shoe size": "44"} for row in rows]
    assert len(nightly(served, without(odd, "Status"), "odd")) == 40


def test_a_file_without_a_column_of_the_model_is_refused(served: Path) -> None:
    with pytest.raises(ModelError, match="columns of the features changed"):
        nightly(served, without(members(40), "Status", "Plan"), "less")


def test_a_file_without_label_cannot_be_learned_from(project: Callable[..., Project]) -> None:
    unknown = project(without(members(100), "Status"))
    with pytest.raises(InputError, match="No row has a label: Status = 'left' is missing, or empty, everywhere"):
        unknown.train()
    assert any("No row has a label" in line for line in unknown.check().advice)


def test_rows_without_label_are_not_learned_from_but_scored(project: Callable[..., Project]) -> None:
    rows = [row | {"Status": ""} if number % 3 == 0 else row for number, row in enumerate(members())]
    made = project(rows)
    result = made.train()
    assert result.rows == 1_000
    assert made.score(model="latest").counts["active"] == 1_500


def test_there_are_no_pauses_to_advise_on(served: Path) -> None:
    with pytest.raises(ConfigError, match="no pauses to weigh windows by"):
        Project(served / "members.toml").advise()


def test_two_rows_of_a_customer_are_refused_without_a_date(project: Callable[..., Project]) -> None:
    rows = members(200)
    twice = [*rows, rows[0] | {"Visits": "99"}]
    with pytest.raises(InputError, match="different rows stand for 200 customers"):
        project(twice).check()


def dated(rows: Iterable[Row], months: int = 8) -> list[Row]:
    """Rows of so many month ends, each customer in one of them."""
    ends = [date(2024, month + 1, 1) - timedelta(days=1) for month in range(1, months + 1)]
    return [{"Day": ends[number % months].isoformat(), **row} for number, row in enumerate(rows)]


def with_dates(project: Callable[..., Project], rows: list[Row], more: str = "") -> Project:
    made = project(rows, DATED, types=', Day = "%Y-%m-%d"', more=more)
    path = Path(made.config.folders.outputs).parent / "members.toml"
    path.write_text(path.read_text().replace("complete_through = 2024-06-30", ""))
    return Project(path)


def test_rows_with_a_date_are_split_by_time(project: Callable[..., Project]) -> None:
    result = with_dates(project, dated(members(2_400))).train(promote=False)
    names = {use: list(map(cutoff_name, days)) for use, days in vars(result.split).items()}
    assert names["test"] == ["2024-09-01"]
    assert names["calibrate"] == ["2024-08-01"]
    assert names["fit"][0] == "2024-02-01"
    assert result.evaluation.rows == 300


def test_what_was_learned_from_had_closed_before_the_test(project: Callable[..., Project]) -> None:
    """With a horizon of 62 days, the two months before a test are still open."""
    made = with_dates(project, dated(members(2_400)), more="\n[prediction]\nhorizon_days = 62\n")
    split = made.train(promote=False).split
    assert max(split.before_test) + 62 <= split.test[0]


def test_dates_of_single_customers_are_looked_at_in_blocks(project: Callable[..., Project]) -> None:
    rows = [
        {"Day": (date(2024, 1, 1) + timedelta(days=number % 240)).isoformat(), **row}
        for number, row in enumerate(members(2_400))
    ]
    made = with_dates(project, rows)
    frame = made.snapshots().to_arrow()
    known = frame.filter(pa.compute.is_valid(frame["churned"])).to_pylist()
    days = sorted({row["cutoff"] for row in known})
    assert len(days) == 12
    assert {(later - earlier).days for earlier, later in pairwise(days)} == {20}
    assert len(known) == len(rows)
    day = {row["Member no"]: date.fromisoformat(row["Day"]) for row in rows}
    joined = {row["Member no"]: date.fromisoformat(row["Joined"]) for row in rows}
    for row in known:
        member = row["customer_id"]
        assert 1 <= (row["cutoff"] - day[member]).days <= 20
        age = (day[member] - joined[member]).days + 1
        assert row["days_since_joined"] == (age if joined[member] < row["cutoff"] else None)
    assert made.train(promote=False).evaluation.rows == 200


@pytest.mark.slow
def test_the_newest_row_of_each_customer_is_scored(project: Callable[..., Project]) -> None:
    rows = dated(members(2_400))
    newer = [row | {"Day": "2024-09-30", "Visits": "0", "Plan": PLANS[0], "Status": ""} for row in rows[:100]]
    made = with_dates(project, [*rows, *newer])
    made.train()
    result = made.score(model="latest")
    scores = {row["customer_id"]: row for row in pq.read_table(result.outputs[1]).to_pylist()}
    assert len(scores) == 2_400
    assert result.as_of == (date(2024, 10, 1) - date(1970, 1, 1)).days
    again = np.mean([scores[row["Member no"]]["churn_probability"] for row in newer])
    assert again > 1.5 * np.mean([row["churn_probability"] for row in scores.values()])


def test_two_rows_of_a_customer_and_day_must_not_differ_in_the_label(project: Callable[..., Project]) -> None:
    rows = dated(members(400))
    other = rows[0] | {"Status": "stayed" if rows[0]["Status"] == "left" else "left"}
    with pytest.raises(InputError, match="1 rows have another label than a row of the same customer and day"):
        with_dates(project, [*rows, other]).snapshots()


@pytest.mark.slow
def test_the_report_says_that_time_was_not_divided(served: Path) -> None:
    made = Project(served / "members.toml")
    made.evaluate()
    page = made.report(model="latest").page.read_text()
    assert "The file has no date: customers were divided, not time. This cannot show that the model holds later." in page
    assert "part 3" in page
    assert "Every customer of the file." in page
    assert "1970" not in page


def test_identifiers_and_columns_that_nobody_can_date_are_named(project: Callable[..., Project]) -> None:
    rows = [{"Row": str(number), "Email": f"{number}@example.org", **row} for number, row in enumerate(members(400))]
    made = project(rows, types=', Row = "number"')
    advice = made.check().advice
    assert any("No feature is made of row: another whole number for every customer" in line for line in advice)
    assert any("texts of email" in line for line in advice)
    names = {feature.name for feature in made.catalog().features}
    assert not any(name.startswith(("row", "email")) for name in names)
    unchecked = made.audit().unchecked
    assert unchecked["members.visits"].startswith("no date")
    assert {"members.plan", "members.fee"} < set(unchecked)
    assert not any("churned" in name for name in unchecked)


def test_a_column_that_tells_the_outcome_is_named_and_refused(project: Callable[..., Project]) -> None:
    rows = [row | {"Reason": "price" if row["Status"] == "left" else ""} for row in members(1_000)]
    with pytest.raises(InputError, match=r"members\.reason"):
        project(rows).train()


@pytest.mark.slow
def test_the_command_line_says_it_too(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from churnscope.cli.evaluate import describe as evaluated
    from churnscope.cli.rendering import print_parts
    from churnscope.cli.train import describe as trained

    made = Project(served / "members.toml")
    print_parts(trained(made.train(promote=False)), sys.stdout)
    print_parts(evaluated(made.evaluate()), sys.stdout)
    said = capsys.readouterr().out
    assert said.count("The file has no date") == 2
    assert "Every customer was judged by the recipe trained on others." in said
    assert "Part by part: a model trained on the others" in said
    assert "1970" not in said
