"""The benchmark's other tools are independent restatements: they must give the features' values."""

import numpy as np
import pytest

from churnscope.config.load import load_config
from churnscope.engines.duckdb import open_engine
from churnscope.snapshots import SnapshotPlan, build_snapshots, stream_snapshots


@pytest.fixture
def log(tmp_path):
    from event_log import config_of, event_log

    path = event_log(tmp_path, 10_000, threads=1)
    return path, load_config(config_of(path, threads=1, memory_limit="1GB"))


@pytest.mark.parametrize("tool", ["DuckDB SQL by hand", "Polars, streaming", "pandas"])
def test_another_tool_gives_the_same_values(log, tool):
    from peers import PEERS, values_of

    module, answer = PEERS[tool]
    pytest.importorskip(module, reason="make bench installs it")
    path, config = log
    with open_engine(config) as engine:
        loaded = engine.load()
        cutoffs = (loaded.as_of - 400, loaded.as_of - 35)
        table = build_snapshots(loaded.blocks(), SnapshotPlan.from_config(config, loaded, cutoffs), threads=1)
    place = {spec.name: i for i, spec in enumerate(table.specs)}
    for cutoff in cutoffs:
        ours = table.features[table.cutoff == cutoff]
        for name, values in values_of(answer(path, cutoff, 1)).items():
            np.testing.assert_allclose(ours[:, place[name]], values, rtol=1e-6, atol=1e-4, err_msg=name)


def test_pieces_hold_the_rows_of_the_table(log):
    _, config = log
    with open_engine(config) as engine:
        loaded = engine.load()
        plan = SnapshotPlan.from_config(config, loaded, (loaded.as_of - 60, loaded.as_of))
        whole = build_snapshots(loaded.blocks(), plan, threads=1)
        pieces = list(stream_snapshots(loaded.blocks(100), plan, threads=2))
    assert len(pieces) > 1
    for cutoff in plan.cutoffs:
        rows = [piece.cutoff == cutoff for piece in pieces]
        features = np.concatenate([piece.features[at] for piece, at in zip(pieces, rows, strict=True)])
        np.testing.assert_array_equal(features, whole.features[whole.cutoff == cutoff])
