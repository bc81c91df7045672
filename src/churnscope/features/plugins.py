"""Feature families of one's own: found, loaded, and told apart by the text of their source."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.metadata import entry_points
from importlib.util import module_from_spec
from types import ModuleType
from typing import Final

from churnscope.errors import ConfigError
from churnscope.features.catalog import FAMILIES
from churnscope.features.family import Family

ENTRY_POINTS: Final = "churnscope.families"


def own_families(modules: Sequence[str], folder: str) -> tuple[Family, ...]:
    """The families that modules declare with `@family`, and those of installed packages.

    Parameters
    ----------
    modules : names of modules: `name.py` in `folder`, or anything that can be imported.
    folder : the folder of the config file.

    Raises
    ------
    ConfigError : when a module cannot be found, declares no family, or a name is taken.
    """
    found = [family for name in modules for family in _declared(name, _module(name, folder))]
    found += [entry.load() for entry in entry_points(group=ENTRY_POINTS)]
    taken = {family.name for family in FAMILIES}
    for family in found:
        if family.name in taken:
            raise ConfigError(f'There are two feature families named "{family.name}".', "Rename the function of your own.")
        taken.add(family.name)
    return tuple(found)


def source_hash(families: Iterable[Family]) -> str:
    """SHA-256 over the sources of the modules that declare the families: a change of any of them changes it."""
    files = {inspect.getmodule(family.build) for family in families}
    texts = sorted(inspect.getsource(module) for module in files if module is not None)
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _declared(name: str, module: ModuleType) -> list[Family]:
    found = [
        value for value in vars(module).values() if isinstance(value, Family) and value.build.__module__ == module.__name__
    ]
    if not found:
        raise ConfigError(
            f'[features] plugins: the module "{name}" declares no feature family.',
            "Put @family(...) above a function that yields features.",
        )
    return found


def _module(name: str, folder: str) -> ModuleType:
    beside = PathFinder.find_spec(name, [folder])
    if beside is not None and beside.loader is not None:
        module = module_from_spec(beside)
        sys.modules[name] = module  # so that its source can be found again
        beside.loader.exec_module(module)
        return module
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigError(
            f'[features] plugins: there is no module "{name}" ({error}).', f"Put {name}.py beside the config, or install it."
        ) from error
