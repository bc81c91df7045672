"""`lifecycle`: the stages of all customers and what follows from them, written as one output set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError
from churnscope.operations.exports import export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import recorded
from churnscope.project.lifecycle.catalog import parts_of
from churnscope.project.lifecycle.lived import LifecycleResult
from churnscope.project.lifecycle.parts import Context, LifecyclePart, Told
from churnscope.project.lifecycle.stages import life_of, refuse_flat
from churnscope.project.results import iso
from churnscope.project.session import Folders, facts_of, loaded_data
from churnscope.reports.canvas import empty_picture
from churnscope.reports.page import Picture

FIGURES = "figures.json"
BYTES_PER_ROW = 60  # of a spell, of which a customer has some five
MOST_MONTHS = 240


def lifecycle(
    config: Config, as_of: int | None, progress: Progress, *, months: int = 24, wait_seconds: float = 0
) -> LifecycleResult:
    """Tell the life cycle of all customers; `Project.lifecycle` says more."""
    refuse_flat(config)
    if not 1 <= months <= MOST_MONTHS:
        raise ConfigError(f"--months {months} is no number of months.", f"Give 1 to {MOST_MONTHS}.")
    folders, parts = Folders.of(config), parts_of(config)
    with recorded(folders.ledger, "lifecycle") as record, loaded_data(config, as_of, progress) as loaded:
        read = {name: sha for part in parts for name, sha in part.reads(config, loaded.as_of).items()}
        facts = facts_of("lifecycle", config, loaded, options={"months": str(months)} | read)
        record.run_id, record.as_of = facts.run_id, facts.as_of
        names = (*(name for part in parts for name in (*part.tables, *part.pictures)), FIGURES)
        outputs = OutputSet(folders.outputs / "lifecycle" / iso(loaded.as_of), names)
        with outputs.held(wait_seconds=wait_seconds):
            was_done = outputs.is_intact(facts.run_id)
            if not was_done:
                told = _told(config, loaded, months, parts, progress)
                writers = {name: writer for part in parts for name, writer in _writers(part, told[part.name]).items()}
                figures = {part.name: told[part.name].figures for part in parts}
                writers[FIGURES] = partial(_write_figures, figures)
                counts = {"customers": loaded.n_customers}
                outputs.write(facts, writers, counts, needed_bytes=5 * BYTES_PER_ROW * loaded.n_customers)
            written = tuple(outputs.folder / name for name in names)
            figures = json.loads(written[-1].read_bytes())
        manifest = outputs.read()
        assert manifest is not None
        record.counts, record.outputs = dict(manifest.counts), list(map(str, written))
    return LifecycleResult(config.name, loaded.as_of, facts.run_id, months, figures, written, outputs.manifest_path, was_done)


def _told(config: Config, loaded: Loaded, months: int, parts: tuple[LifecyclePart, ...], progress: Progress) -> dict[str, Told]:
    context = Context(config, loaded, life_of(config, loaded, progress, with_moves=True), months, progress)
    told = {}
    for number, part in enumerate(parts):
        progress("parts", number, len(parts))
        told[part.name] = part.tell(context)
    progress("parts", len(parts), len(parts))
    return told


def _writers(part: LifecyclePart, told: Told) -> dict[str, Writer]:
    """What writes the files of a part; a picture of nothing says so."""
    sections = () if told.figures is None else part.sections(told.figures)
    pictures = [picture for section in sections for picture in section.pictures]
    padded = pictures or [Picture("", empty_picture)] * len(part.pictures)
    tables: dict[str, Writer] = {name: partial(_write_table, name, told.tables[name]) for name in part.tables}
    return tables | {name: partial(_write_picture, each) for name, each in zip(part.pictures, padded, strict=True)}


def _write_table(name: str, table: pa.Table, stream: BinaryIO) -> int:
    return export(Path(name))(table, stream)


def _write_picture(picture: Picture, stream: BinaryIO) -> int:
    stream.write(picture.titled())
    return 1


def _write_figures(figures: Mapping[str, Any], stream: BinaryIO) -> int:
    stream.write((json.dumps(figures, indent=2, sort_keys=True, allow_nan=False) + "\n").encode())
    return 1
