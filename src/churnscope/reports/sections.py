"""The sections of a report, in the order they are read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from churnscope.evaluation.grade import DECIDING
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
    MOST_DRIVERS,
    draw_drivers,
    draw_effect,
    draw_scores,
    drivers_sentence,
    effect_sentence,
    score_sentence,
)
from churnscope.reports.findings import Findings
from churnscope.reports.page import PICTURE_INCHES, Picture, Section
from churnscope.reports.tables import (
    band_table,
    comparison_table,
    decile_table,
    difference_table,
    driver_table,
    history_table,
    listed_table,
    reliability_table,
    source_table,
)
from churnscope.reports.wording import active_customers, churned_customers, count, counted, day, share, time_to_act

FEWEST_CUTOFFS = 2  # below it there is no line to draw


def sections(findings: Findings) -> tuple[Section, ...]:
    """All sections there is something to say in."""
    return tuple(section for build in SECTIONS for section in build(findings))


def prediction(findings: Findings) -> Iterator[Section]:
    """What was predicted of whom."""
    facts = (
        ("Active", active_customers(findings.config)),
        ("Churned", churned_customers(findings.config)),
        ("Time to act", time_to_act(findings.config)),
        ("Judged on", _judged_on(findings)),
        ("Learned from", _learned_from(findings)),
        ("Scored", f"{counted(len(findings.customers.probability), 'customers')} who are active on {day(findings.as_of)}."),
    )
    lead = "A cutoff is the morning on which the future is asked for: only what happened before it is seen."
    yield Section("prediction", "What was predicted, and of whom", lead, facts)


def comparison(findings: Findings) -> Iterator[Section]:
    """The model beside its baselines."""
    evaluation = findings.judged.evaluation
    pictures = tuple(
        Picture(comparison_sentence(evaluation, metric), partial(draw_comparison, evaluation=evaluation, metric=metric))
        for metric in DECIDING
    )
    tables = (comparison_table(evaluation), *((difference_table(evaluation),) if evaluation.differences else ()))
    lead = "A model is worth its trouble where it is better than the rules anyone could write."
    yield Section("comparison", "The model against simple rules", lead, pictures=pictures, tables=tables)


def calibration(findings: Findings) -> Iterator[Section]:
    """Whether the probabilities hold."""
    evaluation = findings.judged.evaluation
    picture = Picture(calibration_sentence(evaluation), partial(draw_calibration, evaluation=evaluation))
    lead = (
        "Of 100 customers at 20%, about 20 should leave. On the dashed line they do; within the grey band it may be chance "
        "that keeps them off it."
    )
    table = reliability_table(evaluation)
    yield Section("calibration", "Do the probabilities hold?", lead, pictures=(picture,), tables=(table,))


def gains(findings: Findings) -> Iterator[Section]:
    """How many of those who leave are reached by calling the riskiest."""
    evaluation = findings.judged.evaluation
    pictures = (
        Picture(gains_sentence(evaluation), partial(draw_gains, evaluation=evaluation)),
        Picture(decile_sentence(evaluation), partial(draw_deciles, evaluation=evaluation)),
    )
    yield Section("gains", "Whom a list of the riskiest reaches", pictures=pictures, tables=(decile_table(evaluation),))


def over_time(findings: Findings) -> Iterator[Section]:
    """The evaluation cutoff by cutoff."""
    past = dict(sorted(findings.past.items()))
    if len(past) < FEWEST_CUTOFFS:
        return
    pictures = tuple(
        Picture(history_sentence(past, metric), partial(draw_history, past=past, metric=metric)) for metric in DECIDING
    )
    lead = "Each cutoff was judged by the model of its time, on outcomes that it had not learned from."
    yield Section("over-time", "Over time", lead, pictures=pictures, tables=(history_table(past),))


def scores(findings: Findings) -> Iterator[Section]:
    """The scores of the day."""
    customers, title = findings.customers, f"The scores of {day(findings.as_of)}"
    if len(customers.probability):
        picture = Picture(score_sentence(customers), partial(draw_scores, customers=customers))
        yield Section("scores", title, pictures=(picture,), tables=(band_table(customers),))
    else:
        yield Section("scores", title, "No customer is active on that day, so there is nobody to score.")


def what_drives(findings: Findings) -> Iterator[Section]:
    """What moves the scores, by concept."""
    found = findings.customers.drivers[:MOST_DRIVERS]
    if not found:
        return
    height = 1.1 + 0.24 * len(found)
    picture = Picture(drivers_sentence(found), partial(draw_drivers, found=found), (PICTURE_INCHES[0], height))
    lead = (
        "What raises or lowers the scores of the day's customers, as the model sees it. It is no proof of a cause: who buys "
        "rarely often leaves, and would not stay for being made to buy."
    )
    yield Section("drivers", "What drives churn", lead, pictures=(picture,), tables=(driver_table(found),))


def effects(findings: Findings) -> Iterator[Section]:
    """How the risk goes with the values that tell most."""
    curves = findings.customers.effects
    if not curves:
        return
    lead = (
        "What the features of a concept do together to the odds of leaving, by the value that tells most of it: a factor of 2 "
        "doubles the odds of the average customer the model learned from, one of 0.5 halves them. Each dot is about a tenth "
        "of the customers; in the shaded range lie four in five of them, as other features have their say."
    )
    pictures = tuple(Picture(effect_sentence(curve), partial(draw_effect, effect=curve)) for curve in curves)
    yield Section("effects", "How the risk goes with the values", lead, pictures=pictures)


def data_quality(findings: Findings) -> Iterator[Section]:
    """What was found in the files."""
    advice = tuple(sentence for report in findings.sources for sentence in report.advice)
    lead = "Every row that was read was used, set apart as faulty (quarantined), or left aside on purpose (ignored)."
    yield Section("data", "The data", lead, tables=tuple(map(source_table, findings.sources)), closing=advice)


def riskiest(findings: Findings) -> Iterator[Section]:
    """The top of the list."""
    listed = findings.customers.listed
    if findings.names_customers and listed:
        lead = "The top of the list that churnscope score writes."
        yield Section("riskiest", f"The {counted(len(listed), 'riskiest customers')}", lead, tables=(listed_table(listed),))


def _judged_on(findings: Findings) -> str:
    judged, prediction = findings.judged, findings.config.prediction
    first = judged.cutoff + prediction.gap_days
    last = first + prediction.horizon_days - 1
    evaluation = judged.evaluation
    churned = f"{count(evaluation.churned)} of them churned ({share(evaluation.base_rate, 1)})"
    return (
        f"{counted(evaluation.customers, 'customers')} who were active on {day(judged.cutoff)}. From {day(first)} to "
        f"{day(last)}, {churned}. The model that was judged had learned from nothing later than that cutoff."
    )


def _learned_from(findings: Findings) -> str:
    learned, used = findings.learned_from, findings.features - findings.dropped
    dropped = f" ({count(findings.dropped)} more tell no two customers apart)" if findings.dropped else ""
    span = f"from {day(learned[0])} to {day(learned[-1])}"
    return f"{counted(len(learned), 'cutoffs')} {span}, by {counted(used, 'features')}{dropped}."


SECTIONS = (
    prediction,
    comparison,
    calibration,
    gains,
    over_time,
    scores,
    what_drives,
    effects,
    data_quality,
    riskiest,
)
