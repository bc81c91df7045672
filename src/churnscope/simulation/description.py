"""What a simulation wrote, for whoever opens its folder: the files, the columns of the truth, and every parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from churnscope.simulation.bounded import Bounded, sections
from churnscope.simulation.business import Business

LOGS: Final = {
    "purchases": "order lines; a return is a line of its own with a negative amount",
    "engagement": "sessions, clicks, searches and messages; fewer and shorter before their customer leaves",
    "support": "tickets; more of them, and less content, before their customer leaves",
    "contacts": "touches by us, which go on after the customer left, and by the customer, which do not",
    "customers": "one row a customer, from joining on",
    "subscriptions": "terms of contracts with their payments",
    "campaigns": "who got the offer and who is control, drawn at random",
}
TRUTH: Final = {
    "customer": "id, as in every file",
    "joined": "first instant as a customer",
    "lapse": "when the customer leaves for good and does nothing more; also after the end of the files",
    "lapse_untreated": "when the customer would have left without the campaign; the two differ for those whom it kept",
    "lapse_reason": "own: the customer's choice; payment: a payment failed for good",
    "lapse_rate_per_day": "rate of the customer's exponential lifetime",
    "purchase_rate_per_day": "orders a day while a customer, the season apart; 0 where nothing is sold",
    "session_rate_per_day": "interactions a day far from leaving, the season apart",
    "mean_order_amount": "mean value of the customer's orders",
    "offered": "whether the customer got the campaign's offer",
    "save_probability": "chance that an offer keeps this customer, if about to leave: the true uplift",
}


def description(business: Business, *, customers: int, days: int, seed: int, rows: Mapping[str, int]) -> str:
    """The text of `truth/README.md`.

    Parameters
    ----------
    rows : file name -> rows in it.
    """
    size = f"{customers:,} customers over {days:,} days from {business.first_day}, seed {seed}."
    lines = [
        f"# {business.name}, a simulated business",
        "",
        f"{size} The same business, customers, days, seed and version give the same files.",
        "",
        "Show nothing of this folder to a model: it is what a model is judged against.",
        "",
        "## Files",
        "",
        "| file | rows | each row |",
        "| --- | ---: | --- |",
        *(f"| {name} | {count:,} | {_what(name)} |" for name, count in rows.items()),
        "",
        "## Truth, one row a customer",
        "",
        "| column | meaning |",
        "| --- | --- |",
        *(f"| {name} | {meaning} |" for name, meaning in TRUTH.items()),
        "",
        "`business.json` holds every parameter, and how many rows of each log are broken in which way.",
        "",
        "## Parameters",
        "",
        "Each can be changed with `--set NAME=NUMBER`, also those of parts this business does not have.",
        "",
        "| name | here | from | to | meaning |",
        "| --- | ---: | ---: | ---: | --- |",
        *_parameters(business),
        "",
    ]
    return "\n".join(lines)


def _what(file: str) -> str:
    log = file.partition(".")[0].removesuffix("_1").removesuffix("_2")
    return LOGS.get(log, file)


def _parameters(business: Business) -> Iterator[str]:
    """A row of the table for every number; a dash stands for those of parts that do not exist here."""
    yield from _rows(business, "", there=True)
    for name, kind in sections(type(business)).items():
        part = getattr(business, name)
        yield from _rows(part or kind(), f"{name}.", there=part is not None)


def _rows(part: Bounded, prefix: str, *, there: bool) -> Iterator[str]:
    for item in fields(part):
        if "low" in item.metadata:
            low, high, meaning = (item.metadata[key] for key in ("low", "high", "meaning"))
            value = f"{getattr(part, item.name):,.10g}" if there else "-"
            yield f"| {prefix}{item.name} | {value} | {low:,.10g} | {high:,.10g} | {meaning} |"
