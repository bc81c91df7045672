"""Who of the inactive comes back: the same engine asked of other customers, with the signs and the words turned round."""

from __future__ import annotations

import csv
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from churnscope.cli.app import app
from churnscope.config.load import load_config
from churnscope.errors import ConfigError, InputError, ModelError
from churnscope.project import Project
from churnscope.project.models import score as scoring
from churnscope.project.models.score import Request
from churnscope.project.session import Folders
from churnscope.timeline import day_number

from .test_schemas import problems

if TYPE_CHECKING:
    from .conftest import Sale, Shop

CUTOFF = date(2024, 7, 1)


def days_before(days: int) -> date:
    return CUTOFF - timedelta(days=days)


def business(**tables: Any) -> dict[str, Any]:
    """Active is who bought in the last 60 days; a return counts in the 30 days that begin 5 days after the cutoff."""
    return {
        "name": "shop",
        "complete_through": "2024-12-31",
        "prediction": {"horizon_days": 30, "gap_days": 5},
        "activity": {"rules": [{"source": "purchases", "days": 60}]},
        "features": {"windows_days": [30, 90]},
        "tracking": {"enabled": False},
    } | tables


def returns(config: dict[str, Any], **tables: pa.Table) -> dict[str, int | None]:
    """By customer of the population at the cutoff, 1 who came back."""
    project = Project.from_tables(config, reactivation=True, **tables)
    rows = project.snapshots(cutoffs=CUTOFF).to_arrow().to_pylist()
    return {row["customer_id"]: row["churned"] for row in rows}


PURCHASES = {
    "active on the last day of the window": [60],
    "inactive for one day, back on the first day that counts": [61, -5],
    "back on the last day that counts": [200, -34],
    "back a day too late": [200, -35],
    "bought in the time to act": [200, -4],
    "bought on the day itself": [200, 0],
    "never again": [61],
    "not there yet": [-10],
}


def test_who_is_asked_about_and_who_came_back() -> None:
    rows = [(customer, days_before(day)) for customer, days in PURCHASES.items() for day in days]
    bought = pa.table({"customer": [row[0] for row in rows], "time": [row[1] for row in rows]})
    assert returns(business(), purchases=bought) == {
        "inactive for one day, back on the first day that counts": 1,
        "back on the last day that counts": 1,
        "back a day too late": 0,
        "bought in the time to act": 0,
        "bought on the day itself": 0,
        "never again": 0,
    }


@pytest.mark.parametrize(("within", "asked"), [(60, {}), (61, {"never again", "inactive for one day"}), (200, None)])
def test_only_those_who_have_not_been_silent_for_long(within: int, asked: set[str] | None) -> None:
    rows = [(customer.split(",", maxsplit=1)[0], days_before(day)) for customer, days in PURCHASES.items() for day in days]
    bought = pa.table({"customer": [row[0] for row in rows], "time": [row[1] for row in rows]})
    found = set(returns(business(reactivation={"within_days": within}), purchases=bought))
    assert found == asked if asked else len(found) == (0 if within == 60 else 6)


CONTRACTS = {  # start and end, in days before the cutoff
    "in force": [(100, -100)],
    "in grace": [(100, 10)],
    "over, a new one begins in time": [(100, 11), (-20, -50)],
    "over, a new one begins in the time to act": [(100, 11), (-2, -50)],
    "over for good": [(100, 11)],
    "over long ago": [(400, 300)],
}


def test_a_contract_that_is_over_comes_back_when_a_term_starts() -> None:
    terms = [(who, days_before(start), days_before(end)) for who, each in CONTRACTS.items() for start, end in each]
    table = pa.table({key: [term[place] for term in terms] for place, key in enumerate(("customer", "start", "end"))})
    rule = {"source": "subscriptions", "in_force": True, "grace_days": 10}
    config = business(activity={"rules": [rule]}, label={"kind": "contract_end"})
    expected = {
        "over, a new one begins in time": 1,
        "over, a new one begins in the time to act": 0,
        "over for good": 0,
        "over long ago": 0,
    }
    assert returns(config, subscriptions=table) == expected
    del expected["over long ago"]  # of the days silent, the end of the term counts, not its start
    assert returns(config | {"reactivation": {"within_days": 90}}, subscriptions=table) == expected


def test_what_raises_the_risk_of_leaving_lowers_the_chance_of_a_return() -> None:
    bought = pa.table({"customer": ["a"], "time": [days_before(100)]})
    asked = (Project.from_tables(business(), purchases=bought, reactivation=of_return) for of_return in (False, True))
    leave, back = ({spec.name: spec.direction for spec in project.catalog().features} for project in asked)
    assert leave["days_since_last_purchase"] == 1
    assert back == {name: -direction for name, direction in leave.items()}


@pytest.mark.slow
def test_what_is_no_models_does_not_ask_which_of_the_two_it_is(tmp_path: Path) -> None:
    bought = pa.table({"customer": ["a", "b"], "time": [days_before(100), days_before(3)]})
    folders = {"outputs": str(tmp_path / "outputs"), "models": str(tmp_path / "models")}
    lived = [
        Project.from_tables(business(folders=folders), reactivation=asked, purchases=bought).lifecycle()
        for asked in (False, True)
    ]
    assert [each.was_done for each in lived] == [False, True]


def test_a_given_label_says_nothing_of_a_return() -> None:
    config = business(label={"kind": "given"})
    with pytest.raises(ConfigError, match="Nothing tells who comes back"):
        Project.from_tables(
            config,
            purchases=pa.table({"customer": ["a"], "time": [CUTOFF]}),
            labels=pa.table({"customer": ["a"], "time": [CUTOFF], "churned": [True]}),
            reactivation=True,
        )


@pytest.fixture(scope="module")
def bistro(tmp_path_factory: pytest.TempPathFactory, sales: tuple[Sale, ...]) -> Shop:
    """The corner shop, of whose customers many stay away for weeks and come back."""
    from .conftest import Shop

    folder = tmp_path_factory.mktemp("bistro") / "shop"
    folder.mkdir()
    shop = Shop(folder, sales)
    shop.project()
    path = folder / "config.toml"
    path.write_text(
        path.read_text().replace("days = 60 }", "days = 20 }").replace("seeds = 1", "seeds = 1\nallow_small = true")
    )
    return shop


@pytest.fixture(scope="module")
def trained(bistro: Shop) -> str:
    """What the command prints that trains the model."""
    return command(bistro, "train", "--reactivation", "--quiet")


def command(shop: Shop, *words: str) -> str:
    result = CliRunner().invoke(app, [words[0], str(shop.folder / "config.toml"), *words[1:]], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def says_nothing_of_leaving(text: str) -> bool:
    return not re.search(r"(?i)(?<!no longer )\b(churn\w*|risk\w*|stayed for|who left)\b", text.replace("churnscope", ""))


def test_from_training_to_scores_in_the_words_of_a_return(bistro: Shop, trained: str) -> None:
    assert "Trained corner_shop_reactivation" in trained
    assert re.search("of which [0-9,]+ came back", trained)
    assert says_nothing_of_leaving(trained)
    assert "Next: churnscope score CONFIG --reactivation" in trained
    judged = command(bistro, "evaluate", "--reactivation", "--no-backtest", "--quiet")
    assert "Came back: a customer who was inactive at the cutoff" in judged
    assert says_nothing_of_leaving(judged)
    assert "frequency rule" in judged
    assert "BG/NBD" in judged
    scored = command(bistro, "score", "--reactivation", "--model", "latest", "--quiet")
    assert "return is likely" in scored
    assert says_nothing_of_leaving(scored)


@pytest.mark.usefixtures("trained")
def test_the_score_file(bistro: Shop) -> None:
    project = Project(bistro.folder / "config.toml", reactivation=True)
    result = project.score(model="latest")
    assert result.outputs[0].parent == bistro.folder.parent / "outputs/corner_shop/reactivation/scores/2023-02-27"
    rows = pq.read_table(next(path for path in result.outputs if path.suffix == ".parquet"))
    assert rows.column_names[:5] == ["customer_id", "as_of", "reactivation_probability", "return_decile", "return_band"]
    chances = rows.column("reactivation_probability").to_pylist()
    assert chances == sorted(chances, reverse=True)
    assert rows.num_rows == result.counts["inactive"]
    assert set(rows.column("return_band").to_pylist()) <= {"likely", "possible", "unlikely"}
    assert any("(speaks against coming back)" in (text or "") for text in rows.column("reason_3").to_pylist())
    assert project.score(model="latest").was_done
    assert "reactivation_probability" in result._repr_html_()
    everybody = project.score(model="latest", all_customers=True)
    document = everybody.to_arrow().to_pylist()
    assert [problem for row in document for problem in problems(row, "reactivation_scores")][:3] == []
    by_state = everybody.to_arrow().column("return_band").to_pylist()
    assert by_state.count("active") == everybody.counts["active"] > 0


@pytest.mark.slow
@pytest.mark.usefixtures("trained")
def test_a_notebook_speaks_of_returns_too(bistro: Shop) -> None:
    project = Project(bistro.folder / "config.toml", reactivation=True)
    assert "reactivation_probability" in project.score()._repr_html_()
    judged = project.evaluate(backtest=False)._repr_html_()
    assert "Came back: A customer" in judged
    assert not re.search(r">[^<]*\bchurned\b", judged)


@pytest.mark.slow
@pytest.mark.usefixtures("trained")
def test_scores_rank_by_chance_times_value(bistro: Shop) -> None:
    project = Project(bistro.folder / "config.toml", reactivation=True)
    scored = project.score(model="latest").to_arrow().to_pylist()
    plain = {row["customer_id"]: row["reactivation_probability"] for row in scored}
    worth = {customer: float(place % 7) for place, customer in enumerate(sorted(plain)) if place % 5}
    path = bistro.folder.parent / "worth.csv"
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([("customer_id", "value"), *worth.items()])
    rows = project.score(model="latest", values=path, output=path.with_name("back.parquet")).to_arrow().to_pylist()
    for row in rows:
        chance, value = plain[row["customer_id"]], worth.get(row["customer_id"])
        assert row["reactivation_probability"] == chance
        assert row["expected_value"] == (None if value is None else pytest.approx(chance * value, abs=0.006))
    (named,) = (each for each in Project(bistro.folder / "config.toml").value().outputs if each.suffix == ".parquet")
    back = dict(zip(*(pq.read_table(named).column(name).to_pylist() for name in ("customer_id", "value_if_back")), strict=True))
    for row in project.score(model="latest", output=path.with_name("valued.parquet")).to_arrow().to_pylist():
        assert row["expected_value"] == pytest.approx(plain[row["customer_id"]] * back[row["customer_id"]], abs=0.006)
    known = [row["expected_value"] for row in rows if row["expected_value"] is not None]
    assert known == sorted(known, reverse=True)
    assert all(row["expected_value"] is None for row in rows[len(known) :])


@pytest.mark.slow
@pytest.mark.usefixtures("trained")
def test_the_two_models_stand_side_by_side(bistro: Shop) -> None:
    path = bistro.folder / "config.toml"
    leaves, returns_ = Project(path), Project(path, reactivation=True)
    of_leaving = leaves.train(promote=False)
    version = returns_.show("latest").version
    models = bistro.folder.parent / "models"
    assert {folder.name for folder in models.iterdir()} >= {"corner_shop", "corner_shop_reactivation"}
    assert leaves.show("latest").version == of_leaving.version
    with pytest.raises(ModelError, match="another population"):
        leaves.score(model=str(models / "corner_shop_reactivation" / version))
    with pytest.raises(ConfigError, match="scores of who leaves hold no value"):
        leaves.score(model="latest", values=path)


def test_nothing_at_or_after_the_cutoff_is_seen(bistro: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Rows that happen, or become known, at or after the cutoff change neither who is asked about nor any feature."""
    cutoff = datetime(2022, 12, 1)
    early = tuple(sale for sale in bistro.sales if sale.time < cutoff and sale.known <= cutoff)
    folder = tmp_path_factory.mktemp("seen") / "shop"
    folder.mkdir()
    seen = []
    for sales in (bistro.sales, early):
        shop = replace(bistro, folder=folder, sales=sales)
        shop.project()
        frame = Project(folder / "config.toml", reactivation=True).snapshots(cutoffs=cutoff.date()).to_arrow()
        seen.append(frame.drop_columns(["churned"]).to_pylist())
    assert len(seen[0]) > 50
    assert str(seen[0]) == str(seen[1])


@pytest.mark.slow
def test_the_audit_finds_no_leak(bistro: Shop) -> None:
    audit = Project(bistro.folder / "config.toml", reactivation=True).audit()
    assert [finding for finding in audit.findings if finding.is_leak] == []


@pytest.mark.slow
@pytest.mark.usefixtures("trained")
def test_the_page_speaks_of_returns(bistro: Shop) -> None:
    project = Project(bistro.folder / "config.toml", reactivation=True)
    page = project.report(model="latest").page
    text = re.sub(r"<style.*?</style>|<svg.*?</svg>|<[^>]*>", " ", page.read_text(), flags=re.DOTALL)
    assert "came back" in text
    assert "Customers who were active once and are not now" in text
    left = re.findall(r"(?i)[^.]{0,40}\bchurn(?!scope)\w*[^.]{0,40}", text)
    assert left == []


def test_values_of_contracts_are_left_alone_where_nobody_names_a_file(tmp_path: Path) -> None:
    """They tell nothing of customers without a contract: a nightly run goes on without them."""
    whole = load_config(Path(__file__).parents[2] / "configs" / "subscription.toml")
    config = whole.model_copy(update={"folders": whole.folders.model_copy(update={"outputs": tmp_path})}).reactivating()
    assert config.values_contracts
    folders = Folders.of(config)
    file = folders.outputs / "value" / "2023-01-01" / "value.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(pa.table({"customer_id": ["a"], "value": [1.0], "value_if_kept": [1.0]}), file)
    request = Request("champion", None, None, all_customers=False)
    assert scoring._worth(config, folders, request, day_number(date(2023, 1, 2))) is None
    with pytest.raises(InputError, match="of contracts in force"):
        scoring._worth(config, folders, replace(request, values=file), day_number(date(2023, 1, 2)))
