"""Which customers are about to become inactive, why, what each is worth, and whom to call first.

The names below are loaded at first use: importing the package loads no engine, no model library and no tracker.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from churnscope.errors import ChurnscopeError as ChurnscopeError
    from churnscope.project import Project as Project

__version__ = "0.1.0"
__all__ = ["ChurnscopeError", "Project", "__version__"]

_HOMES = {"ChurnscopeError": "churnscope.errors", "Project": "churnscope.project"}


def __getattr__(name: str) -> Any:
    """Load a public name from its home."""
    if name not in _HOMES:
        raise AttributeError(f"module 'churnscope' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    """The public names, also those not loaded yet."""
    return sorted({*globals(), *__all__})
