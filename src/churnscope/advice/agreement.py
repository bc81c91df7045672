"""How far two definitions agree: on who is a customer to speak of, and on who left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from churnscope.activity import LEFT_OUT

LABELS: Final = ("churned", "stayed", "left_out", "not_known")
_CHURNED, _STAYED, _LEFT_OUT, _NOT_KNOWN = range(len(LABELS))
Crossed = tuple[tuple[int, ...], ...]


@dataclass(frozen=True, eq=False)
class Labelled:
    """The population of a definition at one cutoff.

    Parameters
    ----------
    customer : shape (n,), rising, each once; the same number is the same customer in every definition.
    churned : int8, shape (n,): 1, 0, `LEFT_OUT` where there was nothing to lose, `CENSORED` where the outcome is not known.
    """

    customer: NDArray[np.int64]
    churned: NDArray[np.int8]

    @property
    def state(self) -> NDArray[np.int64]:
        """The place of each label in `LABELS`."""
        without = np.where(self.churned == LEFT_OUT, _LEFT_OUT, _NOT_KNOWN)
        return np.where(self.churned < 0, without, np.where(self.churned == 1, _CHURNED, _STAYED))

    @property
    def side(self) -> Side:
        """How many there are of each label."""
        counts = np.bincount(self.state, minlength=len(LABELS)).tolist()
        return Side(*counts)


@dataclass(frozen=True)
class Side:
    """Customers of one definition by label."""

    churned: int
    stayed: int
    left_out: int
    not_known: int

    @property
    def customers(self) -> int:
        """All of them."""
        return self.churned + self.stayed + self.left_out + self.not_known

    @property
    def base_rate(self) -> float | None:
        """Share of the labelled that churned; None where nobody has a label."""
        labelled = self.churned + self.stayed
        return self.churned / labelled if labelled else None

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"customers": self.customers, **asdict(self), "base_rate": self.base_rate}


@dataclass(frozen=True)
class Agreement:
    """Two definitions, A and B, at one cutoff.

    Parameters
    ----------
    crossed : customers of both by their label in A (rows) and in B (columns), each in the order of `LABELS`.
    """

    a: Side
    b: Side
    crossed: Crossed

    @classmethod
    def of(cls, a: Labelled, b: Labelled) -> Agreement:
        """Count the populations against each other.

        Examples
        --------
        >>> one = Labelled(np.array([1, 2, 3, 4]), np.array([1, 1, 0, -1], np.int8))
        >>> other = Labelled(np.array([2, 3, 4, 5]), np.array([1, 1, 0, 0], np.int8))
        >>> found = Agreement.of(one, other)
        >>> found.both, found.only_a, found.only_b, found.compared, found.agreement
        (3, 1, 1, 2, 0.5)
        """
        _, in_a, in_b = np.intersect1d(a.customer, b.customer, assume_unique=True, return_indices=True)
        pairs = a.state[in_a] * len(LABELS) + b.state[in_b]
        counts = np.bincount(pairs, minlength=len(LABELS) ** 2).reshape(len(LABELS), -1)
        return cls(a.side, b.side, tuple(map(tuple, counts.tolist())))

    @property
    def both(self) -> int:
        """Customers in both populations."""
        return sum(map(sum, self.crossed))

    @property
    def only_a(self) -> int:
        """Customers in the population of A alone."""
        return self.a.customers - self.both

    @property
    def only_b(self) -> int:
        """Customers in the population of B alone."""
        return self.b.customers - self.both

    @property
    def states(self) -> tuple[int, ...]:
        """The places in `LABELS` that some customer of both has; churned and stayed always."""
        met = [any(row) or any(column) for row, column in zip(self.crossed, zip(*self.crossed, strict=True), strict=True)]
        return tuple(state for state, is_met in enumerate(met) if is_met or state in {_CHURNED, _STAYED})

    @property
    def compared(self) -> int:
        """Customers with a label in both."""
        return sum(self.crossed[one][other] for one in (_CHURNED, _STAYED) for other in (_CHURNED, _STAYED))

    @property
    def churned_in_a_only(self) -> int:
        """Customers who churned by A and stayed by B."""
        return self.crossed[_CHURNED][_STAYED]

    @property
    def churned_in_b_only(self) -> int:
        """Customers who stayed by A and churned by B."""
        return self.crossed[_STAYED][_CHURNED]

    @property
    def differing(self) -> int:
        """Customers whose two labels differ."""
        return self.churned_in_a_only + self.churned_in_b_only

    @property
    def agreement(self) -> float | None:
        """Share of the compared whose labels are the same; None where nobody can be compared."""
        return 1 - self.differing / self.compared if self.compared else None

    @property
    def kappa(self) -> float | None:
        """Agreement beyond chance: 1 is full, 0 what labels drawn with the same base rates would reach.

        None where nobody can be compared, or where chance alone makes all labels the same.

        References
        ----------
        Cohen, J. (1960). A coefficient of agreement for nominal scales. Educational and Psychological Measurement 20(1).

        Examples
        --------
        >>> side = Side(25, 25, 0, 0)
        >>> round(Agreement(side, side, ((20, 5, 0, 0), (10, 15, 0, 0), (0, 0, 0, 0), (0, 0, 0, 0))).kappa, 3)
        0.4
        """
        if self.agreement is None:
            return None
        in_a = (self.crossed[_CHURNED][_CHURNED] + self.churned_in_a_only) / self.compared
        in_b = (self.crossed[_CHURNED][_CHURNED] + self.churned_in_b_only) / self.compared
        by_chance = in_a * in_b + (1 - in_a) * (1 - in_b)
        return None if by_chance == 1 else (self.agreement - by_chance) / (1 - by_chance)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        crossed = {
            f"a_{one}_b_{other}": number
            for one, numbers in zip(LABELS, self.crossed, strict=True)
            for other, number in zip(LABELS, numbers, strict=True)
        }
        in_populations = {"both": self.both, "only_a": self.only_a, "only_b": self.only_b}
        agreed = {"compared": self.compared, "agreement": self.agreement, "kappa": self.kappa}
        return {"a": self.a.to_json(), "b": self.b.to_json(), **in_populations, "labels": crossed, **agreed}


@dataclass(frozen=True)
class KindFigures:
    """A population under one kind of label.

    Parameters
    ----------
    differing : customers whose label is not the one they have by the definition itself.
    """

    kind: str
    side: Side
    differing: int

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"kind": self.kind, **self.side.to_json(), "differing": self.differing}


@dataclass(frozen=True)
class KindsAgreement:
    """One population under every kind of label that is possible for it.

    Parameters
    ----------
    own : the kind that the definition declares.
    disagreeing : customers whom one kind calls churned and another stayed.
    """

    own: str
    kinds: tuple[KindFigures, ...]
    disagreeing: int

    @classmethod
    def of(cls, own: str, labelled: Mapping[str, Labelled]) -> KindsAgreement:
        """Count what each kind says.

        Parameters
        ----------
        labelled : by kind, of the same definition at the same cutoff; `own` among them.
        """
        figures = tuple(
            KindFigures(kind, each.side, Agreement.of(labelled[own], each).differing) for kind, each in labelled.items()
        )
        churned, stayed = (
            np.unique(np.concatenate([each.customer[each.state == state] for each in labelled.values()]))
            for state in (_CHURNED, _STAYED)
        )
        return cls(own, figures, len(np.intersect1d(churned, stayed, assume_unique=True)))

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"own": self.own, "kinds": [each.to_json() for each in self.kinds], "disagreeing": self.disagreeing}
