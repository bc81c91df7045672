"""`explain-definition`: how population, labels and base rate differ between two definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from churnscope.advice import Agreement, KindsAgreement
from churnscope.config.identity import resolved
from churnscope.config.keys import Key, key_path
from churnscope.config.models import Config
from churnscope.operations.logs import Progress
from churnscope.project.data.populations import paired
from churnscope.project.results import Summarised, iso
from churnscope.reports.wording import active_customers, churned_customers, counted, share, time_to_act

# What decides whom a definition speaks of, and what became of them.
_DECIDING: Final = ("time_zone", "resolution", "complete_through", "sources", "activity", "label", "prediction")
_NOT_SET: Final = "not set"


@dataclass(frozen=True)
class InWords:
    """One definition as people say it."""

    name: str
    active: str
    churned: str
    time_to_act: str

    @classmethod
    def of(cls, config: Config) -> InWords:
        """The words for a config."""
        return cls(config.name, active_customers(config), churned_customers(config), time_to_act(config))


@dataclass(frozen=True)
class KeyDifference:
    """A key that two configs set differently, and to what."""

    key: str
    a: str
    b: str


@dataclass(frozen=True, repr=False)
class DefinitionResult(Summarised):
    """Two definitions, A and B, side by side.

    Parameters
    ----------
    as_of : first day that is not read.
    same_sources : whether both read the same sources.
    shared : customers with a row in both.
    keys : those that decide population or label and differ.
    cutoffs : by cutoff, rising, how far the two agree.
    kinds : by cutoff, the population of A under every kind of label that is possible for it.
    """

    a: InWords
    b: InWords
    as_of: int
    same_sources: bool
    shared: int
    keys: tuple[KeyDifference, ...]
    cutoffs: Mapping[int, Agreement]
    kinds: Mapping[int, KindsAgreement]

    @property
    def newest(self) -> int:
        """The newest common cutoff."""
        return max(self.cutoffs)

    @property
    def summary(self) -> str:
        """What came out."""
        found = self.cutoffs[self.newest]
        rates = ", ".join(
            f"{letter} speaks of {counted(side.customers, 'customers')}"
            + ("" if rate is None else f" ({share(rate, 1)} churned)")
            for letter, side in (("A", found.a), ("B", found.b))
            for rate in [side.base_rate]
        )
        agreed = (
            "nobody has a label in both"
            if found.agreement is None
            else f"they agree on {share(found.agreement, 1)} of the {counted(found.compared, 'customers')} labelled in both"
        )
        return f"At {iso(self.newest)} {rates}; {agreed}"

    @property
    def next_step(self) -> str:
        """What to do next."""
        return "Train with the one that fits the business: figures of models compare within one definition only."

    def to_json(self) -> dict[str, Any]:
        """JSON-ready, days as dates."""
        return {
            "a": asdict(self.a),
            "b": asdict(self.b),
            "as_of": iso(self.as_of),
            "same_sources": self.same_sources,
            "shared_customers": self.shared,
            "keys": [asdict(each) for each in self.keys],
            "cutoffs": [{"cutoff": iso(day), **each.to_json()} for day, each in self.cutoffs.items()],
            "label_kinds": [{"cutoff": iso(day), **each.to_json()} for day, each in self.kinds.items()],
        }


def explain_definition(
    a: Config, b: Config, as_of: int | None, progress: Progress, *, cutoff: int | None = None
) -> DefinitionResult:
    """Hold two definitions against each other; `Project.explain_definition` says more."""
    with paired(a, b, as_of, progress) as pair:
        days = pair.cutoffs(cutoff)
        by_kind, of_b = pair.populations(days, progress)
        own, other = by_kind[a.label.kind], of_b[b.label.kind]
        return DefinitionResult(
            a=InWords.of(a),
            b=InWords.of(b),
            as_of=pair.a.as_of,
            same_sources=pair.same_sources,
            shared=pair.shared,
            keys=tuple(differing_keys(a, b)),
            cutoffs={day: Agreement.of(own[day], other[day]) for day in days},
            kinds={day: KindsAgreement.of(a.label.kind, {kind: each[day] for kind, each in by_kind.items()}) for day in days},
        )


def differing_keys(a: Config, b: Config) -> Iterator[KeyDifference]:
    """The keys that decide population or label and are not set alike, in the order of the file."""
    in_a, in_b = dict(_flat(_deciding(a, b))), dict(_flat(_deciding(b, a)))
    for key in dict.fromkeys((*in_a, *in_b)):
        one, other = (found.get(key, _NOT_SET) for found in (in_a, in_b))
        if one != other:
            yield KeyDifference(key_path(key), one, other)


def _deciding(config: Config, other: Config) -> dict[str, Any]:
    """What decides population and label; of sources that the other config does not have, only what they are."""
    document = resolved(config)
    sources = {
        name: source if name in other.sources else f"a source of {source['role']}"
        for name, source in document["sources"].items()
    }
    return {key: sources if key == "sources" else document[key] for key in _DECIDING}


def _flat(value: Any, key: Key = ()) -> Iterator[tuple[Key, str]]:
    """Every key with its value as a text; what is empty is not set."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else None
    if entries is not None:
        for name, item in entries:
            yield from _flat(item, (*key, name))
    elif value is not None:
        yield key, str(value).lower() if isinstance(value, bool) else str(value)
