"""Lists of customers to call, what came of the calls, and the store that remembers both."""

from churnscope.outcomes.lines import ARMS, CALLABLE, CONTROL, RESULTS, Line, ListFacts, Outcome, line_key
from churnscope.outcomes.store import Added, Recorded, Store, open_store

__all__ = [
    "ARMS",
    "CALLABLE",
    "CONTROL",
    "RESULTS",
    "Added",
    "Line",
    "ListFacts",
    "Outcome",
    "Recorded",
    "Store",
    "line_key",
    "open_store",
]
