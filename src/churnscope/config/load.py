"""From a TOML file to a checked `Config`."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from churnscope.config.checks import check_config
from churnscope.config.keys import Key
from churnscope.config.models import Config
from churnscope.config.overrides import override
from churnscope.config.places import Place
from churnscope.config.problems import problems_of, refuse_all
from churnscope.config.secrets import literal_secrets
from churnscope.errors import ConfigError


def load_config(path: str | Path, environment: Mapping[str, str] | None = None) -> Config:
    """The config of a TOML file, complete and checked.

    Parameters
    ----------
    path : the file. Paths in it are relative to its folder; in the result they are absolute.
    environment : where `${VARIABLES}` and `CHURNSCOPE__TABLE__KEY` overrides are read; the process's own by default.

    Raises
    ------
    ConfigError : when the file cannot be read or says something unknown, impossible or contradictory. All problems of one
        kind are listed together: first those of single values, then those between them.
    """
    path = Path(path)
    variables = os.environ if environment is None else environment
    document = _document(path)
    refuse_all(str(path), list(literal_secrets(document)))
    origins = override(document, variables)
    config = _validated(document, path, Place(path.absolute().parent, variables), origins)
    check_config(config, str(path))
    return config


def _document(path: Path) -> dict[str, Any]:
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


def _validated(document: dict[str, Any], path: Path, place: Place, origins: Mapping[Key, str]) -> Config:
    # Default folders are paths of the config as well: they are located like written ones only when their table is there.
    document.setdefault("folders", {})
    try:
        return Config.model_validate(document, context=place)
    except ValidationError as error:
        refuse_all(str(path), problems_of(error, Config, origins))
        raise
