"""From a TOML file to a checked `Config`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from churnscope.config.checks import check_config
from churnscope.config.flat import with_flat_defaults
from churnscope.config.keys import Key
from churnscope.config.models import Config
from churnscope.config.overrides import override
from churnscope.config.places import Place
from churnscope.config.problems import problems_of, refuse_all
from churnscope.config.secrets import literal_secrets
from churnscope.config.short_forms import short_form_problems, written_out
from churnscope.config.tables import KeptTable, with_tables
from churnscope.errors import ConfigError


def load_config(
    source: str | Path | Mapping[str, Any],
    environment: Mapping[str, str] | None = None,
    *,
    tables: Mapping[str, KeptTable] | None = None,
) -> Config:
    """A config, complete and checked.

    Parameters
    ----------
    source : a TOML file, or the tables of one as dictionaries. Paths in it are relative to the file's folder, of dictionaries
        to the present one; in the result they are absolute.
    environment : where `${VARIABLES}` and `CHURNSCOPE__TABLE__KEY` overrides are read; the process's own by default.
    tables : in memory, by the name of the source they stand for; they take the place of its files.

    Raises
    ------
    ConfigError : when the file cannot be read or says something unknown, impossible or contradictory. All problems of one
        kind are listed together: first those of single values, then those between them.
    """
    variables = os.environ if environment is None else environment
    origin, folder = _origin(source)
    document = _document(source)
    refuse_all(origin, list(short_form_problems(document)))
    document = written_out(document)
    if tables:
        document = with_tables(document, tables)
    document = with_flat_defaults(document)
    refuse_all(origin, list(literal_secrets(document)))
    origins = override(document, variables)
    config = _validated(document, origin, Place(folder, variables), origins)
    check_config(config, origin)
    return config.reactivating() if config.is_of_reactivation else config


def _origin(source: str | Path | Mapping[str, Any]) -> tuple[str, Path]:
    """How messages name a config, and the folder that its paths start from."""
    if isinstance(source, Mapping):
        return "config", Path.cwd()
    return str(source), Path(source).absolute().parent


def _document(source: str | Path | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(source, Mapping):
        return deepcopy(dict(source))
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no such file.", _configs_beside(path)) from error
    except OSError as error:
        raise ConfigError(f"{path}: the file cannot be read ({error.strerror}).", "Give the path of a TOML file.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: the file is not UTF-8 text.", "Save it as UTF-8.") from error
    return _tables(text, path)


def _tables(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error).replace("end of document", f"the end, line {len(text.splitlines())}")
        raise ConfigError(f"{path}: this is not TOML: {message}.", "Texts stand in quotes, tables in [brackets].") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: lists and tables nest too deeply.", "Three levels are enough for any config.") from error


def _configs_beside(path: Path) -> str:
    names = sorted(file.name for file in path.parent.glob("*.toml")) if path.parent.is_dir() else []
    return f"Configs in that folder: {', '.join(names)}." if names else "Check the path."


def _validated(document: dict[str, Any], origin: str, place: Place, origins: Mapping[Key, str]) -> Config:
    # Default folders are paths of the config as well: they are located like written ones only when their table is there.
    document.setdefault("folders", {})
    try:
        return Config.model_validate(document, context=place)
    except ValidationError as error:
        refuse_all(origin, problems_of(error, Config, origins))
        raise
