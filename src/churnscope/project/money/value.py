"""`value`: what every customer will buy, spend and be worth, written as one output set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from churnscope.config.fields import MOST_DAYS
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError
from churnscope.operations.exports import export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import recorded
from churnscope.project.money.contract_value import ContractValuing, pricing_of
from churnscope.project.money.contract_valued import ContractFigures
from churnscope.project.money.valued import ValueFigures, ValueResult
from churnscope.project.money.valuing import Valuing
from churnscope.project.results import iso
from churnscope.project.session import Folders, facts_of, loaded_data, refuse_source_as_output

FIGURES = "figures.json"
BYTES_PER_ROW = 300


def value(
    config: Config,
    as_of: int | None,
    progress: Progress,
    *,
    horizon_days: int | None = None,
    output: Path | None = None,
    wait_seconds: float = 0,
) -> ValueResult:
    """Value the customers of a day; `Project.value` says more."""
    _refuse(config, output)
    folders, horizon = Folders.of(config), _horizon(config, horizon_days)
    with recorded(folders.ledger, "value") as record, loaded_data(config, as_of, progress) as loaded:
        facts = facts_of("value", config, loaded, options={"horizon_days": str(horizon)})
        record.run_id, record.as_of = facts.run_id, facts.as_of
        outputs = _output_set(folders, loaded.as_of, output)
        with outputs.held(wait_seconds=wait_seconds):
            was_done = outputs.is_intact(facts.run_id)
            if not was_done:
                table, made = _valued(config, loaded, progress, horizon, facts.run_id)
                writers = {name: _writer(name, table, made) for name in outputs.names}
                outputs.write(facts, writers, made.counts, needed_bytes=BYTES_PER_ROW * table.num_rows)
            manifest = outputs.read()
            written = tuple(outputs.folder / name for name in outputs.names)
            figures = _figures(json.loads(written[-1].read_bytes()))
        assert manifest is not None
        record.counts, record.outputs = dict(manifest.counts), list(map(str, written))
    return ValueResult(config.name, loaded.as_of, facts.run_id, figures, written, outputs.manifest_path, was_done)


def _valued(
    config: Config, loaded: Loaded, progress: Progress, horizon_days: int, run_id: str
) -> tuple[pa.Table, ValueFigures | ContractFigures]:
    """The rows and the figures, by what the business lives on."""
    if config.values_contracts:
        contracts = ContractValuing(config, loaded, progress, horizon_days).valued()
        return contracts.table(loaded, config.resolution, run_id), contracts.figures(config, loaded.n_customers)
    purchases = Valuing(config, loaded, progress, horizon_days).valued()
    return purchases.table(loaded, config.resolution, run_id), purchases.figures(config.value, loaded.n_customers)


def _figures(saved: dict[str, Any]) -> ValueFigures | ContractFigures:
    return ContractFigures.from_json(saved) if saved.get("kind") == "contracts" else ValueFigures.from_json(saved)


def _horizon(config: Config, asked: int | None) -> int:
    horizon = asked if asked is not None else config.value.horizon_days or config.prediction.horizon_days
    if not 1 <= horizon <= MOST_DAYS:
        raise ConfigError(f"--horizon-days {horizon} is no number of days.", f"Give 1 to {MOST_DAYS:,}.")
    return horizon


def _refuse(config: Config, output: Path | None) -> None:
    """Refuse what cannot be answered or written before any work is done."""
    if config.values_contracts:
        pricing_of(config)
    else:
        _refuse_no_amounts(config)
    refuse_source_as_output(config, output)
    if output is not None:
        export(output)


def _refuse_no_amounts(config: Config) -> None:
    amounts = ["amount" in source.columns for source in config.sources.values() if source.role == "purchases"]
    if not amounts or not all(amounts):
        what = "maps no amount" if amounts else "exists"
        raise ConfigError(
            f"[sources]: {'a' if amounts else 'no'} source of purchases {what}, so there is no money to value.",
            "Map the column amount of every source of purchases, or the price of contracts.",
        )


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The rows and, last, the figures: beside the file the user named, or in a folder of the day."""
    if output is not None:
        beside = OutputSet.beside(output)
        return OutputSet(beside.folder, (output.name, f"{output.name}.{FIGURES}"), beside.manifest)
    return OutputSet(folders.outputs / "value" / iso(as_of), ("value.csv", "value.parquet", FIGURES))


def _writer(name: str, table: pa.Table, figures: ValueFigures | ContractFigures) -> Writer:
    if not name.endswith(FIGURES):
        write = export(Path(name))
        return lambda stream: write(table, stream)

    def write_figures(stream: BinaryIO) -> int:
        stream.write((json.dumps(figures.to_json(), indent=2, sort_keys=True) + "\n").encode())
        return 1

    return write_figures
