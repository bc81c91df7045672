"""What the steps share: the folders of a project, and its data loaded as of a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from churnscope import __version__
from churnscope.config.identity import config_hash
from churnscope.config.models import Config
from churnscope.engines.duckdb import Loaded, open_engine
from churnscope.errors import ConfigError
from churnscope.operations.logs import Progress
from churnscope.operations.run import RunFacts
from churnscope.project.results import iso
from churnscope.sources.files import would_be_read


@dataclass(frozen=True)
class Folders:
    """Where a project's results go; `predictions` is for those of one model, of who leaves or of who comes back."""

    outputs: Path
    models: Path
    predictions: Path

    @classmethod
    def of(cls, config: Config) -> Folders:
        """A folder of its own for every config, so that two of them may share `outputs`."""
        outputs = config.folders.outputs / config.name
        return cls(outputs, config.folders.models, outputs / "reactivation" if config.is_of_reactivation else outputs)

    @property
    def ledger(self) -> Path:
        """One file per run."""
        return self.outputs / "runs"

    @property
    def looks(self) -> Path:
        """How often each test cutoff was looked at."""
        return self.predictions / "looks.json"

    @property
    def quarantine(self) -> Path:
        """Rows that were refused, a file per source."""
        return self.outputs / "quarantine"


def refuse_source_as_output(config: Config, output: Path | None) -> None:
    """Refuse to write where a source is read, now or by the next run.

    Raises
    ------
    ConfigError : when the file is one of a source's, lies in its folder, or fits its pattern.
    """
    for name, source in config.sources.items():
        entries = (*source.files, *(source.join.files if source.join else ()))
        if output is not None and would_be_read(output, entries):
            raise ConfigError(f"{output.name} would be read as part of [sources.{name}].", "Write to another folder.")


@contextmanager
def loaded_data(config: Config, as_of: int | None, progress: Progress, *, with_duplicates: bool = False) -> Iterator[Loaded]:
    """Read, check and count every source; the rows can be streamed while the block runs.

    Parameters
    ----------
    with_duplicates : count exact duplicates too, which costs as much as the rest.

    Raises
    ------
    InputError : when a file is refused.
    """
    progress("read and check", 0, len(config.sources))
    with open_engine(config) as engine:
        loaded = engine.load(as_of=as_of, quarantine=Folders.of(config).quarantine, with_duplicates=with_duplicates)
        progress("read and check", len(config.sources), len(config.sources))
        yield loaded


def facts_of(
    command: str,
    config: Config,
    loaded: Loaded,
    *,
    model: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> RunFacts:
    """All that decides what the command will write."""
    inputs = {
        f"{report.name} {number}: {Path(file.path).name}": file.sha256
        for report in loaded.reports
        for number, file in enumerate(report.files, start=1)
    }
    return RunFacts(
        command=command,
        as_of=iso(loaded.as_of),
        version=__version__,
        config=config_hash(config),
        inputs=inputs,
        model=model or {},
        options=options or {},
    )
