"""`doctor`: whether this machine, and what a config names, is fit for a run, and what to do where it is not."""

from __future__ import annotations

import os
import platform
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Any, Final, Literal

from packaging.requirements import Requirement

from churnscope.config.load import load_config
from churnscope.config.models import Config, Source
from churnscope.errors import ChurnscopeError, ServiceError, StorageError
from churnscope.events.compiled import kept_in
from churnscope.events.kernels import divide
from churnscope.files import free_bytes
from churnscope.model.boosters import lightgbm_library
from churnscope.project.models.saved import load_model, model_name, trained_through
from churnscope.project.money.outcomes import STORE_FILE, store_of
from churnscope.project.session import Folders
from churnscope.reports.wording import counted
from churnscope.sources.files import source_files
from churnscope.timeline import date_of
from churnscope.tracking import Tracker

State = Literal["ok", "look", "wrong"]
GIB: Final = 1 << 30
LEAST_FREE: Final = GIB  # bytes; a run sorts on disk what does not fit into memory
LEAST_MEMORY: Final = 2 * GIB


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Parameters
    ----------
    state : `ok`; `look` where a run goes on all the same; `wrong` where it would fail.
    said : what was found.
    advice : what to do; empty where it is ok.
    exit_code : of a run that would fail on it.
    """

    what: str
    state: State
    said: str
    advice: str = ""
    exit_code: int = 0


@dataclass(frozen=True)
class DoctorResult:
    """All that was looked at, the machine first."""

    findings: tuple[Finding, ...]

    @property
    def exit_code(self) -> int:
        """That of the first thing that is wrong; 0 where nothing is."""
        return next((finding.exit_code for finding in self.findings if finding.state == "wrong"), 0)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready."""
        return {"findings": [asdict(finding) for finding in self.findings], "exit_code": self.exit_code}


def doctor(config: Path | None) -> DoctorResult:
    """Look at the machine and, where there is a config, at what it names; nothing is read or trained.

    Parameters
    ----------
    config : path of a config file; None: the machine alone.
    """
    return DoctorResult((*_machine(), *(() if config is None else _project(config))))


def _machine() -> Iterator[Finding]:
    yield Finding("Python", "ok", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    yield from _packages()
    yield _tried("LightGBM", _lightgbm)
    yield _tried("kernels", _kernels)
    yield _memory()
    yield _room("temporary folder", Path(tempfile.gettempdir()))


def _project(path: Path) -> Iterator[Finding]:
    try:
        config = load_config(path)
    except ChurnscopeError as error:
        yield _failed("config", error)
        return
    yield Finding("config", "ok", f"{path.name}: {counted(len(config.sources), 'sources')}")
    for name, source in config.sources.items():
        yield _tried(f"source {name}", partial(_files, name, source))
    for name, folder in (("outputs", Folders.of(config).outputs), ("models", Folders.of(config).models)):
        yield _tried(f"folder {name}", partial(_folder, folder))
    yield _tried("champion", partial(_champion, config))
    yield _tried("tracking", partial(_tracking, config))
    yield _tried("outcomes", partial(_outcomes, config))


def _tried(what: str, look: Callable[[], Finding | str]) -> Finding:
    """What a look found; the error it ended with as something wrong."""
    try:
        found = look()
    except ChurnscopeError as error:
        return _failed(what, error)
    return replace(found, what=what) if isinstance(found, Finding) else Finding(what, "ok", found)


def _failed(what: str, error: ChurnscopeError) -> Finding:
    return Finding(what, "wrong", error.what, error.advice, error.exit_code)


def _packages() -> Iterator[Finding]:
    """The versions of what the package declares to need."""
    needed = [Requirement(line) for line in metadata.requires("churnscope") or ()]
    needed = [each for each in needed if each.marker is None or each.marker.evaluate({"extra": ""})]
    found = {each.name: _version(each.name) for each in needed}
    wrong = [each for each in needed if not each.specifier.contains(found[each.name] or "0", prereleases=True)]
    yield Finding("churnscope", "ok", f"{metadata.version('churnscope')}, {len(needed)} libraries")
    for each in wrong:
        said = f"{found[each.name] or 'not installed'}, needed is {each.specifier}"
        yield Finding(each.name, "wrong", said, f'Run: pip install "{each}"', 1)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _lightgbm() -> str:
    return f"{lightgbm_library().__version__} loads, and OpenMP with it"


def _kernels() -> Finding | str:
    """Where compiled kernels are kept."""
    folder = kept_in(divide)
    if not folder:
        advice = "Set NUMBA_CACHE_DIR to a folder that can be written; until then every run compiles them anew (seconds)."
        return Finding("", "look", "no folder to keep them in", advice)
    kept = len(list(Path(folder).glob("*.nbi")))
    return f"{folder}: {kept} kept" if kept else f"{folder}: none yet; churnscope warmup compiles them"


def _memory() -> Finding:
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    said = f"{os.cpu_count()} cores, {total / GIB:.0f} GiB of memory"
    if total >= LEAST_MEMORY:
        return Finding("machine", "ok", said)
    return Finding("machine", "look", said, 'Small files only, or set [engine] memory_limit = "1GB".')


def _room(what: str, folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{folder}: {free / GIB:.0f} GiB free"
    if free >= LEAST_FREE:
        return Finding(what, "ok", said)
    return Finding(what, "look", said, "Free some space, or set TMPDIR to a larger disk: what exceeds memory is sorted there.")


def _files(name: str, source: Source) -> str:
    files = source_files(name, source)
    size = sum(file.size_bytes for file in files)
    newest = time.strftime("%Y-%m-%d", time.gmtime(max(file.path.stat().st_mtime for file in files)))
    return f"{counted(len(files), 'files')}, {size / (1 << 20):,.1f} MiB, newest of {newest}"


def _folder(folder: Path) -> str:
    """Whether a folder, or the nearest one above it that is there, can be written."""
    there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not os.access(there, os.W_OK | os.X_OK):
        raise StorageError(f"{there} cannot be written.", "Give this user the right, or name another folder under [folders].")
    return f"{folder}: can be written, {free_bytes(there) / GIB:.0f} GiB free"


def _champion(config: Config) -> Finding | str:
    if not (Folders.of(config).models / model_name(config) / "champion.json").exists():
        return Finding("", "look", "no model serves yet", "Run: churnscope train CONFIG")
    bundle = load_model(config, "champion")
    rule = f", the {bundle.stands_in}" if bundle.stands_in else ""
    return f"{bundle.version}{rule}: intact, learned from outcomes before {date_of(trained_through(bundle, 'all'))}"


def _outcomes(config: Config) -> str:
    """The store of lists and outcomes: whether it answers, can be written, and is of a format that this program knows."""
    file = Folders.of(config).outputs / STORE_FILE
    if config.outcomes.url is None and not file.exists():
        return f"{file}: none yet; the first call list makes it"
    if config.outcomes.url is None and not os.access(file, os.W_OK):
        raise StorageError(
            f"{file} cannot be written.", "Give this user the right, or name another store under [outcomes] url."
        )
    with store_of(config) as store:
        return f"{store.place}: answers, holds {counted(len(store.lists()), 'lists')}"


def _tracking(config: Config) -> Finding | str:
    if not config.tracking.enabled:
        return "off"
    tracker = Tracker(config.tracking, Folders.of(config).outputs, config.name)
    waiting = len(tracker.waiting())
    try:
        tracker.ask()
    except ServiceError as error:
        if config.tracking.required:
            raise
        return Finding("", "look", error.what, "Runs are kept until it answers: churnscope sync CONFIG sends them.")
    if waiting:
        return Finding("", "look", f"answers; {waiting} runs wait to be sent", "Run: churnscope sync CONFIG")
    return f"answers: {tracker.look}"
