"""The store behind MLflow's client. The only module that imports MLflow, and only inside its functions: it takes seconds.

Every run carries its key as a tag and is looked up by it before it is created: sent twice, it is one run.
"""

from __future__ import annotations

import logging
import math
import os
import re
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope.config.secrets import redacted
from churnscope.errors import ServiceError

if TYPE_CHECKING:
    from churnscope.tracking.run import LoggedRun

KEY_TAG = "churnscope.key"
PARENT_TAG = "mlflow.parentRunId"  # makes MLflow's pages show a child below its parent
SERVER_SECONDS = 30.0  # for all requests of one log or sync
LONGEST_PARAMETER = 6_000  # characters; MLflow refuses more
PER_BATCH = 100  # parameters; MLflow refuses more
LONGEST_REASON = 300
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
QUIET_LOGGERS = ("mlflow", "alembic", "sqlalchemy", "urllib3")
FORCED = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
}
BOUNDED = {  # unless the user's environment says otherwise
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
_CAUSE = re.compile(r"""\(Caused by \w+\(.*?\): (?P<cause>.*?)["']?\)\)?$""")  # what urllib3 wraps in retries and pools


@dataclass(frozen=True)
class Place:
    """Where runs go: a store and an experiment in it; `artifacts` is the folder for files of stores that are databases."""

    uri: str
    experiment: str
    artifacts: Path

    @property
    def is_database(self) -> bool:
        """Whether the client writes to a database itself, without a server."""
        return self.uri.startswith(DATABASES)

    def deadline(self) -> float:
        """The moment, on the monotonic clock, after which nothing more is asked of a server that is asked from now on."""
        return math.inf if self.is_database else time.monotonic() + SERVER_SECONDS


@contextmanager
def open_store(place: Place, deadline: float) -> Iterator[Store]:
    """A store that takes runs, quietly, until `deadline`.

    Raises
    ------
    ServiceError : when the store, in opening or later inside the block, does not answer or refuses what it is sent.
    """
    with _quiet_mlflow():
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
        from sqlalchemy.exc import SQLAlchemyError

        try:
            _check_time(deadline)
            if place.is_database:
                _check_database(place.uri)
            client = MlflowClient(tracking_uri=place.uri)
            yield Store(client, _experiment_id(client, place), deadline)
        except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
            raise ServiceError(f"The tracking store {redacted(place.uri)} does not take the run: {_reason(error)}") from error


@dataclass(frozen=True)
class Store:
    """An MLflow client bound to an experiment, and to a moment after which nothing more is asked of it."""

    client: Any
    experiment_id: str
    deadline: float

    def send(self, run: LoggedRun, parent_id: str | None = None) -> str:
        """The id under which the run is in the store, whole, from now on."""
        _check_time(self.deadline)
        known = self._known(run.key)
        if known is not None and known.info.status == "FINISHED":
            return str(known.info.run_id)
        run_id = str(known.info.run_id) if known is not None else self._create(run, parent_id)
        self._fill(run_id, run)
        for child in run.children:
            self.send(child, run_id)
        self.client.set_terminated(run_id)
        return run_id

    def _known(self, key: str) -> Any | None:
        found = self.client.search_runs([self.experiment_id], f"tags.`{KEY_TAG}` = '{key}'", max_results=1)
        return found[0] if found else None

    def _create(self, run: LoggedRun, parent_id: str | None) -> str:
        tags = {**run.tags, KEY_TAG: run.key, **({PARENT_TAG: parent_id} if parent_id else {})}
        created = self.client.create_run(self.experiment_id, start_time=run.started_ms, run_name=run.name, tags=tags)
        return str(created.info.run_id)

    def _fill(self, run_id: str, run: LoggedRun) -> None:
        """Parameters, metrics and artifacts; doing it again changes nothing."""
        from mlflow.entities import Metric, Param

        params = [Param(name, text[:LONGEST_PARAMETER]) for name, text in run.params.items()]
        metrics = [Metric(name, value, run.started_ms, step) for name, step, value in run.numbers()]
        for start in range(0, max(len(params), len(metrics)), PER_BATCH):
            _check_time(self.deadline)
            batch = slice(start, start + PER_BATCH)
            self.client.log_batch(run_id, metrics=metrics[batch], params=params[batch])
        if run.artifacts:
            _check_time(self.deadline)
            self._upload(run_id, run.artifacts)

    def _upload(self, run_id: str, artifacts: Mapping[str, bytes]) -> None:
        with tempfile.TemporaryDirectory(prefix="churnscope-") as folder:
            for name, content in artifacts.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            self.client.log_artifacts(run_id, folder)


def _check_time(deadline: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError(f"nothing is left of the {SERVER_SECONDS:.0f} seconds a server is given.")


def _experiment_id(client: Any, place: Place) -> str:
    found = client.get_experiment_by_name(place.experiment)
    if found is not None:
        return str(found.experiment_id)
    # Without a location of its own a database store would put files into the working directory.
    artifacts = place.artifacts.as_uri() if place.is_database else None
    return str(client.create_experiment(place.experiment, artifact_location=artifacts))


def _check_database(uri: str) -> None:
    """Fail at once where MLflow would try for minutes."""
    import sqlalchemy

    engine = sqlalchemy.create_engine(uri)
    try:
        sqlalchemy.inspect(engine).get_table_names()
    finally:
        engine.dispose()


def _reason(error: Exception) -> str:
    first_line = redacted(str(error)).partition("\n")[0]
    caused = _CAUSE.search(first_line)
    return (caused["cause"] if caused else first_line)[:LONGEST_REASON] or type(error).__name__


@contextmanager
def _quiet_mlflow() -> Iterator[None]:
    """MLflow without telemetry, chatter and endless retries, inside the block only."""
    before = {name: os.environ.get(name) for name in (*FORCED, *BOUNDED)}
    os.environ.update({**BOUNDED, **{name: value for name, value in before.items() if value is not None}, **FORCED})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import mlflow  # noqa: F401  (importing it sets the levels that are raised next)

            with _raised_levels():
                yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


@contextmanager
def _raised_levels() -> Iterator[None]:
    levels = {name: logging.getLogger(name).level for name in QUIET_LOGGERS}
    try:
        for name in levels:
            logging.getLogger(name).setLevel(logging.ERROR)
        yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
