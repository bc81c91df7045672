"""`catalog` and `features`: what the features mean, and the table of them for any library to be fitted on."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from churnscope.config.models import Config, Features
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError
from churnscope.features import FAMILIES
from churnscope.features import whole_catalog as everything
from churnscope.operations.exports import export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet
from churnscope.operations.run import recorded
from churnscope.project.data.attributes import left_out
from churnscope.project.days import complete_cutoffs
from churnscope.project.frames import Frame
from churnscope.project.models.saved import snapshot_plan
from churnscope.project.results import CatalogResult, FeaturesResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data, refuse_source_as_output
from churnscope.snapshots import SnapshotPlan, SnapshotTable, build_snapshots


def catalog(config: Config, as_of: int | None, progress: Progress) -> CatalogResult:
    """What every feature of a config means; the sources are read for the columns and the length of history they have."""
    with loaded_data(config, as_of, progress) as loaded:
        plan = snapshot_plan(config, loaded, (loaded.as_of,))
        families = {family.name: family.meaning for family in plan.families}
        return CatalogResult(config.name, plan.specs, families, left_out(config, loaded))


def whole_catalog() -> CatalogResult:
    """What can be built of any business: every family on logs with all columns, and the windows a config has by default."""
    specs = everything(Features().windows_days)
    return CatalogResult("Everything a config can give", specs, {family.name: family.meaning for family in FAMILIES})


def features(
    config: Config, as_of: int | None, progress: Progress, *, cutoffs: tuple[int, ...] = (), output: Path | None = None
) -> FeaturesResult:
    """Write the snapshot table; `Project.features` says more."""
    folders = Folders.of(config)
    refuse_source_as_output(config, output)
    write = export(output or Path("features.parquet"))
    with recorded(folders.ledger, "features") as record, loaded_data(config, as_of, progress) as loaded:
        asked = _asked(config, loaded, cutoffs)
        facts = facts_of("features", config, loaded, options={"cutoffs": " ".join(map(iso, asked))})
        record.run_id, record.as_of = facts.run_id, facts.as_of
        outputs = OutputSet.beside(output or folders.outputs / "features" / iso(loaded.as_of) / "features.parquet")
        plan = snapshot_plan(config, loaded, asked)
        with outputs.held():
            was_done = outputs.is_intact(facts.run_id)
            if not was_done:
                built = _built(loaded, plan, progress)
                table = snapshot_frame(loaded, built)
                counts = {"snapshots": table.num_rows, "features": len(plan.specs), "unlabelled": built.unlabelled(*asked)}
                outputs.write(facts, {outputs.names[0]: lambda stream: write(table, stream)}, counts)
            manifest = outputs.read()
        assert manifest is not None
        record.counts, record.outputs = dict(manifest.counts), [str(outputs.folder / outputs.names[0])]
        path = outputs.folder / outputs.names[0]
        rows, unlabelled = manifest.counts["snapshots"], manifest.counts["unlabelled"]
        return FeaturesResult(config.name, asked, rows, plan.specs, path, was_done, unlabelled)


def snapshots(config: Config, as_of: int | None, progress: Progress, *, cutoffs: tuple[int, ...] = ()) -> Frame:
    """The snapshot table in memory; `Project.snapshots` says more."""
    with loaded_data(config, as_of, progress) as loaded:
        plan = snapshot_plan(config, loaded, _asked(config, loaded, cutoffs))
        return Frame(snapshot_frame(loaded, _built(loaded, plan, progress)), "an active customer at a cutoff")


def _asked(config: Config, loaded: Loaded, cutoffs: tuple[int, ...]) -> tuple[int, ...]:
    """The cutoffs asked for, else those that training would use, else the day of the data's end.

    Raises
    ------
    ConfigError : for one some of whose past is not read: its features would be those of customers who fell silent.
    """
    if cutoffs and cutoffs[-1] > loaded.as_of:
        raise ConfigError(
            f"The cutoff {iso(cutoffs[-1])} lies after {iso(loaded.as_of)}, the first day that is not read.",
            "Give earlier cutoffs, or a later as-of day.",
        )
    return cutoffs or complete_cutoffs(config, loaded) or (loaded.as_of,)


def snapshot_frame(loaded: Loaded, table: SnapshotTable) -> pa.Table:
    """customer_id, cutoff and churned (null where the outcome is not complete), then every feature, null where missing."""
    columns = {
        "customer_id": pa.array(loaded.ids()[table.customer], pa.string()),
        "cutoff": pa.array(table.cutoff, pa.int32()).cast(pa.date32()),
        "churned": pa.array(table.churned, pa.int8(), mask=table.churned < 0),
    }
    values = {
        spec.name: pa.array(column, pa.float32(), from_pandas=True)
        for spec, column in zip(table.specs, table.features.T, strict=True)
    }
    return pa.table(columns | values)


def _built(loaded: Loaded, plan: SnapshotPlan, progress: Progress) -> SnapshotTable:
    customers = loaded.n_customers
    return build_snapshots(loaded.blocks(), plan, progress=lambda done: progress("features", done, customers))
