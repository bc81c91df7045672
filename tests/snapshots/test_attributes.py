"""What is told of customers, from the file to the feature: the value as it held at the cutoff, on every edge."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnscope.config.attributes import left_out_notes
from churnscope.config.checks import check_config
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded, open_engine
from churnscope.errors import ConfigError, InputError
from churnscope.snapshots import SnapshotPlan, build_snapshots
from churnscope.timeline import day_number

BUYERS = "abcd"
CROWD = [f"e{number}" for number in range(5)]  # so many have a value that is told apart
Told = dict[str, dict[str, float]]


class Business:
    """Customers who buy every ten days, and a file that tells about them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder, self._stack = folder, stack
        days = pd.date_range("2024-01-01", "2024-12-31", freq="10D")
        lines = [f"{customer},{day:%Y-%m-%d}" for customer in BUYERS for day in days]
        (folder / "shop.csv").write_text("\n".join(["customer,time", *lines]) + "\n")

    def config(self, people: str, /, *, more: dict | None = None, **changes) -> Config:
        """The config over a people's file of these lines; the first column is the id."""
        (self.folder / "people.csv").write_text(people)
        told = {"role": "customers", "format": "csv", "files": str(self.folder / "people.csv"), "most_quarantined": 1.0}
        shop = {"role": "purchases", "format": "csv", "files": str(self.folder / "shop.csv")}
        shop |= {"columns": {"customer": "customer", "time": "time"}, "most_quarantined": 1.0}
        columns = {"customer": people.split(",", maxsplit=1)[0]} | changes.pop("columns", {})
        settings = {
            "name": "business",
            "sources": {"shop": shop, "people": told | {"columns": columns} | changes, **(more or {})},
            "activity": {"rules": [{"source": "shop", "days": 90}]},
            "prediction": {"horizon_days": 30},
        }
        return Config.model_validate(settings)

    def load(self, config: Config, **options) -> Loaded:
        check_config(config)
        return self._stack.enter_context(open_engine(config, temp=self.folder)).load(**options)

    def at(self, loaded: Loaded, config: Config, *days: str) -> Callable[[str, str], list[float]]:
        """Feature, customer -> its values at these cutoffs."""
        cutoffs = [day_number(date.fromisoformat(day)) for day in days]
        table = build_snapshots(loaded.blocks(), SnapshotPlan.from_config(config, loaded, cutoffs))
        names, ids = [spec.name for spec in table.specs], loaded.ids()
        return lambda feature, customer: table.features[ids[table.customer] == customer, names.index(feature)].tolist()

    def values(self, people: str, days: Sequence[str], **changes) -> Callable[[str, str], list[float]]:
        config = self.config(people, **changes)
        return self.at(self.load(config), config, *days)


@pytest.fixture
def business(tmp_path: Path):
    with ExitStack() as stack:
        yield Business(tmp_path, stack)


NUMBER = {"attributes": ["fee"], "types": {"fee": "number"}}
HISTORY = {"columns": {"valid_from": "since", "valid_to": "until"}} | NUMBER


def same(found: list[float], *expected: float) -> bool:
    return found == pytest.approx(list(expected), nan_ok=True)


def test_the_value_counts_that_held_just_before_the_cutoff(business):
    people = "id,since,until,fee\na,2024-02-01,2024-05-01,9\na,2024-05-01,,12\n"
    fee = business.values(people, ["2024-02-01", "2024-02-02", "2024-05-01", "2024-05-02"], **HISTORY)
    assert same(fee("fee", "a"), math.nan, 9, 9, 12)


def test_valid_to_closes_a_row_and_no_older_one_comes_back(business):
    people = "id,since,until,fee\na,,,5\na,2024-03-01,2024-04-01,7\n"
    fee = business.values(people, ["2024-03-01", "2024-03-02", "2024-04-01", "2024-04-02"], **HISTORY)
    assert same(fee("fee", "a"), 5, 7, 7, math.nan)


def test_a_value_that_becomes_missing_is_missing(business):
    people = "id,since,until,fee\na,,,5\na,2024-03-01,,\n"
    assert same(business.values(people, ["2024-03-01", "2024-03-02"], **HISTORY)("fee", "a"), 5, math.nan)


def test_a_far_day_stands_for_no_end(business):
    people = "id,since,until,fee\na,2024-02-01,9999-12-31,5\n"
    assert same(business.values(people, ["2024-03-01"], **HISTORY)("fee", "a"), 5)


def test_a_row_that_arrived_late_counts_from_its_arrival_on(business):
    people = "id,since,until,fee,known\na,2024-01-10,,5,2024-01-10\na,2024-02-01,,7,2024-03-01 12:00:00\n"
    fee = business.values(
        people, ["2024-02-02", "2024-03-01", "2024-03-02"], columns=HISTORY["columns"] | {"known": "known"}, **NUMBER
    )
    assert same(fee("fee", "a"), 5, 5, 7)


def test_of_two_rows_from_one_time_the_one_known_last_counts(business):
    people = "id,since,until,fee,known\na,2024-02-01,,7,2024-03-01 12:00\na,2024-02-01,,5,2024-02-01\n"
    fee = business.values(people, ["2024-03-01", "2024-03-02"], columns=HISTORY["columns"] | {"known": "known"}, **NUMBER)
    assert same(fee("fee", "a"), 5, 7)


def test_rows_that_contradict_each_other_are_refused(business):
    people = "id,since,until,fee\na,2024-02-01,,7\na,2024-02-01,,5\nb,2024-02-01,,5\nb,2024-02-01,,5\n"
    with pytest.raises(InputError, match="1 of 3 rows hold from the same time on"):
        business.load(business.config(people, **HISTORY))


def test_rows_that_overlap_are_counted_and_ends_before_the_begin_are_refused(business):
    people = "id,since,until,fee\na,2024-02-01,2024-05-01,7\na,2024-04-01,,5\nb,2024-04-01,2024-03-01,5\n"
    report = business.load(business.config(people, **HISTORY)).reports[1]
    assert report.counted == {"overlapping_rows": 1}
    assert report.quarantined == {"before_its_begin:valid_to": 1}


def test_without_a_history_only_what_is_static_is_a_feature(business):
    people = "id,joined,fee,sex\na,2024-02-01,7,f\nb,,5,m\nc,2024-01-01,5,f\n"
    people += "".join(f"{one},,,{'fm'[number % 2]}\n" for number, one in enumerate([*CROWD, *"ghijk"]))
    config = business.config(people, columns={"time": "joined"}, attributes=["fee", "sex"], static=("sex",))
    told = business.at(business.load(config), config, "2024-02-01", "2024-02-02")
    assert same(told("sex_is_f", "a"), math.nan, 1)  # nothing is told of somebody before they joined
    assert same(told("sex_is_f", "b"), 0, 0)
    assert same(told("tenure_days", "a"), math.nan, 1)
    with pytest.raises(ValueError, match="fee"):
        told("fee", "a")
    note = (
        "Source people: no feature is made of fee, whose values at earlier days are not known. "
        'Map columns.valid_from where each change has a row; or write static = ["sex", "fee"] for what never changes.'
    )
    assert list(left_out_notes(config)) == [note]


def test_birthdays_grow_older_on_their_day(business):
    people = "id,born\na,1990-06-15\nb,2000-02-29\nc,\n"
    days = ["2024-02-28", "2024-02-29", "2024-06-14", "2024-06-15"]
    age = business.values(people, days, columns={"birthday": "born"})
    assert same(age("age_years", "a"), 33, 33, 33, 34)
    assert same(age("age_years", "b"), 23, 24, 24, 24)
    assert same(age("age_years", "c"), *[math.nan] * 4)


def test_who_was_born_on_29_february_grows_older_on_1_march_of_other_years(business):
    age = business.values("id,born\na,2003-03-01\nb,2000-02-29\n", ["2024-12-01"], columns={"birthday": "born"})
    assert same(age("age_years", "a"), 21)
    assert same(age("age_years", "b"), 24)


def test_dates_are_the_days_since_them_and_not_told_before_them(business):
    people = "id,moved\na,2024-02-01\nb,\n"
    changes = {"attributes": ["moved"], "static": ("moved",), "types": {"moved": "timestamp"}}
    moved = business.values(people, ["2024-02-01", "2024-02-02", "2024-03-01"], **changes)
    assert same(moved("days_since_moved", "a"), math.nan, 1, 29)
    assert same(moved("days_since_moved", "b"), *[math.nan] * 3)


def test_what_the_role_knows_of_a_customer(business):
    people = "id,by,cost,way,card,since\na,,12.5,web,yes,2024-01-20\nb,a,,shop,no,\nc,x,3,web,,\n"
    people += "".join(f"{one},,,{'web' if one in CROWD else 'shop'},,\n" for one in [*CROWD, *"ghijk"])
    columns = {"referred_by": "by", "acquisition_cost": "cost", "acquisition_channel": "way"}
    columns |= {"loyalty": "card", "loyalty_since": "since"}
    told = business.values(people, ["2024-02-01"], columns=columns, static=("loyalty",), types={"card": "boolean"})
    expected = {
        "was_referred": (0, 1, 1),
        "acquisition_cost": (12.5, math.nan, 3),
        "acquisition_channel_is_web": (1, 0, 1),
        "acquisition_channel_is_shop": (0, 1, 0),
        "in_loyalty_programme": (1, 0, math.nan),
        "days_in_loyalty_programme": (12, math.nan, math.nan),
    }
    for feature, values in expected.items():
        assert same([told(feature, customer)[0] for customer in "abc"], *values), feature


def test_membership_that_may_change_is_left_out_unless_declared_static(business):
    config = business.config("id,card\na,yes\n", columns={"loyalty": "card"})
    assert "no feature is made of loyalty" in next(left_out_notes(config))
    assert "loyalty" not in business.load(config).columns.get("customers", frozenset())


def test_several_sources_tell_of_the_same_customers(business):
    survey = business.folder / "survey.csv"
    survey.write_text("id,household,region\na,3,north\nb,2,south\n" + "".join(f"{one},,south\n" for one in CROWD))
    more = {
        "survey": {"role": "customers", "format": "csv", "files": str(survey), "columns": {"customer": "id"}}
        | {"attributes": ["household", "region"], "static": ["household", "region"], "types": {"household": "number"}}
    }
    people = "id,since,fee,region\na,2024-02-01,7,\nb,,5,north\n" + "".join(f"{one},,5,north\n" for one in CROWD)
    changes = {"attributes": ["fee", "region"], "types": {"fee": "number"}, "columns": {"valid_from": "since"}}
    told = business.values(people, ["2024-02-01", "2024-02-02"], more=more, **changes)
    assert same(told("fee", "a"), math.nan, 7)
    assert same(told("household", "a"), 3, 3)
    assert same(told("region_is_north", "a"), 1, 1)  # the first source does not know it
    assert same(told("region_is_north", "b"), 1, 1)  # the first source counts
    assert same(told("region_is_south", "b"), 0, 0)


def test_types_of_a_parquet_file_are_kept(business):
    nothing = [None] * 6
    table = {
        "id": ["a", "b", *CROWD],
        "born": pa.array([date(1990, 6, 15), *nothing]),
        "opened": pa.array([pd.Timestamp("2024-01-31 23:30", tz="UTC"), *nothing], pa.timestamp("us", tz="UTC")),
        "fee": pa.array([2.5, *nothing]),
        "paper": pa.array([True, *nothing]),
        "plan": ["x", "y", *("y" for _ in CROWD)],
    }
    pq.write_table(pa.table(table), business.folder / "people.parquet")
    changes = {"format": "parquet", "files": str(business.folder / "people.parquet"), "columns": {"birthday": "born"}}
    changes |= {"attributes": ["opened", "fee", "paper", "plan"], "static": ("opened", "fee", "paper", "plan")}
    config = business.config("id\n", **changes)
    config = config.model_copy(update={"time_zone": "Europe/Paris"})
    told = business.at(business.load(config), config, "2024-02-02")
    assert same(told("age_years", "a"), 33)
    assert same(told("days_since_opened", "a"), 1)  # half past midnight in Paris, on 1 February
    assert same(told("fee", "a"), 2.5)
    assert same(told("paper", "a"), 1)
    assert same(told("paper", "b"), math.nan)
    assert same(told("plan_is_y", "b"), 1)


def test_only_common_texts_are_levels_and_at_most_twenty(business):
    names = [f"x{number:02}" for number in range(30)]
    ids = [*BUYERS, *(f"e{number}" for number in range(896))]
    rows = [f"{ids[number]},{names[number % 30]},{number},{'rare' if number < 5 else 'usual'}" for number in range(900)]
    config = business.config(
        "\n".join(["id,many,own,word", *rows]) + "\n", attributes=["many", "own", "word"], static=("many", "own", "word")
    )
    levels = business.load(config).levels["customers"]
    assert [level.name for level in levels["many"]] == names[:20]
    assert levels["own"] == ()
    assert [level.name for level in levels["word"]] == ["usual"]  # 5 of 900 are less than 1 %


def test_what_few_share_is_no_level(business):
    people = "id,city\n" + "".join(f"{one},Rome\n" for one in CROWD) + "a,Oslo\nb,Oslo\nc,Oslo\nd,Oslo\n"
    config = business.config(people, attributes=["city"], static=("city",))
    assert [level.name for level in business.load(config).levels["customers"]["city"]] == ["Rome"]


def test_levels_are_found_as_of_the_day(business):
    people = "id,since,plan\n" + "".join(f"{one},2024-01-01,old\n{one},2024-06-01,new\n" for one in CROWD)
    config = business.config(people, columns={"valid_from": "since"}, attributes=["plan"])
    as_of = day_number(date(2024, 5, 1))
    assert [level.name for level in business.load(config, as_of=as_of).levels["customers"]["plan"]] == ["old"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"static": ("plan",)}, "there is no attribute 'plan'"),
        ({"attributes": ["fee"], "static": ("fee",), "columns": {"valid_from": "fee"}}, "columns.valid_from tells all changes"),
        ({"columns": {"valid_to": "fee"}}, "columns.valid_from is missing"),
        ({"signals": {"fee": "fee"}}, "customers have none"),
        ({"attributes": {"birthday": "fee"}}, "this name has a meaning already"),
        ({"attributes": {"fee": "fee +"}}, "attributes.fee"),
    ],
)
def test_what_contradicts_itself_is_refused(business, changes, said):
    with pytest.raises(ConfigError, match=said):
        check_config(business.config("id,fee\n", **changes))


def test_events_have_no_attributes(business):
    config = business.config("id\n")
    shop = config.sources["shop"].model_copy(update={"attributes": {"fee": "fee"}})
    with pytest.raises(ConfigError, match="purchases have none"):
        check_config(config.model_copy(update={"sources": config.sources | {"shop": shop}}))
