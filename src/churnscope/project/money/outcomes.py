"""`outcomes add`: what came of calls, from a list that came back into the store."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from churnscope import __version__
from churnscope.config.identity import config_hash
from churnscope.config.models import Config
from churnscope.files import file_sha256, make_folder
from churnscope.operations.exports import write_csv
from churnscope.operations.output_set import OutputSet
from churnscope.operations.run import RunFacts, recorded
from churnscope.outcomes import Store, open_store
from churnscope.outcomes.returned import AddedFile, add_file
from churnscope.project.results import Summarised, iso, near
from churnscope.project.session import Folders
from churnscope.reports.wording import counted
from churnscope.timeline import date_of

if TYPE_CHECKING:
    from collections.abc import Mapping

STORE_FILE = "outcomes.db"
QUARANTINE = pa.schema([("sheet", pa.string()), ("row", pa.int64()), ("rule", pa.string()), ("line_key", pa.string())])

logger = logging.getLogger(__name__)


@contextmanager
def store_of(config: Config) -> Iterator[Store]:
    """The store of a config's lists and outcomes, made where there is none.

    Raises
    ------
    ConfigError : when `[outcomes] url` is no address of a database, or its driver is missing.
    ServiceError : when the database does not answer.
    StorageError : when the store cannot be opened, or is of a newer format.
    """
    url = config.outcomes.url
    if url is None:
        outputs = Folders.of(config).outputs
        make_folder(outputs)
        url = f"sqlite:///{outputs / STORE_FILE}"
    with open_store(url, config.name) as store:
        yield store


@dataclass(frozen=True, repr=False)
class OutcomesResult(Summarised):
    """What became of the rows of a list that came back.

    Parameters
    ----------
    rows : that name a line or a result: the sum of `stored`, `corrected`, `known`, `without_result` and all of `quarantined`.
    stored : results that are new.
    corrected : results that stand now in the place of others, which are kept as history.
    known : results that were stored before, or stand in the file twice.
    without_result : lines not called yet.
    quarantined : by rule, the rows that are not used.
    call_backs_left_out : notes of when to call back that are no day or time; their results are stored.
    quarantine : the file that names the rows that are not used.
    """

    name: str
    file: Path
    rows: int
    stored: int
    corrected: int
    known: int
    without_result: int
    quarantined: Mapping[str, int]
    call_backs_left_out: int
    quarantine: Path
    manifest: Path

    @property
    def summary(self) -> str:
        """What came out."""
        refused = sum(self.quarantined.values())
        said = f"{counted(self.rows, 'rows')} of {self.file.name}: {self.stored:,} stored, {self.corrected:,} corrected"
        return f"{said}, {self.known:,} known already, {self.without_result:,} without a result, {refused:,} quarantined"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return f"See which rows: {near(self.quarantine)}" if self.quarantined else "Next: project.campaign_report()"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "file": str(self.file),
            "rows": self.rows,
            "stored": self.stored,
            "corrected": self.corrected,
            "known": self.known,
            "without_result": self.without_result,
            "quarantined": dict(self.quarantined),
            "call_backs_left_out": self.call_backs_left_out,
            "quarantine": str(self.quarantine),
            "manifest": str(self.manifest),
        }


def add_outcomes(config: Config, file: Path, day: int | None, day_format: str | None) -> OutcomesResult:
    """Add what came of calls; `Project.add_outcomes` says more."""
    folders = Folders.of(config)
    with recorded(folders.ledger, "outcomes-add") as record, store_of(config) as store:
        facts = RunFacts(
            command="outcomes add",
            as_of="" if day is None else iso(day),
            version=__version__,
            config=config_hash(config),
            inputs={file.name: file_sha256(file)},
            options={} if day_format is None else {"day_format": day_format},
        )
        record.run_id, record.as_of = facts.run_id, facts.as_of
        outputs = OutputSet.beside(folders.quarantine / "outcomes" / f"{file.name}.csv")
        with outputs.held(wait_seconds=10):
            added = add_file(store, file, day=None if day is None else date_of(day), day_format=day_format)
            counts = {"rows": added.rows, "stored": added.stored, "corrected": added.corrected, "known": added.known}
            counts |= {"without_result": added.without_result, "quarantined": len(added.refused)}
            table = _quarantined(added)
            used = {
                "rows": added.rows,
                "used": added.stored + added.known,
                "quarantined": len(added.refused),
            }  # also the next time
            outputs.write(facts, {outputs.names[0]: lambda stream: write_csv(table, stream)}, used)
        path = outputs.folder / outputs.names[0]
        record.counts, record.outputs = counts, [str(path)]
    rules = Counter(row.rule for row in added.refused)
    if rules:
        logger.warning("Not used: %s of %s; %s says which.", counted(len(added.refused), "rows"), file.name, near(path))
    return OutcomesResult(
        name=config.name,
        file=file,
        rows=added.rows,
        stored=added.stored,
        corrected=added.corrected,
        known=added.known,
        without_result=added.without_result,
        quarantined=dict(rules),
        call_backs_left_out=added.call_backs_left_out,
        quarantine=path,
        manifest=outputs.manifest_path,
    )


def _quarantined(added: AddedFile) -> pa.Table:
    """Where the rows stand and why they are not used; their cells stay in the file."""
    rows = [{"sheet": row.sheet, "row": row.row, "rule": row.rule, "line_key": row.line_key} for row in added.refused]
    return pa.Table.from_pylist(rows, QUARANTINE)
