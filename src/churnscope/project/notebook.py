"""How a result shows itself in a notebook: what came out, the pictures that say it, and the next step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple
from functools import partial
from typing import TYPE_CHECKING, Any

from churnscope.evaluation.grade import DECIDING
from churnscope.reports.campaign_tables import ALIGN, COLUMNS, effect_rows
from churnscope.reports.canvas import drawn
from churnscope.reports.charts import (
    calibration_sentence,
    decile_sentence,
    draw_calibration,
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
    effect_sentence,
)
from churnscope.reports.definition_tables import agreement_table, crossed_table, kinds_table
from churnscope.reports.money_charts import draw_profit, draw_value, profit_sentence, value_sentence
from churnscope.reports.snippets import PICTURE_INCHES, drawing, grid, paragraph, picture, shown_rows, table
from churnscope.reports.tables import (
    audit_table,
    comparison_table,
    contract_value_table,
    decile_table,
    difference_table,
    driver_table,
    history_table,
    newcomer_table,
    profit_table,
    segment_table,
    sensitivity_table,
    source_table,
    value_models_table,
)
from churnscope.reports.uplift_chart import draw_qini, qini_sentence
from churnscope.reports.uplift_tables import arms_table, learners_table, policies_table
from churnscope.reports.wording import capital, counted, day, said_of, share
from churnscope.scoring import REASONS
from churnscope.timeline import is_part

if TYPE_CHECKING:
    from churnscope.features import FeatureSpec
    from churnscope.project.alerts.alerted import AlertsResult
    from churnscope.project.data.advise import AdviseResult
    from churnscope.project.data.definitions import DefinitionResult
    from churnscope.project.lifecycle.lived import LifecycleAnswer, LifecycleResult
    from churnscope.project.models.drivers import DriversResult
    from churnscope.project.models.versions import Comparison, VersionDetails, VersionList
    from churnscope.project.money.campaigns import CampaignResult
    from churnscope.project.money.listed import CallListResult
    from churnscope.project.money.outcomes import OutcomesResult
    from churnscope.project.money.uplifted import UpliftResult
    from churnscope.project.money.valued import ValueResult
    from churnscope.project.money.what_ifs import WhatIfResult
    from churnscope.project.results import (
        AuditResult,
        CatalogResult,
        CheckResult,
        EvaluateResult,
        ScoreResult,
        Summarised,
        TrainResult,
    )
    from churnscope.project.win_back.won_back import AnswersResult, WinBackReport, WinBackResult

ROWS_SHOWN = 10
CHARTS = (
    (draw_gains, gains_sentence),
    (draw_calibration, calibration_sentence),
    (draw_deciles, decile_sentence),
)
TO_CALL = ["rank", "customer_id", "agent", "action", "expected_gain", "value_at_risk"]
VALUED = ("customer_id", "alive_probability", "expected_purchase_days", "expected_spend", "spend_low", "spend_high", "value")
VALUED_CONTRACTS = (
    "customer_id",
    "contracts_in_force",
    "in_force_probability",
    "expected_spend",
    "spend_low",
    "spend_high",
    "value",
)
LISTED = ("customer_id", "churn_probability", "risk_decile", "risk_band", *REASONS)
LISTED_RETURNS = ("customer_id", "reactivation_probability", "return_decile", "return_band", *REASONS)
ALERTED = ("severity", "state", "rule", "customer_id", "group", "since", "what", "action")
TO_WIN_BACK = ("customer_id", "step", "channel", "offer", "entered", "reactivation_probability", "expected_value")


def html(result: Summarised) -> str:
    """A result as HTML: its summary, what belongs to its kind, its next step."""
    parts = [paragraph(result.summary, strong=True), *DETAILS.get(type(result).__name__, _nothing)(result)]
    last = paragraph(result.next_step)
    return "".join(parts if not result.next_step or last in parts else [*parts, last])


def _nothing(_result: Summarised) -> Iterator[str]:
    return iter(())


def _check(result: CheckResult) -> Iterator[str]:
    yield from (table(source_table(report)) for report in result.reports)
    yield from map(paragraph, result.advice)


def _trained(result: TrainResult) -> Iterator[str]:
    (test,) = result.split.test
    unseen = "by models trained on others" if is_part(test) else f"of {day(test)}, whose outcomes it had not seen"
    happened = result.evaluation.words.happened
    yield paragraph(
        f"Learned from {counted(result.rows, 'snapshots')} ({share(result.churned / result.rows)} of them {happened}) by "
        f"{counted(result.features, 'features')}; judged on {counted(result.evaluation.customers, 'customers')} {unseen}."
    )
    yield from _labelled(result)
    yield from _judged(result)


def _lived(result: LifecycleResult) -> Iterator[str]:
    for section in result.sections:
        yield from (drawing(each.sentence, each.draw, each.size) for each in section.pictures)
        yield from map(table, section.tables)


def _of_one_part(result: LifecycleAnswer) -> Iterator[str]:
    for place, section in enumerate(result.sections):
        yield from () if place == 0 or not section.lead else (paragraph(section.lead),)
        yield from (drawing(each.sentence, each.draw, each.size) for each in section.pictures)
        yield from map(table, section.tables)
        yield from map(paragraph, section.closing)


def _evaluated(result: EvaluateResult) -> Iterator[str]:
    yield from _labelled(result)
    yield from _judged(result)
    past = {fold.cutoff: fold.evaluation for fold in result.backtest}
    if len(past) > 1:
        for metric in DECIDING if not any(map(is_part, past)) else ():
            yield drawing(history_sentence(past, metric), partial(draw_history, past=past, metric=metric))
        yield table(history_table(past))
    new = {fold.cutoff: fold.newcomers for fold in result.backtest if fold.newcomers is not None}
    if new:
        yield table(newcomer_table(new, past))
    if result.evaluation.segments:
        yield table(segment_table(result.evaluation))
    if result.profit is not None:
        yield drawing(profit_sentence(result.profit), partial(draw_profit, figures=result.profit))
        yield table(profit_table(result.profit))
        yield table(sensitivity_table(result.profit))


def _labelled(result: TrainResult | EvaluateResult) -> Iterator[str]:
    if result.label is not None:
        left_out = f" {counted(result.unlabelled, 'snapshots')} are left out." if result.unlabelled else ""
        happened = capital(result.evaluation.words.happened)
        kind = f" ({result.label.kind.replace('_', ' ')})" if result.label.predicted == "churn" else ""
        yield paragraph(f"{happened}{kind}: {result.label.churned}{left_out}")


def _judged(result: TrainResult | EvaluateResult | VersionDetails) -> Iterator[str]:
    evaluation = result.evaluation
    yield paragraph(result.grade.reason)
    yield table(comparison_table(evaluation))
    if evaluation.differences:
        yield table(difference_table(evaluation))
    for draw, sentence in CHARTS:
        yield drawing(sentence(evaluation), partial(draw, evaluation=evaluation))
    yield table(decile_table(evaluation))


def _scored(result: ScoreResult) -> Iterator[str]:
    leaves = result.predicted == "churn"
    rows = result.to_arrow().select(LISTED if leaves else LISTED_RETURNS)
    yield shown_rows(rows, ROWS_SHOWN, f"a customer, the {'riskiest' if leaves else 'likeliest or most valuable'} first")


def _valued(result: ValueResult) -> Iterator[str]:
    from churnscope.project.money.valued import ValueFigures

    figures = result.figures
    is_of_purchases = isinstance(figures, ValueFigures)
    yield from map(paragraph, figures.notes)
    if isinstance(figures, ValueFigures):
        if figures.judgement is not None:
            yield table(value_models_table(figures.judgement, figures.used))
    elif figures.judgement is not None:
        yield table(contract_value_table(figures.judgement.errors, figures.judgement.spend))
    values = [tenth.value for tenth in figures.tenths]
    yield drawing(value_sentence(values), partial(draw_value, values=values))
    columns = VALUED if is_of_purchases else VALUED_CONTRACTS
    yield shown_rows(result.to_arrow().select(columns), ROWS_SHOWN, "a customer, the most valuable first")


def _to_call(result: CallListResult) -> Iterator[str]:
    figures = result.figures
    uses = (
        (
            name.replace("_", " "),
            f"{use.lines:,}",
            f"{use.control:,}",
            f"{use.minutes:,.0f}",
            f"{use.cost:,.0f}",
            f"{use.gain:,.0f}",
        )
        for name, use in figures.actions.items()
    )
    yield grid(uses, ("action", "to call", "control", "minutes", "cost", "expected gain"), "<>>>>>")
    agents = (
        (name, f"{use.lines:,}", f"{use.minutes:,.0f} of {use.minutes_there:,.0f}") for name, use in figures.agents.items()
    )
    yield grid(agents, ("agent", "lines", "minutes"), "<>>")
    yield from map(paragraph, figures.notes)
    if any(path.suffix in {".csv", ".parquet"} and "control" not in path.name for path in result.outputs):
        yield shown_rows(result.to_arrow().select(TO_CALL), ROWS_SHOWN, "a customer to call, the first one first")


def _tried(result: WhatIfResult) -> Iterator[str]:
    yield picture(result.picture.read_bytes(), result.summary)


def _uplifted(result: UpliftResult) -> Iterator[str]:
    figures = result.figures
    yield from map(paragraph, figures.notes)
    curves = {offer.rate.name: offer.learners for offer in figures.offers}
    yield drawing(qini_sentence(curves, figures.learner), partial(draw_qini, curves=curves, learner=figures.learner))
    yield table(arms_table(figures.control, [offer.rate for offer in figures.offers]))
    yield table(learners_table(curves))
    yield table(policies_table(figures.policies))
    yield shown_rows(result.to_arrow().drop_columns(["as_of", "run_id"]), ROWS_SHOWN, "a customer, the largest gain first")


def _added(result: OutcomesResult) -> Iterator[str]:
    if result.quarantined:
        yield grid(((rule, f"{rows:,}") for rule, rows in result.quarantined.items()), ("quarantined", "rows"), "<>")


def _campaigns(result: CampaignResult) -> Iterator[str]:
    for each in result.campaigns:
        yield paragraph(f"{each.campaign}: {each.verdict}")
        if each.effect is not None:
            yield grid(effect_rows(each.effect), COLUMNS, ALIGN)
        yield from map(paragraph, each.notes)


def _driven(result: DriversResult) -> Iterator[str]:
    found = tuple(driver for driver in result.drivers if driver.share >= LEAST_SHARE)[:MOST_DRIVERS]
    if found:
        size = (PICTURE_INCHES[0], 1.1 + 0.24 * len(found))
        yield picture(drawn(partial(draw_drivers, found=found), size=size), result.summary)
        yield table(driver_table(found, result.words))
    yield from (paragraph(f"{common_sentence(driver, result.words)}.") for driver in result.common)
    for curve in result.effects:
        yield drawing(effect_sentence(curve, result.words), partial(draw_effect, effect=curve))


def _catalog(result: CatalogResult) -> Iterator[str]:
    by_family: dict[str, list[FeatureSpec]] = {}
    for spec in result.features:
        by_family.setdefault(spec.family, []).append(spec)
    rows = ((family, result.families[family], str(len(specs)), said_of(specs[0])) for family, specs in by_family.items())
    yield grid(rows, ("family", "what it tells", "features", "the first of them"), "<<><")


def _audited(result: AuditResult) -> Iterator[str]:
    if result.findings:
        yield table(audit_table(result.findings))


def _advised(result: AdviseResult) -> Iterator[str]:
    yield picture(result.picture.read_bytes(), result.summary)


def _defined(result: DefinitionResult) -> Iterator[str]:
    sentences = zip(("active", "churned", "time to act"), astuple(result.a)[1:], astuple(result.b)[1:], strict=True)
    yield grid(sentences, ("", f"A: {result.a.name}", f"B: {result.b.name}"))
    if result.keys:
        yield grid(map(astuple, result.keys), ("key that differs", "A", "B"))
    yield table(agreement_table(result.cutoffs))
    newest = result.newest
    yield table(crossed_table(newest, result.cutoffs[newest]))
    yield table(kinds_table(newest, result.kinds[newest]))


def _listed(result: VersionList) -> Iterator[str]:
    if result.versions:
        header = ("version", "as of", "test cutoff", "AUROC", "log loss", "grade", "")
        yield grid(
            (
                (
                    each.version,
                    each.as_of,
                    each.cutoff,
                    *("" if number is None else f"{number:.3f}" for number in (each.auroc, each.log_loss)),
                    each.grade or f"damaged: {each.damage}",
                    ", ".join((*each.marks, *([f"{each.stands_in} in place of a model"] if each.stands_in else ()))),
                )
                for each in result.versions
            ),
            header,
        )


def _detailed(result: VersionDetails) -> Iterator[str]:
    yield paragraph(f"At the test cutoff {result.cutoff}, which its twin for evaluation never saw:")
    yield from _judged(result)


def _compared(result: Comparison) -> Iterator[str]:
    yield table(comparison_table(result.evaluation))


def _alerted(result: AlertsResult) -> Iterator[str]:
    rules = (
        (name, rule.severity, f"{rule.new:,}", f"{rule.open:,}", f"{rule.resolved:,}") for name, rule in result.rules.items()
    )
    yield grid(rules, ("rule", "severity", "new", "open", "resolved"), "<<>>>")
    waiting = (f"Not sent to {each.destination} yet: {each.reason}" for each in result.deliveries if not each.sent)
    yield from map(paragraph, (*result.notes, *waiting))
    if result.outputs:
        yield shown_rows(result.to_arrow().select(ALERTED), ROWS_SHOWN, "an alert, the most serious first")


def _to_win_back(result: WinBackResult) -> Iterator[str]:
    today = result.figures
    steps = ((name, f"{customers:,}") for name, customers in today.steps.items())
    yield grid(steps, ("step", "customers"), "<>")
    yield paragraph(
        f"{counted(today.entered, 'customers')} entered, {today.control:,} of them are left alone as control; "
        f"for {today.waiting:,} there was no room."
    )
    yield shown_rows(result.to_arrow().select(TO_WIN_BACK), ROWS_SHOWN, "a customer and the step they get")


def _answered(result: AnswersResult) -> Iterator[str]:
    if result.refused:
        yield grid(((rule, f"{rows:,}") for rule, rows in result.refused.items()), ("not used", "rows"), "<>")


def _won_back(result: WinBackReport) -> Iterator[str]:
    steps = ((name, f"{use.customers:,}", f"{use.cost:,.2f}") for name, use in result.steps.items())
    yield grid(steps, ("step", "customers", "cost"), "<>>")
    if result.effect is not None:
        arms = result.effect.called, result.effect.control
        rows = [("customers", *(f"{arm.customers:,}" for arm in arms)), ("came back", *(f"{arm.stayed:,}" for arm in arms))]
        yield grid(rows, ("", "contacted", "left alone"), "<>>")
    if result.open:
        yield paragraph(
            f"Of {counted(result.open, 'customers')} the {counted(result.window_days, 'days')} are not over: they are left out."
        )


DETAILS: dict[str, Callable[[Any], Iterator[str]]] = {
    "AdviseResult": _advised,
    "AlertsResult": _alerted,
    "AnswersResult": _answered,
    "AuditResult": _audited,
    "CheckResult": _check,
    "CallListResult": _to_call,
    "CampaignResult": _campaigns,
    "DefinitionResult": _defined,
    "DriversResult": _driven,
    "LifecycleAnswer": _of_one_part,
    "LifecycleResult": _lived,
    "TrainResult": _trained,
    "EvaluateResult": _evaluated,
    "OutcomesResult": _added,
    "ScoreResult": _scored,
    "UpliftResult": _uplifted,
    "ValueResult": _valued,
    "WhatIfResult": _tried,
    "WinBackReport": _won_back,
    "WinBackResult": _to_win_back,
    "CatalogResult": _catalog,
    "VersionList": _listed,
    "VersionDetails": _detailed,
    "Comparison": _compared,
}
