"""Feature families of one's own: found, loaded, and told apart by the text of their source."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.metadata import EntryPoint, entry_points
from importlib.util import module_from_spec
from types import ModuleType
from typing import Final

from churnscope.errors import ConfigError
from churnscope.features.catalog import FAMILIES
from churnscope.features.family import Family

ENTRY_POINTS: Final = "churnscope.families"


def own_families(modules: Sequence[str], folder: str) -> tuple[Family, ...]:
    """The families that modules declare with `@family`, and those that installed packages offer, singly or by module.

    Parameters
    ----------
    modules : names of modules: `name.py` in `folder`, or anything that can be imported.
    folder : the folder of the config file.

    Raises
    ------
    ConfigError : when a module or package cannot be loaded, declares no family, or a name is taken.
    """
    found = [
        family
        for name in modules
        for family in _declared(f'[features] plugins: the module "{name}"', own_module(name, folder, "[features] plugins"))
    ]
    found += [family for entry in entry_points(group=ENTRY_POINTS) for family in _offered(entry)]
    taken = {family.name for family in FAMILIES}
    for family in found:
        if family.name in taken:
            raise ConfigError(f'There are two feature families named "{family.name}".', "Rename the function of your own.")
        taken.add(family.name)
    return tuple(found)


def own_module(name: str, folder: str, key: str) -> ModuleType:
    """A module of the user's: `name.py` in a folder, or anything that can be imported.

    Parameters
    ----------
    key : of the config that names it, for the message.

    Raises
    ------
    ConfigError : when there is none, or it cannot be loaded.
    """
    beside = PathFinder.find_spec(name, [folder])
    if beside is not None and beside.loader is not None:
        module = module_from_spec(beside)
        sys.modules[name] = module  # so that its source can be found again
        try:
            beside.loader.exec_module(module)
        except (ImportError, SyntaxError) as error:
            raise ConfigError(f'{key}: the module "{name}" cannot be loaded ({error}).', f"Mend {name}.py.") from error
        return module
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if name.endswith(".py"):
            raise ConfigError(f'{key}: "{name}" is a file.', f'Write the module: "{name.removesuffix(".py")}".') from error
        raise ConfigError(
            f'{key}: there is no module "{name}" ({error}).', f"Put {name}.py beside the config, or install it."
        ) from error


def source_hash(families: Iterable[Family]) -> str:
    """SHA-256 over the sources of the modules that declare the families: a change of any of them changes it."""
    files = {inspect.getmodule(family.build) for family in families}
    texts = sorted(inspect.getsource(module) for module in files if module is not None)
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


def _offered(entry: EntryPoint) -> list[Family]:
    where = f'The entry point "{entry.name}" of {entry.dist.name if entry.dist else "a package"}'
    try:
        offered = entry.load()
    except (ImportError, AttributeError, SyntaxError) as error:
        raise ConfigError(f"{where} cannot be loaded ({error}).", "Mend or remove that package.") from error
    if isinstance(offered, Family):
        return [offered]
    if isinstance(offered, ModuleType):
        return _declared(where, offered)
    raise ConfigError(f"{where} is no feature family.", "Let it name a function with @family(...) above it, or its module.")


def _declared(where: str, module: ModuleType) -> list[Family]:
    found = [
        value for value in vars(module).values() if isinstance(value, Family) and value.build.__module__ == module.__name__
    ]
    if not found:
        raise ConfigError(
            f"{where} declares no feature family.",
            "Put @family(...) above a function that yields features.",
        )
    return found
