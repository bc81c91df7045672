"""The table is the same however the work is cut up."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from churnscope.config.models import Config
from churnscope.events import Block, codes, kernels, walks
from churnscope.snapshots import SnapshotPlan, SnapshotTable, build_scoring_rows, build_snapshots, warmup
from churnscope.snapshots import build as building
from oracle.scenes import CUTOFFS, Shape, plan, scene

SHAPE = Shape(11, customers=90, late=0.1)


def assert_same(table: SnapshotTable, other: SnapshotTable) -> None:
    """To the last bit."""
    for name in ("customer", "cutoff", "churned", "features", "active", "inactive", "no_history"):
        np.testing.assert_array_equal(getattr(table, name), getattr(other, name), err_msg=name)


@pytest.fixture(scope="module")
def block() -> Block:
    return scene(SHAPE)


@pytest.fixture(scope="module")
def whole(block: Block) -> SnapshotTable:
    return build_snapshots([block], plan(block, SHAPE, dtype=np.float32), threads=1)


@pytest.mark.slow
@pytest.mark.parametrize(("customers", "threads"), [(1, 2), (7, 3), (64, 1)])
def test_blocks_and_threads_change_no_bit(block: Block, whole: SnapshotTable, customers: int, threads: int) -> None:
    blocks = list(block.parts(customers))
    assert_same(build_snapshots(blocks, plan(block, SHAPE, dtype=np.float32), threads=threads), whole)


def test_small_parts_change_no_bit(block: Block, whole: SnapshotTable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "PART_CELLS", 256)
    assert_same(build_snapshots([block], plan(block, SHAPE, dtype=np.float32), threads=2), whole)


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_one_cutoff_gives_the_bits_it_has_among_many(block: Block, whole: SnapshotTable, cutoff: int) -> None:
    alone = build_snapshots([block], plan(block, SHAPE, cutoffs=(cutoff,), dtype=np.float32))
    here = whole.cutoff == cutoff
    np.testing.assert_array_equal(alone.customer, whole.customer[here])
    np.testing.assert_array_equal(alone.features, whole.features[here])
    np.testing.assert_array_equal(alone.churned, whole.churned[here])


def test_rows_are_ordered_by_cutoff_then_customer(whole: SnapshotTable) -> None:
    assert whole.features.flags.f_contiguous
    assert whole.features.dtype == np.float32
    order = np.lexsort((whole.customer, whole.cutoff))
    np.testing.assert_array_equal(order, np.arange(len(order)))


def test_customers_are_counted_once_at_each_cutoff(whole: SnapshotTable) -> None:
    assert (whole.active + whole.inactive + whole.no_history).tolist() == [SHAPE.customers] * len(CUTOFFS)
    assert whole.active.sum() == len(whole.customer)


def test_progress_ends_with_every_customer(block: Block) -> None:
    told: list[int] = []
    build_snapshots(block.parts(25), plan(block, SHAPE), progress=told.append)
    assert told == [25, 50, 75, 90]


def test_no_block_gives_an_empty_table(block: Block) -> None:
    setting = plan(block, SHAPE)
    table = build_snapshots([], setting)
    assert table.features.shape == (0, len(setting.specs))
    assert table.active.tolist() == [0] * len(CUTOFFS)


def test_scoring_takes_one_cutoff(block: Block) -> None:
    with pytest.raises(ValueError, match="one cutoff, not at 4"):
        build_scoring_rows([block], plan(block, SHAPE))


def test_a_plan_follows_its_config() -> None:
    shop = {"role": "purchases", "files": ("x.csv",), "format": "csv", "columns": {"customer": "c", "time": "t"}}
    rules = ({"source": "shop", "days": 60},)
    features = {"windows_days": (90, 30), "families": ("recency", "frequency")}
    sections = {
        "sources": {"shop": shop},
        "activity": {"rules": rules},
        "prediction": {"horizon_days": 30},
        "features": features,
    }
    config = Config.model_validate({"name": "shop", **sections})
    facts = SimpleNamespace(
        columns={"purchases": frozenset()},
        flags={},
        dates={},
        levels={},
        places={"shop": ("purchases", 0)},
        as_of=1_000,
        first_day=1,
        label_days=(),
    )
    setting = SnapshotPlan.from_config(config, facts, [900, 800])
    assert setting.cutoffs == (800, 900)
    assert setting.windows == (30, 90)
    assert setting.grid.windows == (30, 60, 90, None)
    assert [spec.name for spec in setting.specs][:3] == [
        "days_since_last_purchase",
        "days_since_previous_purchase",
        "purchase_count_30d",
    ]
    assert setting.at([5]).cutoffs == (5,)


def test_warmup_compiles_what_every_family_calls() -> None:
    warmup()
    compiled = [
        kernel for module in (kernels, walks, codes) for kernel in vars(module).values() if hasattr(kernel, "signatures")
    ]
    assert [kernel.__name__ for kernel in compiled if not kernel.signatures] == []
