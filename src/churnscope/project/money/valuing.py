"""Every customer's forecast and worth: a model chosen on one past day, judged on a later one, and fitted on all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa

from churnscope.config.models import Config
from churnscope.config.models import Value as Settings
from churnscope.engines.duckdb import Loaded
from churnscope.errors import InputError
from churnscope.operations.logs import Progress
from churnscope.project.money.customer_values import IF_BACK
from churnscope.project.money.spend_trees import Days, SpendTrees
from churnscope.project.money.valued import GAMMA_GAMMA, ValueFigures, ValueTenth
from churnscope.project.results import iso
from churnscope.scoring import deciles, risk_order
from churnscope.timeline import date_of
from churnscope.value.alike import Alike
from churnscope.value.forecast import INTERVAL_SHARE, Forecast, ValueModel, worth_with_spend
from churnscope.value.histories import Histories, Recent, Seen, View, look
from churnscope.value.judging import CANDIDATES, LAST_PERIOD, TREES, Choice, Judgement, TreesSaid, choose, judge
from churnscope.value.nearness import Ahead
from churnscope.value.repeat_rows import Array

FLOOR = "nbd"  # nobody ever leaves: shown beside the others, chosen only by name
DIGITS = 6  # of what is no money
TOGETHER = 0.3  # correlation from which how often and how much can no longer be called unrelated


@dataclass(frozen=True)
class Valued:
    """Customers with what is expected of them, and the model that says so; `spend_by` names what tells the spend.

    `worth_if_back` is what each would be worth who buys today; of it the purchase model tells all, trees know of no such day.
    """

    histories: Histories
    model: ValueModel
    forecast: Forecast
    worth: Array
    worth_if_back: Array
    judgement: Judgement | None
    notes: tuple[str, ...]
    horizon_days: int
    spend_by: str = GAMMA_GAMMA

    def table(self, loaded: Loaded, resolution: float, run_id: str) -> pa.Table:
        """A row per customer who has bought, by falling value."""
        made, ids = self.forecast, loaded.ids()[self.histories.customer]
        order = risk_order(self.worth, ids)
        n, money_digits = len(order), max(0, -int(np.floor(np.log10(resolution) + 1e-9)))

        def amounts(column: Array) -> pa.Array:
            return pa.array(np.round(column[order], money_digits))

        def days(column: Array) -> pa.Array:
            return pa.array(np.round(column[order], DIGITS)).cast(pa.int32())

        kind = self.model.purchases.kind
        return pa.table(
            {
                "customer_id": pa.array(ids[order], pa.string()),
                "as_of": pa.repeat(pa.scalar(date_of(loaded.as_of)), n),
                "horizon_days": pa.repeat(pa.scalar(self.horizon_days, pa.int32()), n),
                "alive_probability": pa.array(np.round(made.alive[order], DIGITS)),
                "expected_purchase_days": pa.array(np.round(made.purchase_days[order], DIGITS)),
                "purchase_days_low": days(made.purchase_days_within.low),
                "purchase_days_high": days(made.purchase_days_within.high),
                "expected_spend": amounts(made.spend),
                "spend_low": amounts(made.spend_within.low),
                "spend_high": amounts(made.spend_within.high),
                "value": amounts(self.worth),
                "value_decile": pa.array(deciles(n), pa.int8()),
                IF_BACK: amounts(self.worth_if_back),
                "model": pa.repeat(kind if self.spend_by == GAMMA_GAMMA else f"{kind}+{self.spend_by}", n),
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
            spend_by=self.spend_by,
        )


@dataclass(frozen=True)
class Valuing:
    """The data of a day, and what is asked of them."""

    config: Config
    loaded: Loaded
    progress: Progress
    horizon_days: int

    def valued(self) -> Valued:
        """Choose a model on one past day, judge it on a later one, fit it on all, and ask it of every customer."""
        histories = self._past(self.loaded.as_of)
        if not len(histories.customer):
            raise InputError(
                f"No purchase lies before {iso(self.loaded.as_of)}.", "Give files of purchases, or a later --as-of."
            )
        choice = self._choice()
        self.progress("models", 1, 4)
        judgement, notes = self._judged(choice)
        self.progress("models", 2, 4)
        model, more = self._fitted(histories, choice)
        self.progress("models", 3, 4)
        settings = self.config.value
        forecast = model.forecast(histories, self.horizon_days)
        money = {"margin": settings.margin, "yearly_discount": settings.discount_rate}
        worth, spend_by = model.worth(histories, **money), GAMMA_GAMMA
        if self._trees is not None and (settings.model == TREES or (choice is not None and choice.uses_trees)):
            spend_by = TREES
            said = self._trees_now(self._trees, histories)
            spend, within = said.filled(forecast.spend)
            worth = worth_with_spend(worth, forecast.spend, spend, horizon_days=self.horizon_days, **money)
            forecast = replace(forecast, spend=spend, spend_within=within)
        self.progress("models", 4, 4)
        all_notes = (*notes, *more, *self._of_trees(choice, judgement), *_notes(histories, model, judgement))
        back = model.worth_if_back(histories, **money)
        return Valued(histories, model, forecast, worth, back, judgement, all_notes, self.horizon_days, spend_by)

    @property
    def _wait_days(self) -> int:
        """From a day until what came in the horizon from then on is known."""
        return self.horizon_days + self.config.label.delay_days

    @property
    def _test(self) -> int:
        """The day the models are judged from: the newest whose horizon is over and has arrived."""
        return self.loaded.as_of - self._wait_days

    @property
    def _earlier(self) -> int | None:
        """The day they are chosen on: whose outcome was known by the test; None where history is too short for it."""
        day = self._test - self._wait_days
        return day if day - self.loaded.first_day >= self.horizon_days else None

    @cached_property
    def _days(self) -> Days | None:
        """Those of the trees; None where they are not asked for, or history is too short for them."""
        if self.config.value.model not in {"auto", TREES}:
            return None
        return Days.of(self.loaded.as_of, self.loaded.first_day, wait_days=self._wait_days)

    @cached_property
    def _seen(self) -> dict[View, Seen]:
        """All that is looked at, in one pass."""
        past = [day for day in (self.loaded.as_of, self._test, self._earlier) if day is not None]
        learned = () if self._days is None else self._days.learned
        views = [self._then(day) for day in past] + [self._after(day) for day in dict.fromkeys((*past[1:], *learned))]
        different = tuple(dict.fromkeys(views))
        customers = self.loaded.n_customers
        told = look(
            self.loaded.blocks(),
            different,
            self.loaded.columns["purchases"],
            self.config.resolution,
            lambda done: self.progress("purchases", done, customers),
        )
        return dict(zip(different, told, strict=True))

    def _then(self, day: int) -> View:
        """The past of a day, as it was known on that day."""
        return View(day, day, self.horizon_days)

    def _after(self, day: int) -> View:
        """The horizon from a day on, as it is known today."""
        return View(day + self.horizon_days, self.loaded.as_of, self.horizon_days)

    def _past(self, day: int) -> Histories:
        return self._seen[self._then(day)].histories()

    def _came(self, day: int) -> Recent:
        return self._seen[self._after(day)].recent

    def _choice(self) -> Choice | None:
        """Which purchase model is nearest, and whether trees tell the spend better, on the day before that of the judgement."""
        if self._earlier is None or self.config.value.model not in {"auto", TREES}:
            return None
        past, all_came = self._past(self._earlier), self._came(self._earlier)
        try:
            choice, nearest = choose(
                CANDIDATES, past, all_came.of(past.customer), cutoff=self._earlier, horizon_days=self.horizon_days
            )
        except InputError:
            return None  # said again, and with its reason, on the day of the judgement
        trees = self._trees
        if trees is None:
            return choice
        customer, spend = trees.chosen_on
        place = np.searchsorted(past.customer, customer)
        by_model = nearest.expected_spend(past, self.horizon_days)[place]
        ahead = Ahead.of(spend, by_model, all_came.spend[customer], np.random.default_rng(self.config.model.seed))
        return replace(choice, trees=ahead)

    @cached_property
    def _trees(self) -> SpendTrees | None:
        days = self._days
        if days is None:
            return None
        spent = {day: self._came(day).spend for day in days.learned}
        trees = SpendTrees(self.config, self.loaded, self.progress, days, spent)
        return trees if trees.can_learn else None

    def _judged(self, choice: Choice | None) -> tuple[Judgement | None, tuple[str, ...]]:
        """How the models in question did from the past day on, or why that cannot be said."""
        days, needed = self.loaded.as_of - self.loaded.first_day, self._wait_days + self.horizon_days
        if days < needed:
            return None, (f"The models could not be judged: {days:,} days of history are fewer than the {needed:,} it takes.",)
        asked, past, came = self.config.value.model, self._past(self._test), self._came(self._test)
        kinds = dict.fromkeys((*(CANDIDATES if asked in {"auto", TREES} else (asked,)), FLOOR))
        try:
            judgement = judge(
                kinds,
                past,
                came.of(past.customer),
                cutoff=self._test,
                horizon_days=self.horizon_days,
                choice=choice,
                trees=self._trees_then(past) if choice is not None else None,
            )
        except InputError as error:
            return None, (f"The models could not be judged as of {iso(self._test)}: {error.what}",)
        return judgement, ()

    def _trees_then(self, past: Histories) -> TreesSaid | None:
        """What trees of before the test say there; what lies around it, from the customers of the day before."""
        trees = self._trees
        if trees is None:
            return None
        customer, earlier = trees.chosen_on
        alike = Alike.of(earlier, trees.spent[trees.days.stop][customer], INTERVAL_SHARE)
        return TreesSaid(trees.forecasts(trees.days.test)[past.customer], alike)

    def _trees_now(self, trees: SpendTrees, histories: Histories) -> TreesSaid:
        """What trees say today; what lies around it, from what came after the test."""
        test = trees.days.test
        then = trees.forecasts(test)
        known = np.flatnonzero(~np.isnan(then))
        alike = Alike.of(then[known], trees.spent[test][known], INTERVAL_SHARE)
        return TreesSaid(trees.forecasts(trees.days.now)[histories.customer], alike)

    def _fitted(self, histories: Histories, choice: Choice | None) -> tuple[ValueModel, tuple[str, ...]]:
        """The model asked for, or the nearest one that all histories allow; and which ones they do not."""
        asked = self.config.value.model
        kinds: tuple[str, ...] = (asked,)
        if asked in {"auto", TREES}:
            kinds = CANDIDATES if choice is None else choice.nearest_first
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

    def _of_trees(self, choice: Choice | None, judgement: Judgement | None) -> tuple[str, ...]:
        """What decided between trees and the spend model, and how it went on the day of the judgement."""
        is_asked_for = self.config.value.model == TREES
        if is_asked_for and self._trees is None:
            return (
                "Trees could not learn: history is too short, or too few customers spent. The spend model tells the money.",
            )
        if choice is None or choice.trees is None:
            return ()
        nearest = choice.nearest_first[0]
        then = f"As of {iso(choice.cutoff)}, boosted trees against {nearest} in money: {choice.trees.text}"
        if is_asked_for:
            said = f"{then}. They are used because the config asks for them."
        elif choice.uses_trees:
            said = f"{then}. Clearly nearer, so that they tell the spend in the horizon; what comes after it is {nearest}'s."
        else:
            said = f"{then}. Not clearly nearer by both, so that they are not used."
        if judgement is None or judgement.trees is None:
            return (said,)
        return said, f"As of {iso(judgement.cutoff)}, which chose nothing: {judgement.trees.text}."


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
