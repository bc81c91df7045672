"""From files to a config that runs: a straight line through the steps."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from churnscope.config.load import load_config
from churnscope.discovery.business import describe_business
from churnscope.discovery.finding import find_sources
from churnscope.discovery.guesses import Ask, Guess, nobody
from churnscope.discovery.presets import PRESETS, Like
from churnscope.discovery.words import plain_words
from churnscope.discovery.writing import config_text
from churnscope.discovery.zones import guess_zone
from churnscope.errors import ConfigError
from churnscope.files import make_folder, write_atomically
from churnscope.operations.logs import Progress, silent
from churnscope.roles import ROLES


@dataclass(frozen=True)
class InitResult:
    """A config that was written, and all that was guessed for it.

    Parameters
    ----------
    config : the file.
    guesses : by key, in the order of the file.
    left_out : files that it does not read, with the reason.
    """

    config: Path
    guesses: tuple[Guess, ...]
    left_out: tuple[Guess, ...]

    @property
    def to_check(self) -> tuple[Guess, ...]:
        """The guesses that a person should look at."""
        return tuple(guess for guess in self.guesses if guess.check)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "config": str(self.config),
            "guesses": [asdict(guess) for guess in self.guesses],
            "left_out": [{"files": guess.key, "reason": guess.evidence} for guess in self.left_out],
        }


def init(
    files: Sequence[str | Path],
    config: str | Path = "churnscope.toml",
    *,
    like: Like | None = None,
    force: bool = False,
    today: date | None = None,
    ask: Ask = nobody,
    progress: Progress = silent,
) -> InitResult:
    """Look at files and write the config that reads them.

    Parameters
    ----------
    files : CSV files (also gzipped), Parquet files, globs or folders.
    config : the file to write.
    like : the kind of business, where it is known: what active means there.
    force : replace a config that is there.
    today : later days speak against a reading of dates; default: the clock's.
    ask : answers questions; by default every answer is the guess.

    Raises
    ------
    ConfigError : when there is a config already.
    InputError : when a file is refused, or none holds events of customers, their contracts, or who left.
    """
    path = Path(config)
    _refuse(path, force=force)
    day = today or date.today()  # noqa: DTZ011 - the wall's day is good enough to tell the future
    leaning = PRESETS[like].leaning if like else {}
    found = find_sources([Path(file) for file in files], leaning, day, ask, progress)
    events = [draft for draft in found.drafts if ROLES[draft.role].is_activity]
    zone = guess_zone([times for draft in events for times in draft.times], ask)
    business = None if found.is_flat else describe_business(found.drafts, like, day, ask)
    name = _name(path, events[0].name)
    text = config_text(name, zone, found, business, path.parent)
    load_config(tomllib.loads(text), {})  # what does not load is never written
    _refuse(path, force=force)
    make_folder(path.parent)
    write_atomically(path, text.encode())
    of_business = (zone, *business.guesses) if business else ()
    guesses = (*(guess for draft in found.drafts for guess in draft.guesses), *of_business)
    return InitResult(path, guesses, found.left_out)


def _refuse(path: Path, *, force: bool) -> None:
    if path.suffix != ".toml":
        raise ConfigError(f"{path} is no name of a config.", "It ends in .toml, such as churnscope.toml.")
    if path.exists() and not force:
        raise ConfigError(f"{path} is there already.", "Give another name with -o, or replace it with --force.")


def _name(path: Path, source: str) -> str:
    """After the config's file, or after the first source where that is called as it is by default."""
    stem = "_".join(plain_words(path.stem))
    name = source if stem == "churnscope" else re.sub(r"[^a-z0-9_]", "", stem).lstrip("0123456789_")
    return name or source
