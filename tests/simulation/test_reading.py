"""The files are read back whole: every flaw is found and counted, and nothing else is refused."""

from dataclasses import replace

import pytest

from churnscope.config.load import load_config
from churnscope.engines.duckdb import open_engine
from churnscope.simulation import PRESETS, simulate
from churnscope.simulation.business import Flaws

FLAWS = Flaws(late_share=0.02, late_days=20, missing_id_share=0.02, bad_time_share=0.01, duplicate_share=0.01, overlap_days=9)


@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_every_flaw_is_found_and_nothing_else(file_format, tmp_path):
    result = simulate(replace(PRESETS["shop"], flaws=FLAWS), tmp_path / "s", customers=300, days=300, file_format=file_format)
    with open_engine(load_config(result.config)) as engine:
        loaded = engine.load()
    assert loaded.n_customers == 300
    for report in loaded.reports:
        if report.name not in result.flaws:
            continue
        truth = result.flaws[report.name]
        assert report.used + report.ignored.get("not_known_yet", 0) == truth["clean"]
        assert report.duplicates == truth["duplicate"]
        assert sum(rows for rule, rows in report.quarantined.items() if rule.endswith(":time")) == truth["bad_time"]
        assert report.missing_ids >= truth["missing_id"]  # those of the days in both files stand there twice
        assert report.ignored.get("not_known_yet", 0) > 0 or truth["clean"] < 1_000  # late rows are few
        assert report.rows_in == sum(result.rows[path.name] for path in result.files[report.name])
