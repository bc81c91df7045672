"""The tables of a report."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from math import isnan

import numpy as np

from churnscope.config.models import Stages
from churnscope.customer_types import TYPES
from churnscope.decisions import ProfitFigures
from churnscope.evaluation.figures import Evaluation
from churnscope.evaluation.grade import DECIDING, is_better, is_worse, spoken
from churnscope.evaluation.intervals import Estimate
from churnscope.evaluation.leak_audit import Finding
from churnscope.evaluation.tables import HEADLINE, LEVEL
from churnscope.features.feature import EITHER, FALLING, RISING
from churnscope.predicted import Words
from churnscope.reports.charts import best_rule
from churnscope.reports.drivers import Driver
from churnscope.reports.explained import Explained, Listed
from churnscope.reports.money_charts import money
from churnscope.reports.page import Cell, Table
from churnscope.reports.wording import UNKNOWN, capital, count, counted, day, decimal, metric, said_of, share, typeset
from churnscope.sources.report import SourceReport
from churnscope.value.judging import Judgement
from churnscope.value.nearness import Errors

METRIC_NOTES = (
    ("AUROC", "how often a customer who {left} was ranked above one who {stayed}; 0.5 is a toss of a coin, 1 is perfect"),
    ("average precision", "how pure the top of the list is, averaged over all its cuts; chance gives the share who {left}"),
    ("log loss, Brier", "how far the probabilities lie from what happened; lower is better"),
    ("calibration error", "how many points the probabilities are off on average, over tenths of the customers"),
    ("lift at 10%", "how many times more of the {riskiest} tenth {left} than of all"),
)
TENDENCIES = {
    RISING: "the more, the higher the {risk}",
    FALLING: "the more, the lower the {risk}",
    EITHER: "up or down, by its value",
}
SO_OR_NOT = {RISING: "where it is so, the {risk} is higher", FALLING: "where it is so, the {risk} is lower"}
IGNORED = {
    "after_as_of": "on the day of the report or later",
    "not_known_yet": "not known yet on the day of the report",
    "no_customer": "without a customer",
    "overlap": "in another file too",
    "where": "left out by the config (where)",
}
ALIKE = "the same for everyone on this day"

Row = tuple[Cell | str, ...]


def comparison_table(evaluation: Evaluation) -> Table:
    """The model and the baselines, a row each."""
    asked, words = _asked(evaluation), evaluation.words
    ranked = sorted(evaluation.predictors.items(), key=lambda named: -named[1].metrics["auroc"].value)
    rows = tuple((_predictor(name), *(_estimate(figures.metrics[each]) for each in asked)) for name, figures in ranked)
    caption = f"The model and simple rules on the same {count(evaluation.customers)} customers, with 95% intervals"
    notes = tuple(
        (name, note.format(left=words.left, stayed=words.stayed, riskiest=words.riskiest)) for name, note in METRIC_NOTES
    )
    return Table(caption, "<" + ">" * len(asked), ("", *map(metric, asked)), rows, notes, is_wide=True)


def profit_table(figures: ProfitFigures) -> Table:
    """The model in money."""
    chosen, needed = figures.chosen, figures.break_even
    rows = (
        *_own_values(figures),
        (
            f"A contact pays{'' if figures.own is None else ' at that mean'} from a churn probability of",
            UNKNOWN if needed is None else share(needed, 1),
        ),
        ("Customers whose contact pays", f"{count(chosen.size)} ({share(chosen.share)})"),
        ("Expected of contacting them", money(chosen.profit)),
        ("Nine times in ten, as acceptance turns out", f"{money(chosen.profit_low)} to {money(chosen.profit_high)}"),
        ("With the outcomes as they came", money(figures.came)),
        ("Maximum profit per customer (MPC)", f"{decimal(figures.mpc.per_customer, ',.3f')} at {share(figures.mpc.share)}"),
        ("Expected maximum profit (EMPC)", f"{decimal(figures.empc.per_customer, ',.3f')} at {share(figures.empc.share)}"),
    )
    return Table("The list by break-even, and what the order is worth at best", "<>", ("", ""), rows)


def _own_values(figures: ProfitFigures) -> Iterator[tuple[str, str]]:
    """How customers differ in what they are worth, and so in the risk from which a contact pays."""
    own = figures.own
    if own is None:
        return
    low, high = (UNKNOWN if each is None else share(each, 1) for each in (own.break_even_low, own.break_even_high))
    yield "A customer who stays is worth, on average", money(figures.offer.value)
    yield "Eight in ten are worth", f"{money(own.value_low)} to {money(own.value_high)}"
    yield "So that a contact pays from, by the customer", f"{low} to {high}"
    yield "Customers whose contact never pays", share(own.never)


def sensitivity_table(figures: ProfitFigures) -> Table:
    """The list at other acceptances and values."""
    rows = tuple(
        (
            f"{share(row.acceptance)}, value times {row.value_factor:g}",
            UNKNOWN if row.break_even is None else share(row.break_even, 1),
            count(row.size),
            money(row.profit),
            money(row.profit_of_chosen),
            UNKNOWN if row.overlap is None else share(row.overlap),
        )
        for row in figures.sensitivity
    )
    columns = ("acceptance", "break-even", "best list", "its profit", "of the list above", "of that still on it")
    return Table("What if fewer accept, or a customer is worth more? Expected profit", "<>>>>>", columns, rows, is_wide=True)


def contract_value_table(errors: Mapping[str, Errors], came: float) -> Table:
    """The forecast of revenue by the age of contracts, simpler rules, and what came."""
    rows: list[Row] = [
        (
            name,
            decimal(each.spend_error, ",.2f"),
            decimal(each.spend_distance, ",.2f"),
            count(each.spend),
            _or_unknown(each.spend_held, share),
            _or_unknown(each.spend_promised, share),
        )
        for name, each in errors.items()
    ]
    rows.append(("what came", "", "", count(came), "", ""))
    columns = ("", "RMSE", "MAE", "revenue", "inside the interval", "promised")
    return Table("Forecast and revenue of contracts in force on a past day", "<>>>>>", columns, tuple(rows))


def value_models_table(judgement: Judgement, used: Collection[str]) -> Table:
    """The models and the simple rule beside what came, the nearest in purchase days first; trees tell none and come last."""
    rows: list[Row] = [
        (
            f"{name} (used)" if name in used else name,
            _or_unknown(errors.purchase_days_error, decimal),
            _or_unknown(errors.purchase_days, count),
            decimal(errors.spend_error, ",.2f"),
            decimal(errors.spend_distance, ",.2f"),
            count(errors.spend),
            _or_unknown(errors.gini, decimal),
            _or_unknown(errors.spend_held, share),
            _or_unknown(errors.spend_promised, share),
        )
        for name, errors in ((name, judgement.errors[name]) for name in judgement.ranked)
    ]
    rows.append(("what came", "", count(judgement.purchase_days), "", "", count(judgement.spend), "", "", ""))
    columns = (
        "",
        "off by, days",
        "purchase days",
        "RMSE, money",
        "MAE, money",
        "spend",
        "Gini",
        "inside the interval",
        "promised",
    )
    caption = (
        f"{counted(judgement.horizon_days, 'days')} of {counted(judgement.customers, 'customers')}, forecast on "
        f"{day(judgement.cutoff)} and as they came; off by: root mean squared error per customer"
    )
    return Table(caption, "<" + ">" * 8, columns, tuple(rows), is_wide=True)


def _or_unknown(figure: float | None, said: Callable[[float], str]) -> str:
    return UNKNOWN if figure is None else said(figure)


def difference_table(evaluation: Evaluation) -> Table:
    """The model minus each baseline, a row each."""
    asked = _asked(evaluation)
    rows: tuple[Row, ...] = tuple(
        (name.replace("_", " "), *(_difference(each, figures[each]) for each in asked))
        for name, figures in evaluation.differences.items()
    )
    caption = "The model minus each rule, on the same resampled customers: where the interval leaves out 0, it is no accident"
    return Table(caption, "<" + ">" * len(asked), ("model minus", *map(metric, asked)), rows, is_wide=True)


def reliability_table(evaluation: Evaluation) -> Table:
    """What was predicted and what came, in tenths by rising probability."""
    rows = tuple(
        (
            share(each.predicted, 1),
            share(each.churn_rate, 1),
            f"{share(each.low, 1)} to {share(each.high, 1)}",
            count(each.rows),
        )
        for each in evaluation.model.reliability.bins
    )
    words = evaluation.words
    columns = ("predicted", words.happened, "by chance alone", "customers")
    return Table(f"Predicted and observed {words.noun}, by tenths", ">>>>", columns, rows)


def decile_table(evaluation: Evaluation) -> Table:
    """Tenths of the customers by falling risk."""
    rows = tuple(
        (
            str(each.decile),
            count(each.rows),
            count(each.churned),
            share(each.churn_rate),
            share(each.predicted),
            decimal(each.lift, ".2f"),
            share(each.captured),
        )
        for each in evaluation.model.deciles
    )
    words = evaluation.words
    columns = ("decile", "custo\u00admers", words.happened, "rate", "pre\u00addicted", "lift", "reached")
    notes = (
        ("lift", f"the {words.noun} rate over that of all customers"),
        ("reached", f"of all who {words.happened}, in this decile and the {words.riskier} ones"),
    )
    return Table(f"Deciles: tenths of the customers, 1 the {words.riskiest}", ">" * len(columns), columns, rows, notes)


def history_table(past: Mapping[int, Evaluation]) -> Table:
    """The evaluations, cutoff by cutoff."""
    happened = _happened(past)
    columns = ("cutoff", "customers", happened, "AUROC", "best rule's AUROC", "log loss", "lift at 10%")
    rows = tuple((day(cutoff), *_past_row(evaluation)) for cutoff, evaluation in past.items())
    return Table("Every cutoff that was judged", "<>>>>>>", columns, rows, is_wide=True)


def newcomer_table(new: Mapping[int, Evaluation], past: Mapping[int, Evaluation]) -> Table:
    """Customers never trained on, cutoff by cutoff, beside all customers of the cutoff."""
    columns = ("cutoff", "new customers", _happened(new), "AUROC", "of all", "log loss", "of all")
    rows = tuple(
        (
            day(cutoff),
            Cell(count(each.customers), f"of {count(past[cutoff].customers)}"),
            share(each.base_rate, 1),
            *(cell for metric in DECIDING for cell in _beside(each, past[cutoff], metric)),
        )
        for cutoff, each in new.items()
    )
    return Table("Customers never trained on, and all customers, with 95% intervals", "<>>>>>>", columns, rows, is_wide=True)


def segment_table(evaluation: Evaluation) -> Table:
    """The model on parts of the customers."""
    asked = tuple(evaluation.segments[0].metrics)
    rows: tuple[Row, ...] = tuple(
        (
            f"{each.by}: {each.name}",
            count(each.customers),
            share(each.churned / each.rows, 1),
            *(_segment_cell(name, each.metrics[name]) for name in asked),
        )
        for each in evaluation.segments
    )
    words = evaluation.words
    columns = ("segment", "customers", words.happened, *(metric(name, words) for name in asked))
    return Table("The model by segment, with 95% intervals", "<" + ">" * (len(columns) - 1), columns, rows, is_wide=True)


def is_off(level: Estimate) -> bool:
    """Whether more or fewer than predicted left, beyond chance."""
    return level.low > 0 or level.high < 0


def audit_table(findings: Sequence[Finding]) -> Table:
    """What a leak audit found."""
    rows: tuple[Row, ...] = tuple(
        (
            Cell(each.subject, each.where),
            each.severity,
            each.what,
            each.accepted or each.advice,
            "yes" if each.accepted else "no",
        )
        for each in findings
    )
    columns = ("column or feature", "how bad", "what was found", "why it was accepted, or what to do", "accepted")
    return Table("Found by the leak audit", "<<<<<", columns, rows, is_wide=True)


def band_table(customers: Explained) -> Table:
    """Scored customers by risk band, and those without a score."""
    words = customers.words
    bands = customers.bands.name(customers.probability, words.bands)
    ranges = (
        f"{share(customers.bands.high)} or more",
        f"{share(customers.bands.low)} to {share(customers.bands.high)}",
        f"below {share(customers.bands.low)}",
    )
    rows = [
        (band, ends, Cell(count((bands == band).sum()), share(np.mean(bands == band))))
        for band, ends in zip(words.bands, ranges, strict=True)
    ]
    if customers.not_due:
        rows += [("active, with no term that ends in the days looked at", "no score", Cell(count(customers.not_due)))]
    if customers.inactive:
        rows += [("not active any more", "no score", Cell(count(customers.inactive)))]
    if customers.no_history:
        rows += [("never active so far", "no score", Cell(count(customers.no_history)))]
    return Table(f"Customers by {words.risk}", "<<>", ("", words.chance, "customers"), tuple(rows))


def type_table(customers: Explained, numbers: Stages) -> Table:
    """Scored customers by type; one can be of several."""
    words = customers.words
    there = [(each, customers.types[each.name]) for each in TYPES if each.name in customers.types]
    is_high = customers.bands.name(customers.probability) == "high"
    rows = tuple(
        (
            each.plural,
            Cell(count(who.sum()), share(float(np.mean(who)))),
            share(float(customers.probability[who].mean())) if who.any() else UNKNOWN,
            Cell(count((who & is_high).sum()), share(float(is_high[who].mean())) if who.any() else ""),
        )
        for each, who in there
    )
    columns = ("", f"{words.who} customers", f"mean {words.chance}", words.at_high_risk)
    notes = tuple((each.plural, each.meaning.format_map(numbers.model_dump())) for each, _ in there)
    return Table("Customers by type; one can be of several", "<>>>", columns, rows, notes)


def driver_table(found: Sequence[Driver], words: Words) -> Table:
    """Concepts, strongest first, and the value that tells most of each."""
    rows = tuple((driver.concept, Cell(said_of(driver.teller), driver_words(driver, words))) for driver in found)
    return Table("The value that tells most of each", "<<", ("concept", "value"), rows)


def driver_words(driver: Driver, words: Words) -> str:
    """Which way the risk goes with the value that tells most of a concept."""
    if driver.is_common:
        return ALIKE
    said = TENDENCIES | SO_OR_NOT if driver.teller.at_zero else TENDENCIES
    return said[driver.tendency].format(risk=words.risk)


def source_table(report: SourceReport) -> Table:
    """Rows in = used + quarantined + ignored, then who and when."""
    rows = (
        ("rows in", count(report.rows_in), ""),
        ("used", count(report.used), _part(report.used, report)),
        *_by_reason("quarantined", report.quarantined, report),
        *_by_reason("ignored", report.ignored, report),
        *_covered(report),
        ("customers", count(report.customers), ""),
        ("rows without customer", count(report.missing_ids), _part(report.missing_ids, report)),
        *_repeated(report),
        *((f"noticed: {what.replace('_', ' ')}", count(times), "") for what, times in sorted(report.counted.items())),
    )
    caption = f"Source \u201c{report.name}\u201d ({report.role}), {counted(len(report.files), 'files')}"
    return Table(caption, "<>>", ("", "rows", "of all"), rows)


def listed_table(listed: Sequence[Listed], words: Words) -> Table:
    """The riskiest customers with their reasons."""
    rows = tuple(
        (str(place), each.customer_id, share(each.probability), typeset("; ".join(each.reasons)))
        for place, each in enumerate(listed, start=1)
    )
    return Table(
        f"{capital(words.chance)} and the reasons, strongest first",
        "><><",
        ("", "customer", words.chance, "why"),
        rows,
        is_wide=True,
    )


def _happened(evaluations: Mapping[int, Evaluation]) -> str:
    """What all of them predicted, as the heading of a column; there is one at least."""
    return next(iter(evaluations.values())).words.happened


def _asked(evaluation: Evaluation) -> list[str]:
    return [name for name in HEADLINE if name in evaluation.model.metrics]


def _predictor(name: str) -> Cell:
    short = name.replace("_", " ")
    words = spoken(name)
    return Cell(short, "" if words == f"the {short}" else words)


def _estimate(figure: Estimate) -> Cell:
    return Cell(decimal(figure.value), "" if isnan(figure.low) else f"{decimal(figure.low)} to {decimal(figure.high)}")


def _segment_cell(name: str, figure: Estimate) -> Cell:
    if name != LEVEL or isnan(figure.low):
        return _estimate(figure)
    value, low, high = (decimal(100 * each, "+.1f") for each in (figure.value, figure.low, figure.high))
    return Cell(value, f"{low} to {high}", "bad" if is_off(figure) else "")


def _difference(name: str, figure: Estimate) -> Cell:
    span = "" if isnan(figure.low) else f"{decimal(figure.low, '+.3f')} to {decimal(figure.high, '+.3f')}"
    if is_better(name, figure):
        return Cell(decimal(figure.value, "+.3f"), f"{span}\nbetter", "good")
    if is_worse(name, figure):
        return Cell(decimal(figure.value, "+.3f"), f"{span}\nworse", "bad")
    return Cell(decimal(figure.value, "+.3f"), span)


def _past_row(evaluation: Evaluation) -> Iterator[Cell | str]:
    figures, rule = evaluation.model.metrics, best_rule(evaluation, "auroc")
    yield count(evaluation.customers)
    yield share(evaluation.base_rate, 1)
    yield _estimate(figures["auroc"])
    yield Cell(UNKNOWN) if rule is None else Cell(decimal(evaluation.predictors[rule].metrics["auroc"].value), rule)
    yield _estimate(figures["log_loss"])
    yield _estimate(figures["lift_10pct"]) if "lift_10pct" in figures else UNKNOWN


def _beside(new: Evaluation, everyone: Evaluation, metric: str) -> tuple[Cell, str]:
    return _estimate(new.model.metrics[metric]), decimal(everyone.model.metrics[metric].value)


def _covered(report: SourceReport) -> Iterator[tuple[Cell, str, str]]:
    if report.first_day is not None and report.last_day is not None:
        span = f"{day(report.first_day)} to {day(report.last_day)}"
        yield Cell("days covered", span), count(report.last_day - report.first_day + 1), ""


def _by_reason(what: str, rows: Mapping[str, int], report: SourceReport) -> Iterator[tuple[Cell | str, str, str]]:
    yield what, count(sum(rows.values())), _part(sum(rows.values()), report)
    for reason, number in sorted(rows.items()):
        yield Cell("", IGNORED.get(reason, reason.replace("_", " "))), count(number), _part(number, report)


def _repeated(report: SourceReport) -> Iterator[tuple[str, str, str]]:
    if report.duplicates is not None:
        yield "rows that repeat another", count(report.duplicates), _part(report.duplicates, report)


def _part(rows: int, report: SourceReport) -> str:
    return share(rows / report.rows_in, 1) if report.rows_in else ""
