"""`value`: what every customer will buy, spend and be worth, written as one output set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from churnscope.config.fields import MOST_DAYS
from churnscope.config.models import Config
from churnscope.config.models import Value as Settings
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, InputError
from churnscope.operations.exports import export
from churnscope.operations.logs import Progress
from churnscope.operations.output_set import OutputSet, Writer
from churnscope.operations.run import recorded
from churnscope.project.money.valued import ValueFigures, ValueResult, ValueTenth
from churnscope.project.results import iso
from churnscope.project.session import Folders, facts_of, loaded_data, refuse_source_as_output
from churnscope.scoring import deciles, risk_order
from churnscope.timeline import date_of
from churnscope.value.forecast import Forecast, ValueModel
from churnscope.value.histories import Histories, Seen, View, look
from churnscope.value.judging import CANDIDATES, LAST_PERIOD, Judgement, judge
from churnscope.value.repeat_rows import Array

FIGURES = "figures.json"
BYTES_PER_ROW = 300
FLOOR = "nbd"  # nobody ever leaves: shown beside the others, chosen only by name
DIGITS = 6  # of what is no money
TOGETHER = 0.3  # correlation from which how often and how much can no longer be called unrelated


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
                valued = _Valuing(config, loaded, progress, horizon).valued()
                table = valued.table(loaded, config.resolution, facts.run_id)
                figures = valued.figures(config.value, loaded.n_customers)
                writers = {name: _writer(name, table, figures) for name in outputs.names}
                counts = {"customers": figures.customers, "never_bought": figures.never_bought}
                outputs.write(facts, writers, counts, needed_bytes=BYTES_PER_ROW * table.num_rows)
            manifest = outputs.read()
            written = tuple(outputs.folder / name for name in outputs.names)
            figures = ValueFigures.from_json(json.loads(written[-1].read_bytes()))
        assert manifest is not None
        record.counts, record.outputs = dict(manifest.counts), list(map(str, written))
    return ValueResult(config.name, loaded.as_of, facts.run_id, figures, written, outputs.manifest_path, was_done)


@dataclass(frozen=True)
class _Valued:
    """Customers with what is expected of them, and the model that says so."""

    histories: Histories
    model: ValueModel
    forecast: Forecast
    worth: Array
    judgement: Judgement | None
    notes: tuple[str, ...]
    horizon_days: int

    def table(self, loaded: Loaded, resolution: float, run_id: str) -> pa.Table:
        """A row per customer who has bought, by falling value."""
        made, ids = self.forecast, loaded.ids()[self.histories.customer]
        order = risk_order(self.worth, ids)
        money_digits = max(0, -int(np.floor(np.log10(resolution) + 1e-9)))
        money = {
            "expected_spend": made.spend,
            "spend_low": made.spend_within.low,
            "spend_high": made.spend_within.high,
            "value": self.worth,
        }
        rest = {
            "alive_probability": made.alive,
            "expected_purchase_days": made.purchase_days,
            "purchase_days_low": made.purchase_days_within.low,
            "purchase_days_high": made.purchase_days_within.high,
        }
        rounded = {name: pa.array(np.round(column[order], DIGITS)) for name, column in rest.items()}
        rounded |= {name: pa.array(np.round(column[order], money_digits)) for name, column in money.items()}
        n = len(order)
        return pa.table(
            {
                "customer_id": pa.array(ids[order], pa.string()),
                "as_of": pa.repeat(pa.scalar(date_of(loaded.as_of)), n),
                "horizon_days": pa.repeat(pa.scalar(self.horizon_days, pa.int32()), n),
                **{name: rounded[name] for name in rest if not name.startswith("purchase")},
                **{name: rounded[name].cast(pa.int32()) for name in rest if name.startswith("purchase")},
                **{name: rounded[name] for name in money},
                "value_decile": pa.array(deciles(n), pa.int8()),
                "model": pa.repeat(self.model.purchases.kind, n),
                "run_id": pa.repeat(run_id, n),
            }
        )

    def figures(self, settings: Settings, known: int) -> ValueFigures:
        """The totals, and what they rest on."""
        made, n = self.forecast, len(self.histories.customer)
        order = np.argsort(-self.worth, kind="stable")
        tenths = [order[deciles(n) == tenth] for tenth in range(1, 11)]
        return ValueFigures(
            self.horizon_days,
            settings.margin,
            settings.discount_rate,
            self.model,
            self.judgement,
            self.notes,
            customers=n,
            never_bought=known - n,
            tenths=tuple(
                ValueTenth(
                    len(tenth),
                    *(round(float(column[tenth].sum()), 2) for column in (made.purchase_days, made.spend, self.worth)),
                )
                for tenth in tenths
            ),
        )


@dataclass(frozen=True)
class _Valuing:
    """The data of a day, and what is asked of them."""

    config: Config
    loaded: Loaded
    progress: Progress
    horizon_days: int

    def valued(self) -> _Valued:
        """Choose a model on the past, fit it on all, and ask it of every customer."""
        now, past, then = self._looks()
        histories = now.histories()
        if not len(histories.customer):
            raise InputError(
                f"No purchase lies before {iso(self.loaded.as_of)}.", "Give files of purchases, or a later --as-of."
            )
        judgement, notes = self._judged(past, then)
        self.progress("models", 1, 3)
        model, more = self._chosen(histories, judgement)
        self.progress("models", 2, 3)
        forecast = model.forecast(histories, self.horizon_days)
        settings = self.config.value
        worth = model.worth(histories, margin=settings.margin, yearly_discount=settings.discount_rate)
        self.progress("models", 3, 3)
        all_notes = (*notes, *more, *_notes(histories, model, judgement))
        return _Valued(histories, model, forecast, worth, judgement, all_notes, self.horizon_days)

    @property
    def _cutoff(self) -> int:
        """The day the models are judged from: the newest whose horizon is over and has arrived."""
        return self.loaded.as_of - self.config.label.delay_days - self.horizon_days

    def _looks(self) -> tuple[Seen, ...]:
        as_of, cutoff, horizon = self.loaded.as_of, self._cutoff, self.horizon_days
        views = (View(as_of, as_of, horizon), View(cutoff, cutoff, horizon), View(cutoff + horizon, as_of, horizon))
        customers = self.loaded.n_customers
        return look(
            self.loaded.blocks(),
            views,
            self.loaded.columns["purchases"],
            self.config.resolution,
            lambda done: self.progress("purchases", done, customers),
        )

    def _judged(self, past: Seen, then: Seen) -> tuple[Judgement | None, tuple[str, ...]]:
        """How the models in question did from the past day on, or why that cannot be said."""
        days, needed = self.loaded.as_of - self.loaded.first_day, self.loaded.as_of - self._cutoff + self.horizon_days
        if days < needed:
            return None, (f"The models could not be judged: {days:,} days of history are fewer than the {needed:,} it takes.",)
        asked, histories = self.config.value.model, past.histories()
        kinds = dict.fromkeys((*(CANDIDATES if asked == "auto" else (asked,)), FLOOR))
        try:
            came = then.recent.of(histories.customer)
            return judge(kinds, histories, came, cutoff=self._cutoff, horizon_days=self.horizon_days), ()
        except InputError as error:
            return None, (f"The models could not be judged as of {iso(self._cutoff)}: {error.what}",)

    def _chosen(self, histories: Histories, judgement: Judgement | None) -> tuple[ValueModel, tuple[str, ...]]:
        """The model asked for, or the nearest one that all histories allow; and which ones they do not."""
        kinds: tuple[str, ...] = (self.config.value.model,)
        if kinds == ("auto",):
            errors = {} if judgement is None else judgement.errors
            judged = [kind for kind in CANDIDATES if kind in errors]
            kinds = tuple(sorted(judged, key=lambda kind: errors[kind].purchase_days_error)) or CANDIDATES
        refused: dict[str, InputError] = {}
        for kind in kinds:
            try:
                model = ValueModel.fit(kind, histories)
            except InputError as error:
                refused[kind] = error
                continue
            notes = tuple(f"{kind} was not used. {error.what}" for kind, error in refused.items())
            return model, notes
        raise next(iter(refused.values()))


def _notes(histories: Histories, model: ValueModel, judgement: Judgement | None) -> tuple[str, ...]:
    """What to know before using the numbers."""
    notes, kind = [], model.purchases.kind
    if judgement is not None and kind in judgement.errors and not judgement.beats_rule(kind):
        notes.append(f'{kind} was no nearer to what came than the rule "{LAST_PERIOD}": use the order, not the amounts.')
    together = histories.spend.correlation()
    if abs(together) >= TOGETHER:
        notes.append(
            f"How often and how much customers spend go together here (correlation {together:.2f}), and the spend model takes "
            "them as unrelated: expect the amounts of the most frequent buyers to be off."
        )
    return tuple(notes)


def _horizon(config: Config, asked: int | None) -> int:
    horizon = asked if asked is not None else config.value.horizon_days or config.prediction.horizon_days
    if not 1 <= horizon <= MOST_DAYS:
        raise ConfigError(f"--horizon-days {horizon} is no number of days.", f"Give 1 to {MOST_DAYS:,}.")
    return horizon


def _refuse(config: Config, output: Path | None) -> None:
    """Refuse what cannot be answered or written before any work is done."""
    amounts = ["amount" in source.columns for source in config.sources.values() if source.role == "purchases"]
    if not amounts or not all(amounts):
        what = "maps no amount" if amounts else "exists"
        raise ConfigError(
            f"[sources]: {'a' if amounts else 'no'} source of purchases {what}, so there is no money to value.",
            "Map the column amount of every source of purchases.",
        )
    refuse_source_as_output(config, output)
    if output is not None:
        export(output)


def _output_set(folders: Folders, as_of: int, output: Path | None) -> OutputSet:
    """The rows and, last, the figures: beside the file the user named, or in a folder of the day."""
    if output is not None:
        beside = OutputSet.beside(output)
        return OutputSet(beside.folder, (output.name, f"{output.name}.{FIGURES}"), beside.manifest)
    return OutputSet(folders.outputs / "value" / iso(as_of), ("value.csv", "value.parquet", FIGURES))


def _writer(name: str, table: pa.Table, figures: ValueFigures) -> Writer:
    if not name.endswith(FIGURES):
        write = export(Path(name))
        return lambda stream: write(table, stream)

    def write_figures(stream: BinaryIO) -> int:
        stream.write((json.dumps(figures.to_json(), indent=2, sort_keys=True) + "\n").encode())
        return 1

    return write_figures
