"""`score`: the customers of a day, scored and explained, written as one output set."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
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
from churnscope.project.money.customer_values import CustomerValues
from churnscope.project.results import ScoreResult, iso
from churnscope.project.session import Folders, facts_of, loaded_data, refuse_source_as_output
from churnscope.project.spoken import asked_language, language_of
from churnscope.scoring import (
    SAID,
    WHO_LEAVES,
    WHO_RETURNS,
    Asked,
    ScoreStamp,
    contribution_tables,
    score_table,
    state_counts,
)
from churnscope.snapshots import ScoringRows, SnapshotTable, build_scoring_rows

BYTES_PER_ROW = 400  # about what a scored customer takes in a CSV file
BYTES_PER_CELL = 20  # about what a contribution takes there
LATELY_DAYS = 7  # scores of so many days before are held against those of a day:
LEAST_SHARE = 0.8  # where fewer of the customers are left, something is wrong with the files

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What is asked of a score run beside the day."""

    model: str
    output: Path | None
    contributions: Path | None
    all_customers: bool
    wait_seconds: float = 0
    values: Path | None = None
    language: str | None = None


def score(config: Config, as_of: int | None, progress: Progress, request: Request) -> ScoreResult:
    """Score the customers of a day; `Project.score` says more."""
    folders = Folders.of(config)
    _refuse_paths(config, request)
    asked = asked_language(request.language)
    with recorded(folders.ledger, "score") as record:
        bundle = load_model(config, request.model)
        with loaded_data(config, as_of, progress) as loaded:
            worth = _worth(config, folders, request, loaded.as_of)
            options = {"all_customers": str(request.all_customers).lower()} | ({"language": asked} if asked else {})
            options |= {} if worth is None else {"values": worth.sha256}
            facts = facts_of("score", config, loaded, model=model_facts(bundle), options=options)
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
                    scoring = _Scoring(config, loaded, bundle, worth, progress, language_of(config, asked))
                    scoring.write(outputs, beside, facts, request)
                manifest = outputs.read()
        assert manifest is not None
        _warn_of_missing_customers(config, folders, loaded, manifest.counts)
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
        predicted=config.prediction.of,
    )


@dataclass(frozen=True)
class _Scoring:
    """A model and the data of a day; `worth` is what customers are worth who come back."""

    config: Config
    loaded: Loaded
    bundle: Bundle
    worth: CustomerValues | None
    progress: Progress
    language: Language

    def write(self, outputs: OutputSet, beside: Sequence[OutputSet], facts: RunFacts, request: Request) -> None:
        """Score, explain and write the sets that are not whole; `beside` are those of the contributions."""
        rows = self._rows()
        if not outputs.is_intact(facts.run_id):
            table = self._table(rows, facts.run_id, all_too=request.all_customers)
            writers = {name: _writer(Path(name), table) for name in outputs.names}
            outputs.write(facts, writers, state_counts(table, rows, self.asked), needed_bytes=BYTES_PER_ROW * table.num_rows)
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

    @property
    def asked(self) -> Asked:
        """Who leaves, or who comes back."""
        return WHO_RETURNS if self.config.is_of_reactivation else WHO_LEAVES

    def _table(self, rows: ScoringRows, run_id: str, *, all_too: bool) -> pa.Table:
        scored, ids = len(rows.table.customer), self.loaded.ids()
        return score_table(
            ids,
            rows,
            self.bundle.final,
            bands_of(self.config, self.bundle),
            ScoreStamp(self.loaded.as_of, self.bundle.version, run_id),
            usual=self.bundle.profile,
            asked=self.asked,
            worth=None if self.worth is None else self.worth.of(ids, otherwise=np.nan),
            all_too=all_too,
            language=self.language,
            progress=lambda done: self.progress("reasons", done, scored),
        )


def _worth(config: Config, folders: Folders, request: Request, as_of: int) -> CustomerValues | None:
    """What customers are worth who come back: by the file that is named, or the newest that `value` had written by the day.

    Values of contracts tell nothing of those who have none, so that only a file that is named counts there.

    Raises
    ------
    ConfigError : when values are named, and it is asked who leaves.
    """
    if not config.is_of_reactivation:
        if request.values is not None:
            raise ConfigError("--values: scores of who leaves hold no value.", "Give it to call-list, or add --reactivation.")
        return None
    written = sorted(folders.outputs.glob("value/????-??-??/value.parquet"))
    known = [path for path in written if path.parent.name <= iso(as_of) and not config.values_contracts]
    path = request.values or (known[-1] if known else None)
    return None if path is None else CustomerValues.read(path, if_back=True)


def _warn_of_missing_customers(config: Config, folders: Folders, loaded: Loaded, counts: Mapping[str, int]) -> None:
    """A file that is missing or cut short makes many customers inactive at once; little else does from night to night."""
    state = config.words.who
    if not counts[state]:
        logger.warning(
            "No customer is %s on %s; the data are complete through %s. Are newer files missing?",
            state,
            iso(loaded.as_of),
            iso(loaded.complete_through),
        )
    elif config.has_days and (earlier := _lately(folders, loaded.as_of, state)) and counts[state] < LEAST_SHARE * earlier[1]:
        logger.warning(
            "%s customers are %s on %s, %s were on %s. Is a file missing, or cut short?",
            f"{counts[state]:,}",
            state,
            iso(loaded.as_of),
            f"{earlier[1]:,}",
            earlier[0],
        )


def _lately(folders: Folders, as_of: int, state: str) -> tuple[str, int] | None:
    """The newest day of scores shortly before a day, and how many customers were in a state; None where there are none."""
    folder = folders.predictions / "scores"
    day = max((day for day in map(iso, range(as_of - LATELY_DAYS, as_of)) if (folder / day).is_dir()), default=None)
    manifest = None if day is None else OutputSet(folder / day, ()).read()
    return None if day is None or manifest is None or state not in manifest.counts else (day, manifest.counts[state])


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
    return OutputSet(folders.predictions / "scores" / iso(as_of), ("scores.csv", "scores.parquet"))


def _writer(name: Path, table: pa.Table) -> Writer:
    """People open CSV files: the reasons that are not said yet stand in the others alone."""
    write = export(name)
    table = table.drop_columns(list(SAID)) if name.suffix.lower() == ".csv" else table
    return lambda stream: write(table, stream)
