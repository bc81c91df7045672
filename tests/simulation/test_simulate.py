"""The same seed gives the same business, whatever the threads, the format and the other parts of it."""

from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

from churnscope.config.load import load_config
from churnscope.errors import ConfigError, StorageError
from churnscope.simulation import PRESETS, Business, simulate, simulate_tables
from churnscope.simulation.business import Flaws, Purchases
from churnscope.simulation.description import LOGS, TRUTH
from churnscope.simulation.streams import GROUP

SMALL = replace(PRESETS["both"], purchases=Purchases(per_year=4), engagement=None)
FLAWED = replace(
    SMALL, flaws=Flaws(late_share=0.1, missing_id_share=0.02, bad_time_share=0.02, duplicate_share=0.02, overlap_days=9)
)


def written(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_threads_change_no_byte(file_format, tmp_path):
    for threads in (1, 3):
        folder = tmp_path / str(threads)
        simulate(FLAWED, folder, customers=2 * GROUP + 5, days=60, seed=1, file_format=file_format, threads=threads)
    assert written(tmp_path / "1") == written(tmp_path / "3")


def test_another_seed_is_another_business():
    one, two = (simulate_tables(SMALL, customers=50, days=100, seed=seed)["truth"] for seed in (1, 2))
    assert one["lapse"] != two["lapse"]


def test_a_part_more_changes_no_other_part():
    bare = simulate_tables(Business("bare", purchases=SMALL.purchases), customers=300, days=200)
    more = simulate_tables(
        replace(PRESETS["shop"], purchases=SMALL.purchases, season=Business("").season), customers=300, days=200
    )
    assert bare["purchases"].equals(more["purchases"])
    assert bare["customers"].equals(more["customers"])


def test_groups_are_drawn_apart():
    many = simulate_tables(SMALL, customers=GROUP + 10, days=60)
    few = simulate_tables(SMALL, customers=GROUP, days=60)
    for name, table in few.items():
        assert many[name].slice(0, len(table)).equals(table)


def test_parquet_holds_the_tables(tmp_path):
    result = simulate(SMALL, tmp_path / "s", customers=300, days=120, seed=3, file_format="parquet")
    tables = simulate_tables(SMALL, customers=300, days=120, seed=3)
    assert result.files.keys() == tables.keys()
    for name, (path,) in result.files.items():
        expected = tables[name].drop_columns(["row"]) if "row" in tables[name].column_names else tables[name]
        assert pq.read_table(path).cast(expected.schema).equals(expected)
        assert result.rows[path.name] == len(expected) or name == "truth"


def test_csv_holds_the_tables(tmp_path):
    result = simulate(FLAWED, tmp_path / "s", customers=300, days=120, seed=3)
    tables = simulate_tables(FLAWED, customers=300, days=120, seed=3)
    first, _ = result.files["purchases"]
    lines = tables["purchases"]
    whole = pa_csv.read_csv(
        first, convert_options=pa_csv.ConvertOptions(column_types={"time": pa.string(), "order": pa.string()})
    )
    assert len(whole) == result.rows[first.name]
    assert pc.sum(pc.equal(whole["time"], "2024-02-31 25:61:00")).as_py() == pc.sum(lines["time"].is_null()).as_py()
    assert result.flaws["purchases"]["bad_time"] == pc.sum(lines["time"].is_null()).as_py()
    assert sum(result.flaws["purchases"].values()) == len(lines)


def test_two_files_share_the_declared_days(tmp_path):
    flaws = replace(SMALL, flaws=Flaws(overlap_days=9))
    result = simulate(flaws, tmp_path / "s", customers=400, days=120, file_format="parquet")
    first, second = (pq.read_table(path) for path in result.files["purchases"])
    both = simulate_tables(SMALL, customers=400, days=120)["purchases"]
    shared = pc.and_(pc.greater_equal(both["time"], pc.min(second["time"])), pc.less_equal(both["time"], pc.max(first["time"])))
    assert len(first) + len(second) == len(both) + pc.sum(shared).as_py()
    length = pc.max(first["time"]).as_py() - pc.min(second["time"]).as_py()
    assert 8 <= length.total_seconds() / 86_400 <= 9


def test_rows_are_in_time_order_within_a_group(tmp_path):
    result = simulate(SMALL, tmp_path / "s", customers=GROUP + 100, days=90, file_format="parquet")
    file = pq.ParquetFile(result.files["purchases"][0])
    assert file.num_row_groups == 2
    for group in range(2):
        times = file.read_row_group(group)["time"]
        assert pc.all(pc.less_equal(times[:-1], times[1:])).as_py()


def test_memory_holds_a_few_groups_however_many_there_are(tmp_path, monkeypatch):
    import importlib

    module = importlib.import_module("churnscope.simulation.simulate")
    drawn = []

    def draw(plan, clock, group):
        drawn.append(group)
        return {name: pa.table({"x": [group]}) for name in ("customers", "truth", "purchases")}

    monkeypatch.setattr(module, "simulate_group", draw)
    ahead = [len(drawn) - done for done, _ in enumerate(module._groups(module._plan(SMALL, 100 * GROUP, 10, 0), threads=2))]
    assert len(ahead) == 100
    assert max(ahead) <= 4


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
@pytest.mark.parametrize("name", sorted(PRESETS))
def test_every_business_comes_with_a_valid_config(name, file_format, tmp_path):
    result = simulate(PRESETS[name], tmp_path / "s", customers=20, days=400, file_format=file_format)
    config = load_config(result.config)
    assert config.name == name
    assert {"customers", config.activity.rules[0].source} <= set(config.sources)


def test_the_config_maps_what_the_files_hold(tmp_path):
    result = simulate(FLAWED, tmp_path / "s", customers=20, days=400)
    source = load_config(result.config).sources["purchases"]
    assert {"customer", "time", "amount", "order", "product", "known"} <= set(source.columns)
    assert (source.duplicates, source.overlap) == ("drop", "max")
    assert source.most_quarantined == pytest.approx(0.09)


def test_a_folder_with_something_in_it_is_refused(tmp_path):
    (tmp_path / "mine.csv").write_text("keep me")
    with pytest.raises(StorageError, match="is not empty"):
        simulate(SMALL, tmp_path, customers=10, days=10)
    assert (tmp_path / "mine.csv").read_text() == "keep me"


@pytest.mark.parametrize("wrong", [{"customers": 0}, {"days": 0}, {"seed": -1}])
def test_impossible_sizes_are_refused(wrong):
    with pytest.raises(ConfigError, match="impossible"):
        simulate_tables(SMALL, **{"customers": 10, "days": 10} | wrong)


def test_no_threads_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="threads = 0"):
        simulate(SMALL, tmp_path / "s", customers=10, days=10, threads=0)
    assert not (tmp_path / "s").exists()


def test_the_truth_names_seed_and_parameters(tmp_path):
    import json

    simulate(SMALL, tmp_path / "s", customers=10, days=100, seed=7)
    facts = json.loads((tmp_path / "s" / "truth" / "business.json").read_text())
    assert (facts["seed"], facts["days"], facts["business"]["purchases"]["per_year"]) == (7, 100, 4)


@pytest.mark.parametrize("name", PRESETS)
def test_the_readme_explains_every_file_column_and_parameter(name, tmp_path):
    result = simulate(PRESETS[name], tmp_path / "s", customers=40, days=90, file_format="parquet")
    text = (tmp_path / "s" / "truth" / "README.md").read_text()
    truth = pq.read_schema(result.files["truth"][0]).names
    assert list(TRUTH) == truth
    assert all(f"| {column} | " in text for column in truth)
    assert all(f"| {log}.parquet | " in text and log in LOGS for log in result.files if log != "truth")
    assert "| flaws.late_share | 0 | 0 | 1 | share of rows known only later |" in text
    assert ("| purchases.per_year | - |" in text) == (PRESETS[name].purchases is None)
