"""The past of every source as an earlier run saw it, kept beside the outputs, and what has changed in it since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from churnscope.config.identity import definition
from churnscope.config.models import Config, Source
from churnscope.engines.duckdb import Loaded
from churnscope.engines.fingerprint import MADE_BY
from churnscope.errors import StorageError
from churnscope.evaluation.leak_audit import Finding, settled
from churnscope.evaluation.past_rows import PastRows, compared, findings_of, without_marks
from churnscope.files import make_folder, storage_errors, write_atomically
from churnscope.project.data.origins import place
from churnscope.project.session import Folders
from churnscope.roles import ROLES


@dataclass(frozen=True)
class KnownPast:
    """The past of every source with times, now and as it was kept from an earlier run.

    Parameters
    ----------
    folder : where it is kept.
    then : by source, the day of the run it is compared with.
    findings : what differs.
    """

    folder: Path
    then: Mapping[str, int]
    findings: tuple[Finding, ...]
    _now: Mapping[str, pa.Table]

    @classmethod
    def of(cls, config: Config, loaded: Loaded) -> KnownPast:
        """Read what was kept, and look at the sources as they are now.

        A source is not compared with the past of a later day, nor with one that was read by another mapping.

        Raises
        ------
        StorageError : when what was kept cannot be read.
        """
        folder = Folders.of(config).outputs / "past"
        then, now, findings = {}, {}, list[Finding]()
        for source in loaded.places:
            if not _has_past(config, config.sources[source]):
                continue
            kept, tags = _kept(folder / f"{source}.parquet"), _tags(config, source)
            usable = kept is not None and {key: kept.tags.get(key) for key in tags} == tags
            if kept is not None and usable and kept.as_of > loaded.as_of:
                continue
            since = kept.as_of if kept is not None and usable else loaded.as_of
            table = loaded.fingerprint(source, since)
            now[source] = without_marks(table).replace_schema_metadata({**tags, "as_of": str(loaded.as_of)})
            if kept is not None and usable:
                then[source] = since
                whole = since if config.complete_through else since - 1  # the newest day of a file may be half a day
                changed = compared(PastRows.of(kept.table, whole), PastRows.of(table, whole))
                places = {name: place(config, source, name) for name in changed.columns}
                findings += findings_of(changed, source, places, whole, has_known="known" in config.sources[source].columns)
        return cls(folder, then, settled(findings, config.audit.accept), now)

    def remember(self, *, all_sources: bool) -> None:
        """Keep the past as it is now: of all sources, or of those in which nothing has changed.

        Raises
        ------
        StorageError : when it cannot be written.
        """
        changed = {finding.subject.split(".")[0] for finding in self.findings}
        for source, table in self._now.items():
            if all_sources or source not in changed:
                make_folder(self.folder)
                sink = pa.BufferOutputStream()
                pq.write_table(table, sink)
                write_atomically(self.folder / f"{source}.parquet", sink.getvalue().to_pybytes())


@dataclass(frozen=True)
class _Kept:
    table: pa.Table
    as_of: int
    tags: Mapping[str, str]


def _has_past(config: Config, source: Source) -> bool:
    """Whether its rows have days, or hold since ever; a new file of how customers are is no rewritten past."""
    return config.has_days and ("time" in source.columns or bool(ROLES[source.role].since))


def _kept(path: Path) -> _Kept | None:
    if not path.exists():
        return None
    try:
        with storage_errors(path, right="read"):
            content = path.read_bytes()
        table = pq.read_table(pa.BufferReader(content))
        tags = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
        return _Kept(table, int(tags["as_of"]), tags)
    except (pa.ArrowException, KeyError, ValueError) as error:
        raise StorageError(f"{path} is damaged.", "Move the file away; the past is compared from the next run on.") from error


def _tags(config: Config, source: str) -> dict[str, str]:
    """What has to be the same for two fingerprints to be compared."""
    said = definition(config)
    mapping = {key: said[key] for key in ("time_zone", "resolution")} | {"ready_hours": config.prediction.ready_hours}
    return {"made_by": MADE_BY, "mapping": json.dumps(mapping | {"source": said["sources"][source]}, sort_keys=True)}
