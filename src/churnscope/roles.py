"""The roles a source can play: which columns a row has, of which kind, and what they mean.

Pure data. A new role is a new entry here; reading, checking and sorting work from these declarations alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["id", "time", "money", "number", "flag", "text"]


@dataclass(frozen=True)
class RoleColumn:
    """One column of a role.

    `kind` decides how a value is read and travels: `id` as trimmed text, `time` as an instant, `money` as whole units of the
    declared resolution, `number` as float64, `flag` as a boolean, `text` as a 64-bit code.
    """

    name: str
    kind: Kind
    meaning: str
    required: bool = False


@dataclass(frozen=True)
class Role:
    """What one row of a source is.

    `noun` and `verb` are the words of features and reasons: "3 purchases", "last bought 12 days ago".
    `many_per_customer` is false where a customer has one row, `is_activity` where a row is not something that happened.
    """

    name: str
    row: str
    columns: tuple[RoleColumn, ...]
    noun: str
    verb: str
    many_per_customer: bool = True
    is_activity: bool = True

    def column(self, name: str) -> RoleColumn:
        """The column of this name; `KeyError` where the role has none."""
        return {column.name: column for column in self.columns}[name]

    @property
    def required(self) -> tuple[str, ...]:
        """Names of the columns every source of this role must map."""
        return tuple(column.name for column in self.columns if column.required)


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
                RoleColumn("kind", "text", "what was done: session, click, message"),
                RoleColumn("channel", "text", "where it was done"),
                RoleColumn("value", "number", "how much of it"),
                RoleColumn("duration", "number", "how long it took, in one unit"),
                _KNOWN,
            ),
            noun="interaction",
            verb="active",
        ),
        Role(
            "customers",
            "a customer",
            (
                _CUSTOMER,
                RoleColumn("time", "time", "when the person became a customer"),
            ),
            noun="customer",
            verb="joined",
            many_per_customer=False,
            is_activity=False,
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
    )
}
