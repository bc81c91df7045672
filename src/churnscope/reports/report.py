"""The report: what was found, as a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from churnscope.evaluation.grade import DECIDING, Grade, spoken
from churnscope.reports.charts import best_rule, calibration_sentence, gains_sentence, history_sentence
from churnscope.reports.findings import Findings
from churnscope.reports.page import Page, Part, Section, Tone, Verdict
from churnscope.reports.sections import FEWEST_CUTOFFS, parts
from churnscope.reports.wording import capital, count, day, decimal, share, typeset

MEANINGS = {
    "use it": "On {others} both the order and the probabilities were better than those of the simple rules.",
    "use the order only": (
        "The order is better than that of the simple rules, the probabilities are not: call from the top of the list, and "
        "multiply nothing by money."
    ),
    "no better": "A rule anyone could write orders the customers as well. Use the rule, or give the model more to learn from.",
    "too little data": "So few customers {happened} that no figure below is firm. Come back with more history.",
}
STANDS_IN = (
    "No model has beaten the simple rules yet, so {rule} scores the customers. Where this page says model, it is that rule."
)
MIND = " Mind that these probabilities, though better than the rules', are off by more than chance explains."
NAMES_CUSTOMERS = (
    "This page names customers. It was written so that its owner alone can read it (file mode 0600): keep it as you keep your "
    "customer file. With --no-customers it is written without names."
)


def report_page(findings: Findings) -> Page:
    """The whole page."""
    name = findings.config.name.replace("_", " ")
    return Page(
        title=f"{capital(findings.words.noun)} report: {name}",
        subtitle=f"As of {day(findings.as_of)}, by model {findings.stamp.model}",
        warning=NAMES_CUSTOMERS if findings.names_customers else "",
        verdict=verdict(findings),
        figures=figures(findings),
        parts=parts(findings),
        stamp=stamp(findings),
    )


def with_lifecycle(page: Page, sections: tuple[Section, ...]) -> Page:
    """A page with the life cycle of all customers as its last part, where it was told."""
    if not sections:
        return page
    return replace(page, parts=(*page.parts, Part("life-cycle", "The life cycle of all customers", sections)))


def verdict(findings: Findings) -> Verdict:
    """The grade and why, in plain words."""
    evaluation, grade = findings.judged.evaluation, findings.judged.grade
    shown = [f"{say(evaluation)}." for say in (gains_sentence, calibration_sentence)]
    if len(findings.past) >= FEWEST_CUTOFFS and findings.config.has_days:
        shown.append(f"{history_sentence(findings.past, DECIDING[0])}.")
    if findings.stands_in:
        rule = spoken(findings.stands_in)
        return Verdict(f"{capital(rule)} stands in.", STANDS_IN.format(rule=rule), tuple(shown), "")
    figures = evaluation.model
    is_off = grade.is_good and figures.metrics["ece"].value > figures.reliability.noise[1]
    others = "later customers" if findings.config.has_days else "other customers"
    meaning = MEANINGS[grade.verdict].format(others=others, happened=findings.words.happened) + (MIND if is_off else "")
    return Verdict(f"{capital(grade.text)}.", meaning, (*shown, typeset(grade.reason)), _tone(grade))


def figures(findings: Findings) -> tuple[tuple[str, str, str], ...]:
    """The numbers to remember: label, value, what it compares with."""
    customers, evaluation, words = findings.customers, findings.judged.evaluation, findings.words
    chances, tenth, rule = customers.probability, evaluation.model.deciles[0], best_rule(evaluation, "auroc")
    beside = "" if rule is None else f"best simple rule {decimal(evaluation.predictors[rule].metrics['auroc'].value, '.2f')}"
    return (
        (
            f"{capital(words.who)} customers" if findings.config.flat is None else "Customers of the file",
            count(len(chances)),
            f"on {day(findings.as_of)}",
        ),
        (
            capital(words.at_high_risk),
            count((chances >= customers.bands.high).sum()),
            f"chance of {share(customers.bands.high)} or more",
        ),
        (
            f"{capital(words.happened)} in the {words.riskiest} tenth",
            share(tenth.churn_rate),
            f"of all {share(evaluation.base_rate)}",
        ),
        ("Rightly ordered pairs (AUROC)", decimal(evaluation.model.metrics["auroc"].value, ".2f"), beside),
    )


def stamp(findings: Findings) -> tuple[tuple[str, str], ...]:
    """What the page was made from."""
    made = findings.stamp
    return (
        ("Run", f"{made.run_id}, churnscope {made.version}"),
        ("Model", made.model),
        ("Config", made.config[:16]),
        ("Files (SHA-256)", _hashes(made.inputs)),
        *((("Evaluations (SHA-256)", _hashes(made.evaluations)),) if made.evaluations else ()),
    )


def _hashes(files: Mapping[str, str]) -> str:
    return ", ".join(f"{name} {digest[:16]}" for name, digest in sorted(files.items()))


def _tone(grade: Grade) -> Tone:
    return "good" if grade.is_good else "bad" if grade.verdict == "no better" else ""
