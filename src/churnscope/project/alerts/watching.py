"""`alerts watch`: run the alerts as soon as a file has arrived whole; a file that is refused goes into quarantine."""

from __future__ import annotations

import json
import logging
import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from churnscope.config.models import Config, Files, Source
from churnscope.errors import BusyError, ChurnscopeError, ConfigError, GateError, InputError, ServiceError, StorageError
from churnscope.files import make_folder, storage_errors, write_atomically
from churnscope.operations.logs import Progress
from churnscope.project.alerts.alerted import AlertsResult
from churnscope.project.alerts.run import AlertRequest, PastDayError, open_channels, run_alerts, settings_of
from churnscope.project.results import Summarised, near
from churnscope.project.session import Folders
from churnscope.reports.wording import counted
from churnscope.sources.files import named_paths, would_be_read

SECONDS_TO_RETRY = 60.0  # before messages that could not be delivered are tried again without a new file
STATE = "watched.json"
QUARANTINED = "files"

Status = tuple[int, int]  # size in bytes, time of the last change in nanoseconds

logger = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class Watched(Summarised):
    """What became of the files of a folder.

    Parameters
    ----------
    read : files that a run has read.
    quarantined : where refused files went.
    runs : of the alerts.
    new : alerts that these runs found.
    """

    name: str
    folder: Path
    read: int
    quarantined: tuple[Path, ...]
    runs: int
    new: int

    @property
    def summary(self) -> str:
        """What came out."""
        refused = f", {counted(len(self.quarantined), 'files')} in quarantine" if self.quarantined else ""
        return f"{counted(self.read, 'files')} of {near(self.folder)} read, {counted(self.new, 'new alerts')}{refused}"

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {
            "name": self.name,
            "folder": str(self.folder),
            "read": self.read,
            "quarantined": [str(path) for path in self.quarantined],
            "runs": self.runs,
            "new": self.new,
        }


def watch_alerts(
    config: Config, folder: Path, progress: Progress, request: AlertRequest, *, every_seconds: float, once: bool
) -> Watched:
    """Look again and again; `Project.watch_alerts` says more."""
    watch = Watch(config, folder.resolve(), progress, request)
    while True:
        is_settled = watch.look()
        if once and is_settled:
            return watch.watched
        time.sleep(every_seconds)


@dataclass
class Watch:
    """The files of a folder, as they come.

    Parameters
    ----------
    folder : absolute.

    Raises
    ------
    ConfigError : when the folder is not there, no source is read from it, there are no rules, or a destination's address is
        missing.
    """

    config: Config
    folder: Path
    progress: Progress
    request: AlertRequest
    _seen: dict[Path, Status] = field(default_factory=dict)
    _read: dict[Path, Status] = field(default_factory=dict)
    _quarantined: list[Path] = field(default_factory=list)
    _runs: int = 0
    _new: int = 0
    _count: int = 0
    _retry_at: float | None = None

    def __post_init__(self) -> None:
        open_channels(settings_of(self.config), self.request.environment)
        if not self.folder.is_dir():
            raise ConfigError(f"{self.folder}: there is no such folder.", "Name the folder in which the files arrive.")
        entries = [Path(entry.path) for source in self.config.sources.values() for entry in source.files]
        if not any(self.folder in {path.resolve(), *path.resolve().parents} for path in entries):
            raise ConfigError(f"{self.folder}: no source is read from there.", "Name the folder that [sources] files lead to.")
        self._read = self._remembered()

    @property
    def watched(self) -> Watched:
        """What became of the files so far."""
        return Watched(self.config.name, self.folder, self._count, tuple(self._quarantined), self._runs, self._new)

    def look(self) -> bool:
        """Read what has arrived whole since the last look.

        Returns
        -------
        Whether every file that is there is read, or was refused.
        """
        now = self._there()
        whole = [path for path, status in now.items() if self._seen.get(path) == status and status[0] > 0]
        new = [path for path in whole if self._read.get(path) != now[path]]
        self._seen = now
        if new:
            self._take(new)
        elif self._retry_at is not None and time.monotonic() >= self._retry_at:
            self._run(())
        return all(self._read.get(path) == status for path, status in self._there().items())

    def _take(self, new: Sequence[Path]) -> None:
        """All new files at once; one by one where that is refused, to find the bad one."""
        refusal = self._run(new)
        if refusal is None:
            return
        if len(new) == 1:
            self._refuse(new[0], refusal)
            return
        for path in new:
            alone = self._run([path])
            if alone is not None:
                self._refuse(path, alone)

    def _run(self, new: Collection[Path]) -> ChurnscopeError | None:
        """Run the alerts on the files read before and the new ones; what refuses the new ones is answered."""
        statuses = {path: self._seen[path] for path in new}
        config = self._reading({*self._read, *new})
        if config is None:  # a source still waits for its first file
            return None
        try:
            result = run_alerts(config, None, self.progress, self.request)
        except (BusyError, StorageError) as error:
            self._log(error, "will be tried again")
            return None
        except (ServiceError, GateError, PastDayError) as error:
            self._log(error, "the files are read")
            self._keep(statuses)
            self._retry_at = time.monotonic() + SECONDS_TO_RETRY if isinstance(error, ServiceError) else None
            return None
        except (InputError, ConfigError) as error:
            if any(_status(path) != status for path, status in statuses.items()):
                return None  # it was not whole after all
            if not new:
                raise
            return error
        self._done(result, statuses)
        return None

    def _done(self, result: AlertsResult, statuses: dict[Path, Status]) -> None:
        self._runs += 1
        self._new += 0 if result.was_done else result.new
        waits = any(not delivery.sent for delivery in result.deliveries)
        self._retry_at = time.monotonic() + SECONDS_TO_RETRY if waits else None
        self._keep(statuses)
        for path in statuses:
            logger.info("%s is read.", path.name)

    def _keep(self, statuses: dict[Path, Status]) -> None:
        """Remember which files are read, so that the next watch does not begin anew."""
        self._read |= statuses
        self._count += len(statuses)
        named = {path.name: list(status) for path, status in sorted(self._read.items())}
        make_folder(self._state.parent)
        write_atomically(self._state, (json.dumps({"folder": str(self.folder), "files": named}, indent=2) + "\n").encode())

    def _refuse(self, path: Path, error: ChurnscopeError) -> None:
        """Put a file aside, so that no other run stumbles over it."""
        aside = Folders.of(self.config).quarantine / QUARANTINED
        make_folder(aside)
        target, number = aside / path.name, 1
        while target.exists():
            number += 1
            target = aside / f"{number}-{path.name}"
        with storage_errors(path):
            shutil.move(path, target)
        self._seen.pop(path, None)
        self._quarantined.append(target)
        self._log(error, f"{path.name} is in quarantine: {near(target)}")

    def _log(self, error: ChurnscopeError, what: str) -> None:
        logger.error("Exit code %d, %s. %s", error.exit_code, what, error, extra={"exit_code": error.exit_code})

    @property
    def _state(self) -> Path:
        return Folders.of(self.config).outputs / "alerts" / STATE

    def _remembered(self) -> dict[Path, Status]:
        try:
            document = json.loads(self._state.read_bytes())
            files = {self.folder / name: (int(size), int(changed)) for name, (size, changed) in document["files"].items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return {}  # none yet, or damaged: the alerts themselves are remembered in the store
        if document.get("folder") != str(self.folder):
            return {}
        return {path: status for path, status in files.items() if _status(path) == status}

    def _there(self) -> dict[Path, Status]:
        """The files of the folder that a source would read."""
        sources = self.config.sources.values()
        entries = [entry for source in sources for entry in (*source.files, *(source.join.files if source.join else ()))]
        with storage_errors(self.folder, right="read"):
            found = sorted(path for path in self.folder.iterdir() if not path.name.startswith("."))
        there = {path: _status(path) for path in found if would_be_read(path, entries)}
        return {path: status for path, status in there.items() if status is not None}

    def _reading(self, allowed: Collection[Path]) -> Config | None:
        """The config with only those of the folder's files that are whole; None where a source has none."""
        sources = {}
        for name, source in self.config.sources.items():
            files = self._files(source.files, source, allowed)
            join = source.join
            if join is not None:
                joined = self._files(join.files, source, allowed)
                join = join.model_copy(update={"files": joined}) if joined else None
            if not files or (source.join is not None and join is None):
                return None
            sources[name] = source.model_copy(update={"files": files, "join": join})
        return self.config.model_copy(update={"sources": sources})

    def _files(self, entries: Sequence[Files], source: Source, allowed: Collection[Path]) -> tuple[Files, ...]:
        kept = []
        for entry in entries:
            try:
                paths = list(named_paths(entry.path, source.format, "[sources]"))
            except InputError:
                continue
            here = [path for path in paths if self.folder not in path.resolve().parents or path.resolve() in allowed]
            kept += [Files(path=str(path), rename=entry.rename) for path in here if path.exists()]
        return tuple(kept)


def _status(path: Path) -> Status | None:
    """Size and time of a plain file; None where it is none, or gone."""
    try:
        status = path.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if path.is_file() else None
