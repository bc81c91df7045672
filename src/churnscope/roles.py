"""The roles a source can play: which columns a row has, of which kind, and what they mean.

Pure data. A new role is a new entry here; reading, checking and sorting work from these declarations alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "time", "date", "money", "number", "flag", "truth", "text"]


@dataclass(frozen=True)
class RoleColumn:
    """One column of a role.

    `kind` decides how a value is read and travels: `id` as trimmed text, `time` as an instant, `date` as the number of a day,
    `money` as whole units of the declared resolution, `number` as float64, `flag` as a boolean, `truth` as 1, 0 or missing,
    `text` as a 64-bit code.

    Parameters
    ----------
    told : when a value comes to be known: with the row's own `time`, with another time column of the row, or `later`, where
        nobody can say when. Only what is told with the row can decide who is active.
    words : texts with a meaning of their own; they travel as the codes 1, 2 ... in this order, however they are spelled in
        capitals and hyphens.
    only_words : whether any other text breaks the contract.
    early : whether a further time may lie before the row's own.
    levels : whether its common values are features of their own.
    changes : of what is told of a customer: whether it may be another tomorrow, so that it must have a history or be declared
        static.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False
    told: str = "time"
    words: tuple[str, ...] = ()
    only_words: bool = False
    early: bool = False
    levels: bool = False
    changes: bool = False

    def code(self, word: str) -> int:
        """The code as which a word travels; 0 stands for a missing text."""
        return self.words.index(word) + 1


@dataclass(frozen=True)
class Role:
    """What one row of a source is.

    `noun` and `verb` are the words of features and reasons: "3 purchases", "last bought 12 days ago".
    `many_per_customer` is false where a customer has one row, `is_activity` where a row is not something that happened.
    `since` names the column that says since when a row holds, where rows tell what customers are rather than what they did:
    `time` is then no more than one of the things told, and travels as the day `start`.
    `is_state` is true where a row tells how a customer is on a day: without a time, on the last day that is read.
    `time_key` is what a config calls the row's own `time`.
    """

    name: str
    row: str
    columns: tuple[RoleColumn, ...]
    noun: str
    verb: str
    many_per_customer: bool = True
    is_activity: bool = True
    since: str = ""
    is_state: bool = False
    time_key: str = "time"

    @property
    def has_attributes(self) -> bool:
        """Whether rows tell what customers are."""
        return bool(self.since) or self.is_state

    def key(self, name: str) -> str:
        """What a config calls a column.

        Examples
        --------
        >>> ROLES["subscriptions"].key("time"), ROLES["subscriptions"].key("end")
        ('start', 'end')
        """
        return self.time_key if name == "time" else name

    def column(self, name: str) -> RoleColumn:
        """The column of this name; `KeyError` where the role has none."""
        return {column.name: column for column in self.columns}[name]

    @property
    def clocks(self) -> tuple[str, ...]:
        """Further times of a row, beside its own and that of its arrival; they may be missing."""
        own = {"time", "known", self.since}
        return tuple(column.name for column in self.columns if column.kind == "time" and column.name not in own)

    @property
    def carried(self) -> dict[str, str]:
        """Name -> kind of what rows can carry beside customer, time and day; a further time is an instant and a local day."""
        start = {START: "date"} if self.since else {}
        return start | {name: kind for column in self.columns for name, kind in self._carried(column)}

    def _carried(self, column: RoleColumn) -> tuple[tuple[str, str], ...]:
        if column.name in self.clocks:
            return (column.name, "time"), (f"{column.name}_day", "day")
        return ((column.name, column.kind),) if column.kind not in {"id", "time"} else ()

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns every source of this role must map."""
        return tuple(column.name for column in self.columns if column.required)


CHANNELS = ("e-mail", "social", "phone", "visit")
INBOUND, OUTBOUND = "inbound", "outbound"
CONTROL = "control"
START = "start"
PAYMENT = "payment"
PRODUCT, SERVICE = "product", "service"
_CUSTOMER = RoleColumn("customer", "id", "the customer's id", required=True)
_KNOWN = RoleColumn("known", "time", "when the row reached the warehouse")

ROLES: dict[str, Role] = {
    role.name: role
    for role in (
        Role(
            "purchases",
            "a purchase line",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "when it was bought", required=True),
                RoleColumn("amount", "money", "money of the line; negative for a return"),
                RoleColumn("quantity", "number", "units of the line; negative for a return"),
                RoleColumn("is_return", "flag", "true where the line takes goods back"),
                RoleColumn("order", "text", "the order (invoice, basket) the line belongs to"),
                RoleColumn("product", "text", "what was bought"),
                RoleColumn("category", "text", "the product's category"),
                RoleColumn("channel", "text", "where it was bought"),
                RoleColumn("discount", "money", "money taken off the line"),
                _KNOWN,
            ),
            noun="purchase",
            verb="bought",
        ),
        Role(
            "engagement",
            "one interaction with product or brand",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "when it happened", required=True),
                RoleColumn("kind", "text", "what was done: session, click, message", levels=True),
                RoleColumn("channel", "text", "where it was done", levels=True),
                RoleColumn("value", "number", "how much of it"),
                RoleColumn("duration", "number", "how long it took, in one unit"),
                _KNOWN,
            ),
            noun="interaction",
            verb="active",
        ),
        Role(
            "support",
            "a ticket or complaint",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "when it was opened", required=True),
                RoleColumn("resolved", "time", "when it was resolved; empty while it is open", told="resolved"),
                RoleColumn("severity", "number", "how serious it is; more is worse"),
                RoleColumn("topic", "text", "what it is about"),
                RoleColumn("satisfaction", "number", "how content the customer was with the answer", told="resolved"),
                _KNOWN,
            ),
            noun="ticket",
            verb="asked for help",
        ),
        Role(
            "contacts",
            "a touch by us or by the customer",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "when it happened", required=True),
                RoleColumn("channel", "text", "e-mail, social, phone, visit, or a word of yours", words=CHANNELS),
                RoleColumn("direction", "text", "inbound or outbound", words=(INBOUND, OUTBOUND), only_words=True),
                RoleColumn("response", "flag", "true where the other side answered", told="later"),
                _KNOWN,
            ),
            noun="contact",
            verb="got in touch",
        ),
        Role(
            "subscriptions",
            "a term of a product or service contract",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "when the term starts", required=True),
                RoleColumn("end", "time", "when it ends as agreed, first instant out of it; empty where it is open-ended"),
                RoleColumn("ended", "time", "when it ended before that; empty while it runs", told="ended"),
                RoleColumn("cancelled", "time", "when notice of cancellation was given", told="cancelled", early=True),
                RoleColumn("reason", "text", "why it ended: payment, or a word of yours", told="ended", words=(PAYMENT,)),
                RoleColumn("plan", "text", "what was agreed on"),
                RoleColumn("price", "money", "price of the whole term"),
                RoleColumn("price_today", "money", "that as of today, where earlier prices are not kept: for value alone"),
                RoleColumn("auto_renew", "flag", "true where the next term follows by itself"),
                RoleColumn("kind", "text", "product or service", words=(PRODUCT, SERVICE), only_words=True),
                RoleColumn("due", "time", "when its payment was due", early=True),
                RoleColumn("paid", "time", "when it was paid; empty while it is not", told="paid", early=True),
                RoleColumn("failed", "flag", "true where the payment failed at first", told="due"),
                _KNOWN,
            ),
            noun="term",
            verb="signed",
            time_key="start",
        ),
        Role(
            "campaigns",
            "a treatment assigned",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "when it was assigned", required=True),
                RoleColumn("arm", "text", "which treatment; control where there was none", required=True, words=(CONTROL,)),
                RoleColumn("campaign", "text", "the campaign it belongs to"),
                RoleColumn("cost", "money", "what the treatment cost"),
                RoleColumn("outcome", "flag", "true where it had the effect wanted", told="later"),
                _KNOWN,
            ),
            noun="treatment",
            verb="treated",
            is_activity=False,
        ),
        Role(
            "customers",
            "a customer",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "when the person became a customer"),
                RoleColumn(
                    "valid_from", "time", "since when the row holds; empty for ever since. A customer may then have many"
                ),
                RoleColumn(
                    "valid_to", "date", "the first day on which it holds no longer; empty while it does", told="valid_to"
                ),
                RoleColumn("birthday", "date", "when the customer was born"),
                RoleColumn("acquisition_channel", "text", "through which channel the customer came", levels=True),
                RoleColumn("acquisition_cost", "number", "what it cost to win the customer"),
                RoleColumn("referred_by", "text", "who brought the customer in; empty where nobody did"),
                RoleColumn("loyalty", "truth", "true where the customer is in the loyalty programme", changes=True),
                RoleColumn("loyalty_since", "date", "when the customer joined it"),
                RoleColumn("do_not_contact", "flag", "true where the customer must not be contacted; no feature", told="later"),
                _KNOWN,
            ),
            noun="customer",
            verb="joined",
            many_per_customer=False,
            is_activity=False,
            since="valid_from",
        ),
        Role(
            "extra_features",
            "what another system computed of a customer on a day",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "the day they describe; they are seen at cutoffs after it", required=True),
                _KNOWN,
            ),
            noun="extra feature",
            verb="known",
            is_activity=False,
        ),
        Role(
            "labels",
            "what became of a customer who was active on a day, told by yourself",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "the cutoff: the day the label speaks of", required=True),
                RoleColumn("churned", "flag", "true where the customer left after it", required=True),
            ),
            noun="label",
            verb="labelled",
            is_activity=False,
        ),
        Role(
            "snapshot",
            "a customer of a flat file, as the customer is at the end of a day",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "the day the row tells of; without it, every row tells of the day of the file"),
                RoleColumn(
                    "churned", "truth", "true where the customer left after it; empty where nobody knows yet", told="later"
                ),
                RoleColumn(
                    "arm", "text", "which treatment a campaign then gave; empty where none did", told="later", words=(CONTROL,)
                ),
                RoleColumn("outcome", "truth", "true where the treatment had the effect wanted", told="later"),
            ),
            noun="row",
            verb="described",
            is_state=True,
        ),
    )
}
