"""`score`: the customers of a day, scored and explained, written as one output set."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.model.bundle import Bundle
from churnscope.operations.exports import export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import recorded
from churnscope.project.models import base_rate, load_model, matching_plan, model_facts
from churnscope.project.results import ScoreResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.scoring import Bands, ScoreStamp, score_table, state_counts
from churnscope.snapshots import build_scoring_rows

BYTES_PER_ROW = 400  # about what a scored customer takes in a CSV file


@dataclass(frozen=True)
class Request:
    """What is asked of a score run beside the day."""

    model: str
    output: Path | None
    all_customers: bool


def score(config: Config, as_of: int | None, progress: Progress, request: Request) -> ScoreResult:
    """Score the customers of a day; `Project.score` says more."""
    folders = Folders.of(config)
    with recorded(folders.ledger, "score") as record:
        bundle = load_model(config, request.model)
        with loaded_data(config, as_of, progress) as loaded:
            options = {"all_customers": str(request.all_customers).lower()}
            facts = facts_of("score", config, loaded, model=model_facts(bundle), options=options)
            record.run_id, record.as_of = facts.run_id, facts.as_of
            outputs = _output_set(folders, loaded.as_of, request.output)
            with outputs.held():
                was_done = outputs.is_intact(facts.run_id)
                if not was_done:
                    table, counts = _scored(config, loaded, bundle, ScoreStamp(loaded.as_of, bundle.version, facts.run_id), request, progress)
                    writers = {name: _writer(Path(name), table) for name in outputs.names}
                    outputs.write(facts, writers, counts, needed_bytes=BYTES_PER_ROW * table.num_rows)
                manifest = outputs.read()
        assert manifest is not None
        record.counts = dict(manifest.counts)
        record.outputs = [str(outputs.folder / name) for name in outputs.names]
        return ScoreResult(
            name=bundle.name,
            version=bundle.version,
            as_of=loaded.as_of,
            run_id=facts.run_id,
            counts=manifest.counts,
            outputs=tuple(outputs.folder / name for name in outputs.names),
            manifest=outputs.manifest_path,
            was_done=was_done,
        )


def _scored(
    config: Config, loaded: Loaded, bundle: Bundle, stamp: ScoreStamp, request: Request, progress: Progress
) -> tuple[pa.Table, dict[str, int]]:
    """The table and its counts."""
    plan = matching_plan(config, loaded, bundle, (loaded.as_of,))
    customers = loaded.n_customers
    rows = build_scoring_rows(loaded.blocks(), plan, progress=lambda done: progress("features", done, customers))
    active = len(rows.table.customer)
    bands = Bands.around(base_rate(bundle))
    table = score_table(
        loaded.ids(),
        rows,
        bundle.final,
        bands,
        stamp,
        inactive_too=request.all_customers,
        progress=lambda done: progress("reasons", done, active),
    )
    return table, state_counts(table, rows)


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The file the user named, or CSV and Parquet in a folder of the day."""
    if output is None:
        return OutputSet(folders.outputs / "scores" / iso(as_of), ("scores.csv", "scores.parquet"))
    export(output)  # refuses an unknown ending before any work is done
    return OutputSet.beside(output)


def _writer(name: Path, table: pa.Table) -> Writer:
    write = export(name)
    return lambda stream: write(table, stream)
