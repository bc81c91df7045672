"""Where the texts of a config lead: `${VARIABLES}` filled in, paths made absolute."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from churnscope.errors import ConfigError

VARIABLE = re.compile(r"\$\{([^}]*)\}")
_FILE = "file:"


@dataclass(frozen=True)
class Place:
    """The folder a config's paths start from, and the environment its variables are read from."""

    folder: Path
    environment: Mapping[str, str]

    def expanded(self, text: str) -> str:
        """`text` with each `${NAME}` replaced by the variable, each `${file:PATH}` by that file's stripped content.

        Raises
        ------
        ConfigError : when a variable is not set or a file cannot be read.
        """
        return VARIABLE.sub(lambda match: self._value(match[1].strip()), text)

    def located(self, path: str) -> str:
        """`path` expanded, absolute, and without `..`."""
        return os.path.normpath(self.folder / self.expanded(path))

    def _value(self, name: str) -> str:
        if name.startswith(_FILE):
            return self._content(self.folder / name.removeprefix(_FILE))
        try:
            return self.environment[name]
        except KeyError as error:
            raise ConfigError(
                f"the variable {name} is not set.", f"Set it, as in `export {name}=...`, or write the value here."
            ) from error

    def _content(self, path: Path) -> str:
        try:
            return path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"the file {path} cannot be read.", "Write it as UTF-8 text that this user may read.") from error
