"""Logging that loses nothing.

A run is first written to the outbox, a folder beside the store, then sent, then taken out of the outbox. So neither a server
that is absent or slow nor a kill on the way loses it; `Tracker.sync` sends what is left.
"""

from __future__ import annotations

import hashlib
import json
import shlex
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from churnscope.config.secrets import redacted
from churnscope.errors import BusyError, ServiceError, StorageError
from churnscope.files import storage_errors, write_atomically
from churnscope.operations.lock import locked
from churnscope.tracking.place import Patience, Place
from churnscope.tracking.run import LoggedRun
from churnscope.tracking.store import open_store

if TYPE_CHECKING:
    from churnscope.config.models import Tracking as Settings

LOCK_SECONDS = 60.0  # longer than another run needs to send
RUN_SECONDS = 10, 30.0  # a run waits for a server so long: for one answer, for all of them
SYNC_SECONDS = 120, 600.0  # `sync` is asked to wait


@dataclass(frozen=True)
class Tracked:
    """What became of a run: logged, kept in the outbox (pending), or not asked for (off).

    Parameters
    ----------
    key : of the run.
    run_id : MLflow's id; empty unless logged.
    look : the command, or the address of the server, that shows it; empty when off.
    reason : why it is pending.
    """

    key: str
    state: Literal["logged", "pending", "off"]
    run_id: str = ""
    look: str = ""
    reason: str = ""


@dataclass(frozen=True)
class Tracker:
    """Logs the runs of one experiment.

    Parameters
    ----------
    settings : the config's [tracking].
    outputs : the outputs folder. Its `mlflow/` holds the store (without a uri), the files of database stores and the outbox.
    experiment : used where the settings name none.
    serving : the version of a model, by its name, that serves at the moment of asking; None where none does.
    """

    settings: Settings
    outputs: Path
    experiment: str
    serving: Callable[[str], str | None] = lambda _: None

    @property
    def folder(self) -> Path:
        """Where store and outbox are; for its owner alone."""
        return self.outputs.absolute() / "mlflow"

    @property
    def place(self) -> Place:
        """Where runs go; its uri may hold a password and is not to be printed."""
        uri = self.settings.uri or f"sqlite:///{self.folder / 'mlflow.db'}"
        return Place(uri, self.settings.experiment or self.experiment, self.folder / "artifacts")

    @property
    def look(self) -> str:
        """The command that shows the runs, or the address of the server; without password."""
        shown = redacted(self.place.uri)
        return f"{_mlflow()} ui --backend-store-uri {shlex.quote(shown)}" if self.place.is_database else shown

    def log(self, run: LoggedRun) -> Tracked:
        """Log a run, or keep it for `sync` where the store does not answer.

        Raises
        ------
        ServiceError : when the store does not answer and the settings say that it is required; the run is kept all the same.
        StorageError : when the outbox cannot be written.
        """
        if not self.settings.enabled:
            return Tracked(run.key, "off")
        kept = self._keep(run)
        try:
            with locked(self.folder / ".lock", wait_seconds=LOCK_SECONDS):
                return self._send(run, kept, Patience.with_server(self.place, *RUN_SECONDS))
        except (ServiceError, BusyError) as error:
            if self.settings.required:
                raise ServiceError(error.what, f"{kept} keeps the run: `churnscope sync` sends it later.") from error
            return self._pending(run, error.what)

    def sync(self) -> tuple[Tracked, ...]:
        """Send every run of the outbox, oldest first; those that cannot be sent stay, and the result says why.

        Raises
        ------
        BusyError : when another run is sending.
        StorageError : when the outbox cannot be read.
        """
        if not self.settings.enabled or not self.waiting():
            return ()
        with locked(self.folder / ".lock", wait_seconds=LOCK_SECONDS):
            patience = Patience.with_server(self.place, *SYNC_SECONDS)
            return tuple(self._try_to_send(_read(path), path, patience) for path in self.waiting())

    def ask(self) -> None:
        """See whether the store answers; a database that is not there yet would be made by the first run.

        Raises
        ------
        ServiceError : when it does not answer.
        """
        if self.settings.uri is None and not (self.folder / "mlflow.db").exists():
            return
        with open_store(self.place, Patience.with_server(self.place, *RUN_SECONDS)):
            pass

    def waiting(self) -> list[Path]:
        """Files of the runs that were not sent yet, oldest first."""
        return sorted((self.folder / "outbox").glob("*.json"))

    def _keep(self, run: LoggedRun) -> Path:
        outbox = self.folder / "outbox"
        with storage_errors(outbox):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            outbox.mkdir(mode=0o700, exist_ok=True)
        path = outbox / f"{run.started_ms:015d}-{hashlib.sha256(run.key.encode()).hexdigest()[:16]}.json"
        write_atomically(path, json.dumps(run.to_json()).encode())
        return path

    def _try_to_send(self, run: LoggedRun, kept: Path, patience: Patience) -> Tracked:
        try:
            return self._send(run, kept, patience)
        except ServiceError as error:
            return self._pending(run, error.what)

    def _send(self, run: LoggedRun, kept: Path, patience: Patience) -> Tracked:
        with open_store(self.place, patience) as store:
            run_id = store.send(run)
            for name in {model.name for model in run.models}:
                # Asked now and not when the run was made: a run that is sent late does not bring back an earlier champion.
                store.registry.serve(name, self.serving(name))
        with storage_errors(kept):
            kept.unlink(missing_ok=True)
        return Tracked(run.key, "logged", run_id, self.look)

    def _pending(self, run: LoggedRun, reason: str) -> Tracked:
        return Tracked(run.key, "pending", look=self.look, reason=reason)


def _mlflow() -> str:
    """How a shell calls the MLflow that belongs to this Python."""
    found = shutil.which("mlflow")
    own = found is not None and Path(found).parent == Path(sys.executable).parent
    return "mlflow" if own else f"{shlex.quote(sys.executable)} -m mlflow"


def _read(path: Path) -> LoggedRun:
    with storage_errors(path, right="read"):
        content = path.read_bytes()
    try:
        return LoggedRun.from_json(json.loads(content))
    except (ValueError, TypeError, KeyError) as error:
        raise StorageError(
            f"{path} is damaged, or was written by another version.", "Move the file away, then sync again."
        ) from error
