"""What an audit of the training table finds: knowledge of the future in a feature, or of today in a column of the past.

This file holds the findings, and the first kind of them: one feature alone that tells the outcome better than can be believed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from math import sqrt
from typing import TYPE_CHECKING, Literal

import numpy as np

from churnscope.evaluation.ranking import Gains

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

    from churnscope.features import FeatureSpec

Kind = Literal[
    "tells the outcome", "is filled by the outcome", "is as of today", "reads later rows", "is not repeatable", "past changed"
]
Severity = Literal["leak", "suspicious"]

SIMPLE = ("recency", "overdue", "frequency")  # families that read nothing but when something happened
FEWEST = 30  # churned, and stayed: with fewer an area near 1 comes by chance
MOST_ROWS = 20_000  # looked at in a group of cutoffs, whatever the table's size
INTERVAL = 1.96  # standard errors to each side


@dataclass(frozen=True)
class Limit:
    """Beyond belief: an area of `auroc`, and at most `share` of the wrongly ordered pairs of the best simple rule."""

    severity: Severity
    auroc: float
    share: float


# Where activity is lost by the mere passing of time, recency alone reaches 0.99 and more, and so do its kin (streaks, trends):
# an area says nothing then unless it leaves few of the mistakes of the rule.
LIMITS = (Limit("leak", 0.98, 0.25), Limit("suspicious", 0.90, 0.5))


@dataclass(frozen=True)
class Finding:
    """Something that a model must not learn from, or that a person should look at.

    Parameters
    ----------
    kind : what is wrong.
    severity : a `leak` refuses training, what is `suspicious` is shown.
    subject : what to accept it by: a source and its column (`orders.status`), or a feature.
    where : source and column with their expression, or the module of a feature family.
    what : a sentence with the figures.
    advice : what to do.
    accepted : why it was accepted; empty where it was not.
    """

    kind: Kind
    severity: Severity
    subject: str
    where: str
    what: str
    advice: str
    accepted: str = ""

    @property
    def is_open(self) -> bool:
        """Whether nobody has accepted it."""
        return not self.accepted

    @property
    def refuses(self) -> bool:
        """Whether nothing may be trained before it is mended or accepted."""
        return self.severity == "leak" and self.is_open

    def to_json(self) -> dict[str, str]:
        """Plain values for a JSON file."""
        return asdict(self)


@dataclass(frozen=True)
class Strong:
    """A feature that is too good alone: its area, that of the best simple rule on the same rows, and how bad that is."""

    position: int
    auroc: float
    rule: float
    severity: Severity


def too_good(
    features: NDArray[np.float32 | np.float64],
    churned: NDArray[np.int8],
    specs: Sequence[FeatureSpec],
    *,
    simple: Collection[str] = SIMPLE,
) -> list[Strong]:
    """The features that order the rows far better than any simple rule does, best first.

    Parameters
    ----------
    features : shape (n_rows, n_features), NaN for missing.
    churned : shape (n_rows,), 1 or 0.
    specs : what the columns mean.
    simple : families whose features are the simple rules.

    Notes
    -----
    The lower end of the area's 95 % interval is held against the limits, so that few rows do not raise an alarm.

    References
    ----------
    Hanley and McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143(1).

    Examples
    --------
    >>> from churnscope.features import FeatureSpec
    >>> words = {"unit": "", "concept": "", "sentence": ""}
    >>> specs = [FeatureSpec(name="days", family="recency", **words), FeatureSpec(name="told", family="own", **words)]
    >>> churned = np.tile(np.array([0, 1], np.int8), 50)
    >>> days = np.arange(100.0)
    >>> too_good(np.column_stack([days, churned]), churned, specs)
    [Strong(position=1, auroc=1.0, rule=0.51, severity='leak')]
    """
    if min(int(churned.sum()), int((churned == 0).sum())) < FEWEST:
        return []
    areas = [auroc_alone(column, churned) for column in features.T]
    rule = max((area for area, spec in zip(areas, specs, strict=True) if spec.family in simple), default=0.5)
    found = [
        Strong(position, area, rule, severity)
        for position, (area, spec) in enumerate(zip(areas, specs, strict=True))
        if spec.family not in simple and (severity := _severity(area, rule, churned))
    ]
    return sorted(found, key=lambda strong: -strong.auroc)


def enough_of(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """At most `MOST_ROWS` of some rows, drawn at random and the same each time.

    Examples
    --------
    >>> enough_of(np.array([3, 5])), len(enough_of(np.arange(1_000_000))) > 19_000
    (array([3, 5]), True)
    """
    if len(rows) <= MOST_ROWS:
        return rows
    return rows[np.unique(np.random.default_rng(0).integers(len(rows), size=MOST_ROWS))]


def auroc_alone(values: NDArray[np.float32 | np.float64], churned: NDArray[np.int8]) -> float:
    """The area of one feature, rising or falling, whichever is larger; missing values stand together at the better end.

    Examples
    --------
    >>> auroc_alone(np.array([np.nan, np.nan, 5.0, 7.0]), np.array([1, 1, 0, 0]))
    1.0
    >>> auroc_alone(np.array([1.0, 1.0, 1.0, 1.0]), np.array([1, 0, 1, 0]))
    0.5
    """
    missing = np.isnan(values)
    known = churned[~missing]
    churned_known, stayed_known = int(known.sum()), int((known == 0).sum())
    churned_missing, stayed_missing = int(churned.sum()) - churned_known, int((churned == 0).sum()) - stayed_known
    pairs = (churned_known + churned_missing) * (stayed_known + stayed_missing)
    if not pairs:
        return 0.5
    won = churned_missing * stayed_missing / 2
    if churned_known and stayed_known:
        won += Gains.of(known, values[~missing]).auroc() * churned_known * stayed_known
    ends = ((won + churned_known * stayed_missing) / pairs, (won + churned_missing * stayed_known) / pairs)
    return float(max(max(area, 1 - area) for area in ends))


def settled(findings: Iterable[Finding], accepted: dict[str, str]) -> tuple[Finding, ...]:
    """The findings, leaks first, with the reason why somebody accepts them."""
    marked = (replace(finding, accepted=accepted.get(finding.subject, "")) for finding in findings)
    return tuple(sorted(marked, key=lambda finding: (not finding.is_open, finding.severity != "leak", finding.subject)))


def in_short(findings: Iterable[Finding]) -> str:
    """The outcome of an audit in a few words.

    Examples
    --------
    >>> in_short([])
    'clean'
    """
    counts = Counter(finding.severity if finding.is_open else "accepted" for finding in findings)
    return ", ".join(f"{number} {word}" for word, number in sorted(counts.items())) or "clean"


def _severity(area: float, rule: float, churned: NDArray[np.int8]) -> Severity | None:
    low = area - INTERVAL * _standard_error(area, int(churned.sum()), int((churned == 0).sum()))
    return next((limit.severity for limit in LIMITS if low >= limit.auroc and 1 - area <= limit.share * (1 - rule)), None)


def _standard_error(area: float, churned: int, stayed: int) -> float:
    twice_churned, twice_stayed = area / (2 - area), 2 * area * area / (1 + area)
    spread = area * (1 - area) + (churned - 1) * (twice_churned - area * area) + (stayed - 1) * (twice_stayed - area * area)
    return sqrt(max(spread, 0.0) / (churned * stayed))
