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
from churnscope.operations.output_set import Manifest, OutputSet, Writer
from churnscope.operations.run import RunFacts, recorded
from churnscope.project.models import base_rate, load_model, matching_plan, model_facts
from churnscope.project.results import ScoreResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data, refuse_source_as_output
from churnscope.scoring import Bands, ScoreStamp, score_table, state_counts
from churnscope.snapshots import ScoringRows, build_scoring_rows

BYTES_PER_ROW = 400  # about what a scored customer takes in a CSV file


@dataclass(frozen=True)
class Request:
    """What is asked of a score run beside the day."""

    model: str
    output: Path | None
    all_customers: bool
    wait_seconds: float = 0


def score(config: Config, as_of: int | None, progress: Progress, request: Request) -> ScoreResult:
    """Score the customers of a day; `Project.score` says more."""
    folders = Folders.of(config)
    refuse_source_as_output(config, request.output)
    if request.output is not None:
        export(request.output)  # refuses an unknown ending before any work is done
    with recorded(folders.ledger, "score") as record:
        bundle = load_model(config, request.model)
        with loaded_data(config, as_of, progress) as loaded:
            facts = facts_of(
                "score",
                config,
                loaded,
                model=model_facts(bundle),
                options={"all_customers": str(request.all_customers).lower()},
            )
            record.run_id, record.as_of = facts.run_id, facts.as_of
            outputs = _output_set(folders, loaded.as_of, request.output)
            with outputs.held(wait_seconds=request.wait_seconds):
                was_done = outputs.is_intact(facts.run_id)
                manifest = outputs.read() if was_done else None
                if manifest is None:
                    manifest = _Scoring(config, loaded, bundle, progress).write(outputs, facts, request)
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


@dataclass(frozen=True)
class _Scoring:
    """A model and the data of a day."""

    config: Config
    loaded: Loaded
    bundle: Bundle
    progress: Progress

    def write(self, outputs: OutputSet, facts: RunFacts, request: Request) -> Manifest:
        """Score, explain and write."""
        rows = self._rows()
        table = self._table(rows, facts.run_id, inactive_too=request.all_customers)
        writers = {name: _writer(Path(name), table) for name in outputs.names}
        return outputs.write(facts, writers, state_counts(table, rows), needed_bytes=BYTES_PER_ROW * table.num_rows)

    def _rows(self) -> ScoringRows:
        plan = matching_plan(self.config, self.loaded, self.bundle, (self.loaded.as_of,))
        customers = self.loaded.n_customers
        return build_scoring_rows(self.loaded.blocks(), plan, progress=lambda done: self.progress("features", done, customers))

    def _table(self, rows: ScoringRows, run_id: str, *, inactive_too: bool) -> pa.Table:
        active = len(rows.table.customer)
        return score_table(
            self.loaded.ids(),
            rows,
            self.bundle.final,
            Bands.around(base_rate(self.bundle)),
            ScoreStamp(self.loaded.as_of, self.bundle.version, run_id),
            usual=self.bundle.profile,
            inactive_too=inactive_too,
            progress=lambda done: self.progress("reasons", done, active),
        )


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The file the user named, or CSV and Parquet in a folder of the day."""
    if output is not None:
        return OutputSet.beside(output)
    return OutputSet(folders.outputs / "scores" / iso(as_of), ("scores.csv", "scores.parquet"))


def _writer(name: Path, table: pa.Table) -> Writer:
    write = export(name)
    return lambda stream: write(table, stream)
