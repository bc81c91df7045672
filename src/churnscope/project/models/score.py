"""`score`: the customers of a day, scored and explained, written as one output set."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError
from churnscope.languages import Language
from churnscope.model.bundle import Bundle
from churnscope.operations.exports import export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import RunFacts, recorded
from churnscope.project.models.saved import bands_of, load_model, matching_plan, model_facts, trained_through, unknown_levels
from churnscope.project.results import ScoreResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data, refuse_source_as_output
from churnscope.project.spoken import asked_language, language_of
from churnscope.scoring import SAID, ScoreStamp, contribution_tables, score_table, state_counts
from churnscope.snapshots import ScoringRows, SnapshotTable, build_scoring_rows

BYTES_PER_ROW = 400  # about what a scored customer takes in a CSV file
BYTES_PER_CELL = 20  # about what a contribution takes there

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What is asked of a score run beside the day."""

    model: str
    output: Path | None
    contributions: Path | None
    all_customers: bool
    wait_seconds: float = 0
    language: str | None = None


def score(config: Config, as_of: int | None, progress: Progress, request: Request) -> ScoreResult:
    """Score the customers of a day; `Project.score` says more."""
    folders = Folders.of(config)
    _refuse_paths(config, request)
    asked = asked_language(request.language)
    with recorded(folders.ledger, "score") as record:
        bundle = load_model(config, request.model)
        with loaded_data(config, as_of, progress) as loaded:
            facts = facts_of(
                "score",
                config,
                loaded,
                model=model_facts(bundle),
                options={"all_customers": str(request.all_customers).lower()} | ({"language": asked} if asked else {}),
            )
            record.run_id, record.as_of = facts.run_id, facts.as_of
            _warn_of_known_outcomes(bundle, loaded.as_of)
            _warn_of_unknown_levels(bundle, loaded)
            outputs = _output_set(folders, loaded.as_of, request.output)
            beside = [OutputSet.beside(path) for path in (request.contributions,) if path is not None]
            with ExitStack() as held:
                for each in (outputs, *beside):
                    held.enter_context(each.held(wait_seconds=request.wait_seconds))
                was_done = all(each.is_intact(facts.run_id) for each in (outputs, *beside))
                if not was_done:
                    _Scoring(config, loaded, bundle, progress, language_of(config, asked)).write(
                        outputs, beside, facts, request
                    )
                manifest = outputs.read()
        assert manifest is not None
        if not manifest.counts["active"]:
            logger.warning(
                "No customer is active on %s; the data are complete through %s. Are newer files missing?",
                iso(loaded.as_of),
                iso(loaded.complete_through),
            )
        written = tuple(each.folder / name for each in (outputs, *beside) for name in each.names)
        record.counts = dict(manifest.counts)
        record.outputs = list(map(str, written))
    return ScoreResult(
        name=bundle.name,
        version=bundle.version,
        as_of=loaded.as_of,
        run_id=facts.run_id,
        counts=manifest.counts,
        outputs=written,
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
    language: Language

    def write(self, outputs: OutputSet, beside: Sequence[OutputSet], facts: RunFacts, request: Request) -> None:
        """Score, explain and write the sets that are not whole; `beside` are those of the contributions."""
        rows = self._rows()
        if not outputs.is_intact(facts.run_id):
            table = self._table(rows, facts.run_id, inactive_too=request.all_customers)
            writers = {name: _writer(Path(name), table) for name in outputs.names}
            outputs.write(facts, writers, state_counts(table, rows), needed_bytes=BYTES_PER_ROW * table.num_rows)
        for each in beside:
            self._write_contributions(each, facts, rows.table)

    def _write_contributions(self, outputs: OutputSet, facts: RunFacts, table: SnapshotTable) -> None:
        (name,) = outputs.names
        write, ids = export(Path(name)), self.loaded.ids()
        cells = table.features.size
        self.progress("contributions", 0, 1)
        writer = partial(write, contribution_tables(ids, table, self.bundle.final, self.loaded.as_of))
        outputs.write(facts, {name: writer}, {"active": len(table.customer)}, needed_bytes=BYTES_PER_CELL * cells)
        self.progress("contributions", 1, 1)

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
            bands_of(self.config, self.bundle),
            ScoreStamp(self.loaded.as_of, self.bundle.version, run_id),
            usual=self.bundle.profile,
            inactive_too=inactive_too,
            language=self.language,
            progress=lambda done: self.progress("reasons", done, active),
        )


def _warn_of_known_outcomes(bundle: Bundle, as_of: int) -> None:
    """Scores of a past day are no forecast where the model has learned what followed it."""
    through = trained_through(bundle, "all")
    if through > as_of:
        logger.warning(
            "Model %s learned from outcomes up to %s: scores as of %s look better than they would have been.",
            bundle.version,
            iso(through - 1),
            iso(as_of),
        )


def _warn_of_unknown_levels(bundle: Bundle, loaded: Loaded) -> None:
    """What has become common only now is no feature of the model: those customers have none of the values it knows."""
    if unknown := unknown_levels(loaded, bundle):
        logger.warning(
            "Model %s knows nothing of %s, which has become common since it was trained: train again to learn of it.",
            bundle.version,
            ", ".join(unknown),
        )


def _refuse_paths(config: Config, request: Request) -> None:
    """Refuse what cannot be written before any work is done."""
    for path in (request.output, request.contributions):
        refuse_source_as_output(config, path)
        if path is not None:
            export(path)
    if request.output and request.contributions and request.output.absolute() == request.contributions.absolute():
        raise ConfigError(f"{request.output.name}: scores and contributions are two files.", "Name them differently.")


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The file the user named, or CSV and Parquet in a folder of the day."""
    if output is not None:
        return OutputSet.beside(output)
    return OutputSet(folders.outputs / "scores" / iso(as_of), ("scores.csv", "scores.parquet"))


def _writer(name: Path, table: pa.Table) -> Writer:
    """People open CSV files: the reasons that are not said yet stand in the others alone."""
    write = export(name)
    table = table.drop_columns(list(SAID)) if name.suffix.lower() == ".csv" else table
    return lambda stream: write(table, stream)
