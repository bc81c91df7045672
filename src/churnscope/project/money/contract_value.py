"""What the contracts in force of each customer are worth: judged from a past day on, then asked of today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded
from churnscope.errors import ConfigError, InputError
from churnscope.operations.logs import Progress
from churnscope.project.money.contract_valued import ContractFigures, ContractJudgement, ContractTenth, GroupLasts
from churnscope.project.results import iso
from churnscope.scoring import deciles, risk_order
from churnscope.timeline import date_of
from churnscope.value.contracts import OPEN_ENDED, ROLE, Came, Pricing, Terms, in_force, look_at_contracts
from churnscope.value.forecast import INTERVAL_SHARE
from churnscope.value.histories import Recent
from churnscope.value.lasting import ContractForecast, Lasting, Money, Rates, forecast
from churnscope.value.nearness import Errors
from churnscope.value.repeat_rows import Array

KIND = "contracts"
BY_AGE, CONSTANT, NOBODY_LEAVES = "by age", "one rate", "nobody leaves"
SHARES_AFTER = (90, 365)
DIGITS = 6  # of what is no money


def pricing_of(config: Config) -> Pricing:
    """How the config's terms are priced.

    Raises
    ------
    ConfigError : when a source of subscriptions has no price, or only some have today's.
    """
    sources = {name: source for name, source in config.sources.items() if source.role == ROLE.name}
    unpriced = [name for name, source in sources.items() if not source.has_price]
    if not sources or unpriced:
        what = f"[sources.{unpriced[0]}] maps no price" if unpriced else "[sources]: no source of subscriptions exists"
        raise ConfigError(f"{what}, so contracts cannot be valued.", "Map the column price of every source of subscriptions.")
    todays = ["price_today" in source.columns for source in sources.values()]
    if any(todays) and not all(todays):
        raise ConfigError("[sources]: only some sources of subscriptions map price_today.", "Map it of all or of none.")
    price = "price_today" if todays[0] else "price"
    return Pricing(price, config.resolution, config.value.open_price_days, config.activity.grace_days)


def money_of(config: Config, horizon_days: int) -> Money:
    """What is asked: customers who are kept are so through the time that the churn model speaks of."""
    settings, prediction = config.value, config.prediction
    kept_days = prediction.gap_days + prediction.horizon_days
    return Money(horizon_days, kept_days, settings.margin, settings.discount_rate)


@dataclass(frozen=True)
class ContractsValued:
    """Customers with contracts in force, and what is expected of them."""

    lasting: Lasting
    forecast: ContractForecast
    judgement: ContractJudgement | None
    notes: tuple[str, ...]
    groups: tuple[GroupLasts, ...]
    horizon_days: int

    def table(self, loaded: Loaded, resolution: float, run_id: str) -> pa.Table:
        """A row per customer with a contract in force, by falling value."""
        made, ids = self.forecast, loaded.ids()[self.forecast.customer]
        order = risk_order(made.worth, ids)
        n, digits = len(order), max(0, -int(np.floor(np.log10(resolution) + 1e-9)))

        def amounts(column: Array) -> pa.Array:
            return pa.array(np.round(column[order], digits))

        return pa.table(
            {
                "customer_id": pa.array(ids[order], pa.string()),
                "as_of": pa.repeat(pa.scalar(date_of(loaded.as_of)), n),
                "horizon_days": pa.repeat(pa.scalar(self.horizon_days, pa.int32()), n),
                "contracts_in_force": pa.array(made.contracts[order], pa.int32()),
                "price_per_day": pa.array(np.round(made.day_price[order], DIGITS)),
                "in_force_probability": pa.array(np.round(made.stays[order], DIGITS)),
                "expected_spend": amounts(made.spend),
                "spend_low": amounts(made.within.low),
                "spend_high": amounts(made.within.high),
                "value": amounts(made.worth),
                "value_if_kept": amounts(made.worth_if_kept),
                "value_decile": pa.array(deciles(n), pa.int8()),
                "model": pa.repeat(KIND, n),
                "run_id": pa.repeat(run_id, n),
            }
        )

    def figures(self, config: Config, known: int) -> ContractFigures:
        """The totals, and what they rest on."""
        made, settings = self.forecast, config.value
        order, n = np.argsort(-made.worth, kind="stable"), len(made.customer)
        tenths = [order[deciles(n) == tenth] for tenth in range(1, 11)]
        return ContractFigures(
            horizon_days=self.horizon_days,
            margin=settings.margin,
            discount_rate=settings.discount_rate,
            judgement=self.judgement,
            notes=self.notes,
            customers=n,
            without_contract=known - n,
            contracts=int(made.contracts.sum()),
            groups=self.groups,
            tenths=tuple(
                ContractTenth(
                    len(tenth),
                    round(float((made.day_price * self.horizon_days)[tenth].sum()), 2),
                    *(round(float(column[tenth].sum()), 2) for column in (made.spend, made.worth)),
                )
                for tenth in tenths
            ),
        )


@dataclass(frozen=True)
class ContractValuing:
    """The data of a day, and what is asked of them."""

    config: Config
    loaded: Loaded
    progress: Progress
    horizon_days: int

    def valued(self) -> ContractsValued:
        """Look once, judge from the newest day whose horizon is over, and ask the rates of today.

        Raises
        ------
        InputError : when no contract is in force, or none has ended so far.
        """
        pricing, as_of, customers = pricing_of(self.config), self.loaded.as_of, self.loaded.n_customers
        past = as_of - self.horizon_days - self.config.label.delay_days
        terms, before, came = look_at_contracts(
            self.loaded.blocks(),
            pricing,
            as_of=as_of,
            past=past,
            horizon_days=self.horizon_days,
            progress=lambda done: self.progress("contracts", done, customers),
        )
        running = in_force(terms, as_of, pricing.grace_days)
        if not running.any():
            raise InputError(f"No contract is in force on {iso(as_of)}.", "Give an earlier --as-of, or newer files.")
        lasting, money = Lasting.of(terms, as_of, pricing.grace_days), money_of(self.config, self.horizon_days)
        made = forecast(lasting, terms, as_of, pricing.grace_days, money, share=INTERVAL_SHARE)
        judgement, notes = self._judged(before, came, past, pricing, money)
        notes = (*notes, *_notes(terms.keep(running), made, pricing))
        return ContractsValued(lasting, made, judgement, notes, self._groups(lasting), self.horizon_days)

    def _judged(
        self, before: Terms, came: Came, past: int, pricing: Pricing, money: Money
    ) -> tuple[ContractJudgement | None, tuple[str, ...]]:
        """How the rates of a past day did in the horizon from then on, beside simpler rules, or why that cannot be said."""
        try:
            lasting = Lasting.of(before, past, pricing.grace_days)
        except InputError as error:
            return None, (f"The forecast could not be judged as of {iso(past)}: {error.what}",)
        made = forecast(lasting, before, past, pricing.grace_days, money, share=INTERVAL_SHARE)
        if not len(made.customer):
            return None, (f"The forecast could not be judged: no contract was in force on {iso(past)}.",)
        level = forecast(lasting.constant(), before, past, pricing.grace_days, money, share=INTERVAL_SHARE)
        paid = Recent(np.zeros(len(made.customer)), came.going_on[made.customer])
        errors = {
            BY_AGE: Errors.of(made.spend, paid, within=(None, made.within)),
            CONSTANT: Errors.of(level.spend, paid, within=(None, level.within)),
            NOBODY_LEAVES: Errors.of(made.day_price * self.horizon_days, paid),
        }
        later = float(came.begun_later[made.customer].sum())
        judgement = ContractJudgement(
            past, self.horizon_days, len(made.customer), int(made.contracts.sum()), float(paid.spend.sum()), later, errors
        )
        nearest = min(errors, key=lambda name: errors[name].spend_error)
        if nearest == BY_AGE:
            return judgement, ()
        return judgement, (f'The rates by age were no nearer to what came than the rule "{nearest}": use the order first.',)

    def _groups(self, lasting: Lasting) -> tuple[GroupLasts, ...]:
        names = self.loaded.names(ROLE.name, "plan", {plan for plan, _ in lasting.groups})
        told = [(_said(names.get(plan, ""), months), rates) for (plan, months), rates in lasting.groups.items()]
        told.sort(key=lambda each: -each[1].contracts)
        return tuple(_lasts(name, rates) for name, rates in (*told, ("all", lasting.together)))


def _said(plan: str, months: int) -> str:
    length = "open-ended" if months == OPEN_ENDED else "1 month" if months == 1 else f"{months} months"
    return f"{plan}, {length}" if plan else length


def _lasts(name: str, rates: Rates) -> GroupLasts:
    shares = {days: rates.share_after(days) for days in SHARES_AFTER if days <= rates.known_days}
    yearly = float((1 - rates.later) ** 365.25)
    return GroupLasts(name, rates.contracts, rates.ended, rates.known_days, shares, yearly)


def _notes(running: Terms, made: ContractForecast, pricing: Pricing) -> tuple[str, ...]:
    """What to know before using the numbers."""
    notes = []
    if made.worth.sum() > 0:
        share = made.beyond.sum() / made.worth.sum()
        notes.append(
            f"{share:.0%} of the value lies at ages that too few contracts have reached so far: there the rate of the oldest "
            "goes on. Nothing later than ten years from now counts."
        )
    open_ended = running.months == OPEN_ENDED
    if open_ended.any():
        notes.append(f"The price of a term without an agreed end is taken for that of {pricing.open_days:g} days.")
    free = float((running.day_price == 0).mean())
    if free > 0:
        notes.append(f"{free:.1%} of the contracts in force have no price, or 0, and are worth nothing here.")
    if pricing.price == "price_today":
        notes.append("Prices are those of today, in the judgement too: it tells how long contracts last, not how prices move.")
    return tuple(notes)
