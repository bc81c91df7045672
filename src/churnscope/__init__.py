"""Which customers are about to become inactive, why, what each is worth, and whom to call first.

The names below are loaded at first use: importing the package loads no engine, no model library and no tracker.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from churnscope.errors import ChurnscopeError as ChurnscopeError
    from churnscope.model.classifier import ChurnClassifier as ChurnClassifier
    from churnscope.model.time_split import TimeSplit as TimeSplit
    from churnscope.project import Project as Project

__version__ = "0.2.0"
__all__ = ["ChurnClassifier", "ChurnscopeError", "Project", "TimeSplit", "__version__"]

_HOMES = {
    "ChurnClassifier": "churnscope.model.classifier",
    "ChurnscopeError": "churnscope.errors",
    "Project": "churnscope.project",
    "TimeSplit": "churnscope.model.time_split",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its home."""
    if name not in _HOMES:
        raise AttributeError(f"module 'churnscope' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names, also those not loaded yet."""
    return sorted({*globals(), *__all__})
