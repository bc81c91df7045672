"""The sections of a report, in the order they are read: the question, the customers, the proof, the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial

from churnscope.config.models import Profit
from churnscope.decisions import ProfitFigures
from churnscope.evaluation.grade import DECIDING
from churnscope.evaluation.tables import LEVEL
from churnscope.predicted import CHURN
from churnscope.reports.charts import (
    calibration_sentence,
    comparison_sentence,
    decile_sentence,
    draw_calibration,
    draw_comparison,
    draw_deciles,
    draw_gains,
    draw_history,
    gains_sentence,
    history_sentence,
)
from churnscope.reports.customer_charts import (
    LEAST_SHARE,
    MOST_DRIVERS,
    common_sentence,
    draw_drivers,
    draw_effect,
    draw_scores,
    drivers_sentence,
    effect_sentence,
    score_sentence,
)
from churnscope.reports.drivers import telling
from churnscope.reports.findings import Findings
from churnscope.reports.list_tables import call_list
from churnscope.reports.money_charts import draw_profit, profit_sentence
from churnscope.reports.page import PICTURE_INCHES, Part, Picture, Section
from churnscope.reports.tables import (
    audit_table,
    band_table,
    comparison_table,
    decile_table,
    difference_table,
    driver_table,
    history_table,
    is_off,
    listed_table,
    newcomer_table,
    profit_table,
    reliability_table,
    segment_table,
    sensitivity_table,
    source_table,
    type_table,
)
from churnscope.reports.wording import (
    active_customers,
    capital,
    churned_customers,
    count,
    counted,
    day,
    share,
    time_to_act,
)
from churnscope.timeline import NO_DATE, is_part

FEWEST_CUTOFFS = 2  # below it there is no line to draw
LOOKS = {
    1: "One run has looked at this cutoff.",
    2: "{times} different runs have looked at this cutoff: the more, the more of a good figure may be luck.",
}
ONE_CUTOFF = (
    "So far the model was judged at one cutoff. This command judges its recipe at earlier ones too; the next report then shows "
    "them here."
)
PART_BY_PART = "Each fifth of the customers was judged by a model of the same recipe that had learned from the others."
ONE_PART = "This command judges its recipe part by part; the next report then shows the parts here."
JUDGE_EARLIER = "churnscope evaluate CONFIG --model champion"  # on a line of its own: an option is not broken at its hyphens


def parts(findings: Findings) -> tuple[Part, ...]:
    """All parts and sections there is something to say in."""
    built = [
        Part(anchor, title, tuple(section for build in builders for section in build(findings)))
        for anchor, title, builders in PARTS
    ]
    return tuple(part for part in built if part.sections)


def prediction(findings: Findings) -> Iterator[Section]:
    """What was predicted of whom."""
    words = findings.words
    facts = (
        (capital(words.who) if findings.config.flat is None else "Customers", active_customers(findings.config)),
        (capital(words.happened), churned_customers(findings.config)),
        *((("Kind of label", findings.config.label.kind.replace("_", " ")),) if words is CHURN else ()),
        ("Time to act", time_to_act(findings.config)),
        ("Judged on", _judged_on(findings)),
        ("Learned from", _learned_from(findings)),
        ("Scored", f"{counted(len(findings.customers.probability), 'customers')} {_who(findings)}."),
    )
    lead = (
        ""
        if not findings.config.has_days
        else "A cutoff is the morning on which the future is asked for: only what happened before it is seen."
    )
    origin = f"Config {findings.stamp.config[:16]}; cutoffs and features: model {findings.stamp.model}."
    yield Section("prediction", "What was predicted, and of whom", lead, facts, origin=origin)


def comparison(findings: Findings) -> Iterator[Section]:
    """The model beside its baselines."""
    evaluation = findings.judged.evaluation
    pictures = tuple(
        Picture(comparison_sentence(evaluation, metric), partial(draw_comparison, evaluation=evaluation, metric=metric))
        for metric in DECIDING
    )
    tables = (comparison_table(evaluation), *((difference_table(evaluation),) if evaluation.differences else ()))
    lead = "A model is worth its trouble where it is better than the rules anyone could write."
    origin = _judged_in(findings)
    yield Section("comparison", "The model against simple rules", lead, pictures=pictures, tables=tables, origin=origin)


def calibration(findings: Findings) -> Iterator[Section]:
    """Whether the probabilities hold."""
    evaluation = findings.judged.evaluation
    picture = Picture(calibration_sentence(evaluation), partial(draw_calibration, evaluation=evaluation))
    lead = (
        f"Of 100 customers at 20%, about 20 should {findings.words.leave}. On the dashed line they do; within the grey band it "
        "may be chance that keeps them off it."
    )
    table = reliability_table(evaluation)
    origin = _judged_in(findings)
    yield Section("calibration", "Do the probabilities hold?", lead, pictures=(picture,), tables=(table,), origin=origin)


def gains(findings: Findings) -> Iterator[Section]:
    """How many of those who leave are reached by calling the riskiest."""
    evaluation = findings.judged.evaluation
    pictures = (
        Picture(gains_sentence(evaluation), partial(draw_gains, evaluation=evaluation)),
        Picture(decile_sentence(evaluation), partial(draw_deciles, evaluation=evaluation)),
    )
    table, origin = decile_table(evaluation), _judged_in(findings)
    title = f"Whom a list of the {findings.words.riskiest} reaches"
    yield Section("gains", title, pictures=pictures, tables=(table,), origin=origin)


def _is_as_declared(figures: ProfitFigures, declared: Profit) -> bool:
    """Whether figures rest on what the config says now."""
    assumed = asdict(figures.offer) | ({} if figures.own is None else {"value": "customer"})
    return assumed == declared.model_dump()


def profit(findings: Findings) -> Iterator[Section]:
    """The model in money."""
    figures = findings.judged.profit
    if findings.config.profit is None or findings.config.is_of_reactivation:
        return
    title, origin = "What is it worth in money?", _judged_in(findings)
    if figures is None or not _is_as_declared(figures, findings.config.profit):
        yield Section(
            "profit",
            title,
            "The model was judged before [profit] stood in the config as it does. To see it here:",
            closing=("churnscope train CONFIG",),
        )
        return
    offer, own = figures.offer, figures.own
    each = "by the value model as of that day" if own is not None else f"{offer.value:g}"
    lead = (
        f"A contact costs {offer.contact_cost:g}, the offer {offer.offer_cost:g}. Of those about to leave "
        f"{share(offer.acceptance)} accept it and stay, each worth {each}; whoever would have stayed anyway takes it "
        "too. That contacts keep customers at all is assumed here: only a control group can show it."
    )
    picture = Picture(profit_sentence(figures), partial(draw_profit, figures=figures))
    tables = (profit_table(figures), sensitivity_table(figures))
    yield Section("profit", title, lead, pictures=(picture,), tables=tables, origin=origin)


def over_time(findings: Findings) -> Iterator[Section]:
    """The evaluation cutoff by cutoff."""
    if not findings.config.has_days:
        yield from _part_by_part(findings)
        return
    past, title = dict(sorted(findings.past.items())), "Did it hold over time?"
    if len(past) < FEWEST_CUTOFFS:
        yield Section("over-time", title, ONE_CUTOFF, closing=(JUDGE_EARLIER,))
        return
    pictures = tuple(
        Picture(history_sentence(past, metric), partial(draw_history, past=past, metric=metric)) for metric in DECIDING
    )
    lead = "Each cutoff was judged by a model of the same recipe that had learned only from what was known on that day."
    origin = (
        f"{_judged_in(findings)} Of the other cutoffs: evaluation.json of churnscope evaluate, named at the end of the page."
    )
    yield Section("over-time", title, lead, pictures=pictures, tables=(history_table(past),), origin=origin)


def _part_by_part(findings: Findings) -> Iterator[Section]:
    """The evaluation part by part, where no date divides the customers."""
    parts, origin = {cutoff: each for cutoff, each in sorted(findings.past.items()) if is_part(cutoff)}, _judged_in(findings)
    title, lead = "Does it hold for other customers, and later?", f"{NO_DATE} {PART_BY_PART}"
    tables, closing = ((history_table(parts),), ()) if parts else ((), (ONE_PART, JUDGE_EARLIER))
    yield Section("over-time", title, lead, tables=tables, closing=closing, origin=origin)


def newcomers(findings: Findings) -> Iterator[Section]:
    """The evaluation on customers that were never trained on."""
    new = {cutoff: each for cutoff, each in sorted(findings.newcomers.items()) if cutoff in findings.past}
    if new:
        words = findings.words
        lead = (
            "A model could know old customers by heart. These were new: none of their earlier days was trained on. "
            f"Where they are few, the intervals are wide; a dash stands where they all {words.left}, or all {words.stayed}."
        )
        table = newcomer_table(new, findings.past)
        origin = "Figures: evaluation.json of churnscope evaluate, named at the end of the page."
        yield Section("newcomers", "Customers the model never met", lead, tables=(table,), origin=origin)


def segments(findings: Findings) -> Iterator[Section]:
    """The model on parts of the customers."""
    evaluation, words = findings.judged.evaluation, findings.words
    if evaluation.segments:
        lead = (
            "A model that is right on the whole may be wrong about the new or the frequent customers. Predicted minus "
            f"{words.happened} is in points: above 0 where too many were expected to {words.leave}. Segments of fewer than 50 "
            "customers are not shown."
        )
        off = [f"{each.by}: {each.name}" for each in evaluation.segments if is_off(each.metrics[LEVEL])]
        closing = f"Off by more than chance: {'; '.join(off)}." if off else "In none of them is it off by more than chance."
        title, tables = "Is it right about every kind of customer?", (segment_table(evaluation),)
        yield Section("segments", title, lead, tables=tables, closing=(closing,), origin=_judged_in(findings))


def leak_audit(findings: Findings) -> Iterator[Section]:
    """Whether the training knew what could not be known."""
    if findings.audit is None:
        return
    lead = (
        "The audit looks for features that tell the outcome beyond belief, features that read rows of the future, and columns "
        "whose past was written over since an earlier run."
    )
    found, origin = findings.audit, f"Leak audit of the training: figures.json of model {findings.stamp.model}."
    closing = () if found else ("Nothing was found.",)
    tables = (audit_table(found),) if found else ()
    yield Section("leaks", "Did the model see the future?", lead, tables=tables, closing=closing, origin=origin)


def scores(findings: Findings) -> Iterator[Section]:
    """The scores of the day."""
    customers, title = findings.customers, f"The scores of {day(findings.as_of)}"
    if len(customers.probability):
        picture = Picture(score_sentence(customers), partial(draw_scores, customers=customers))
        tables = (band_table(customers), *((type_table(customers, findings.config.stages),) if customers.types else ()))
        yield Section("scores", title, pictures=(picture,), tables=tables, origin=_scored_by(findings))
    else:
        yield Section("scores", title, f"No customer is {customers.words.who} on that day, so there is nobody to score.")


def what_drives(findings: Findings) -> Iterator[Section]:
    """What moves the scores, by concept."""
    found = tuple(driver for driver in telling(findings.customers.drivers) if driver.share >= LEAST_SHARE)[:MOST_DRIVERS]
    if not found:
        return
    height = 1.1 + 0.24 * len(found)
    picture = Picture(drivers_sentence(found), partial(draw_drivers, found=found), (PICTURE_INCHES[0], height))
    words = findings.words
    lead = f"What raises or lowers the scores of the day's customers, as the model sees it. {words.no_cause}"
    closing = tuple(f"{common_sentence(driver, words)}." for driver in findings.customers.drivers if driver.is_common)
    tables, origin = (driver_table(found, words),), _scored_by(findings)
    yield Section(
        "drivers", f"What drives {words.noun}", lead, pictures=(picture,), tables=tables, closing=closing, origin=origin
    )


def effects(findings: Findings) -> Iterator[Section]:
    """How the risk goes with the values that tell most."""
    curves, words = findings.customers.effects, findings.words
    if not curves:
        return
    lead = (
        f"What the features of a concept do together to the odds of {words.leaving}, by the value that tells most of it: a "
        "factor of 2 doubles the odds of the average customer the model learned from, one of 0.5 halves them. Each dot is "
        "about a tenth of the customers; in the shaded range lie four in five of them, as other features have their say."
    )
    pictures = tuple(Picture(effect_sentence(curve, words), partial(draw_effect, effect=curve)) for curve in curves)
    yield Section("effects", f"How the {words.risk} goes with the values", lead, pictures=pictures, origin=_scored_by(findings))


def data_quality(findings: Findings) -> Iterator[Section]:
    """What was found in the files."""
    advice = tuple(sentence for report in findings.sources for sentence in report.advice)
    lead = "Every row that was read was used, set apart as faulty (quarantined), or left aside on purpose (ignored)."
    tables, origin = (
        tuple(map(source_table, findings.sources)),
        "Counted for this page; churnscope check CONFIG counts them too.",
    )
    yield Section("rows", "Rows read, used and set apart", lead, tables=tables, closing=advice, origin=origin)


def riskiest(findings: Findings) -> Iterator[Section]:
    """The top of the list."""
    listed = findings.customers.listed
    if findings.names_customers and listed:
        words = findings.words
        lead = (
            f"{words.top_of_list} Among the reasons, what raises the {words.risk} comes first, strongest first; what sets a "
            "customer apart is preferred to what most have in common."
        )
        title, tables = f"The {counted(len(listed), f'{words.riskiest} customers')}", (listed_table(listed, words),)
        yield Section("riskiest", title, lead, tables=tables, origin=_scored_by(findings))


def _who(findings: Findings) -> str:
    return (
        f"who are {findings.words.who} on {day(findings.as_of)}"
        if findings.config.flat is None
        else "of the file, known or not"
    )


def _judged_on(findings: Findings) -> str:
    judged, prediction = findings.judged, findings.config.prediction
    first = judged.cutoff + prediction.gap_days
    last = first + prediction.horizon_days - 1
    evaluation = judged.evaluation
    churned = f"{count(evaluation.churned)} of them {findings.words.happened} ({share(evaluation.base_rate, 1)})"
    if not findings.config.has_days:
        customers = counted(evaluation.customers, "customers")
        return f"{customers}; {churned}. Each was judged by a model of the same recipe trained on other customers. {NO_DATE}"
    looks = f" {LOOKS[min(findings.looks, 2)].format(times=findings.looks)}" if findings.looks else ""
    return (
        f"{counted(evaluation.customers, 'customers')} who were {findings.words.who} on {day(judged.cutoff)}. "
        f"From {day(first)} to {day(last)}, {churned}. The model that was judged had learned from nothing later than that "
        f"cutoff.{looks}"
    )


def _judged_in(findings: Findings) -> str:
    return f"Figures of {day(findings.judged.cutoff)}: figures.json of model {findings.stamp.model}."


def _scored_by(findings: Findings) -> str:
    return f"Scored for this page by model {findings.stamp.model} from what was known before {day(findings.as_of)}."


def _learned_from(findings: Findings) -> str:
    learned, used = findings.learned_from, findings.features - findings.dropped
    tell = "tells" if findings.dropped == 1 else "tell"
    dropped = f" ({count(findings.dropped)} more {tell} no two customers apart)" if findings.dropped else ""
    if not findings.config.has_days:
        return f"All customers of the file whose label is known, by {counted(used, 'features')}{dropped}."
    span = f"from {day(learned[0])} to {day(learned[-1])}"
    return f"{counted(len(learned), 'cutoffs')} {span}, by {counted(used, 'features')}{dropped}."


# A section more is a function from findings to sections, and its name here.
PARTS: tuple[tuple[str, str, tuple[Callable[[Findings], Iterator[Section]], ...]], ...] = (
    ("question", "The question", (prediction,)),
    ("customers", "The customers: who, and why", (scores, riskiest, call_list, what_drives, effects)),
    ("proof", "The proof: can it be trusted?", (comparison, gains, profit, calibration, over_time, newcomers, segments)),
    ("data", "The data it rests on", (data_quality, leak_audit)),
)
