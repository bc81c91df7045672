"""Lists of customers to call, what came of the calls, ways back, and the store that remembers them."""

from churnscope.outcomes.lines import ARMS, CALLABLE, CONTROL, RESULTS, Line, ListFacts, Outcome, line_key
from churnscope.outcomes.store import Added, Recorded, Store, open_store
from churnscope.outcomes.won_back import Answer, StepTaken, Ways

__all__ = [
    "ARMS",
    "CALLABLE",
    "CONTROL",
    "RESULTS",
    "Added",
    "Answer",
    "Line",
    "ListFacts",
    "Outcome",
    "Recorded",
    "StepTaken",
    "Store",
    "Ways",
    "line_key",
    "open_store",
]
