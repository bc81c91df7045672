"""The store behind MLflow's client, opened quietly and within bounds of time.

MLflow is imported inside functions only: it takes seconds.
"""

from __future__ import annotations

import logging
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from churnscope.config.secrets import redacted
from churnscope.errors import ServiceError
from churnscope.tracking.place import Patience, Place
from churnscope.tracking.sending import Store

MODELS_NOT_CHATS = {"mlflow.experimentKind": "custom_model_development"}  # else MLflow guesses what its pages are to show
LONGEST_REASON = 300
QUIET_LOGGERS = ("mlflow", "alembic", "sqlalchemy", "urllib3")
FORCED = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # a lock file in the working directory says nothing about the model
}
BOUNDED = {  # unless the user's environment says otherwise
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "1",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}
_CAUSE = re.compile(r"""\(Caused by \w+\(.*?\): (?P<cause>.*?)["']?\)\)?$""")  # what urllib3 wraps in retries and pools
_TLS = re.compile(r"\[SSL: \w+\] (?P<cause>.*?) \(_ssl")


@contextmanager
def open_store(place: Place, patience: Patience) -> Iterator[Store]:
    """A store that takes runs, quietly.

    Raises
    ------
    ServiceError : when the store, in opening or later inside the block, does not answer or refuses what it is sent.
    """
    with _quiet_mlflow(patience.request_seconds):
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
        from sqlalchemy.exc import SQLAlchemyError

        try:
            patience.check()
            if place.is_database:
                _check_database(place.uri)
            client = MlflowClient(tracking_uri=place.uri, registry_uri=place.uri)
            yield Store(client, _experiment_id(client, place), patience)
        except (MlflowException, SQLAlchemyError, OSError, ImportError) as error:
            raise ServiceError(f"The tracking store {redacted(place.uri)} does not take the run: {_reason(error)}") from error


def _experiment_id(client: Any, place: Place) -> str:
    found = client.get_experiment_by_name(place.experiment)
    if found is not None:
        return str(found.experiment_id)
    # Without a location of its own a database store would put files into the working directory.
    artifacts = place.artifacts.as_uri() if place.is_database else None
    return str(client.create_experiment(place.experiment, artifact_location=artifacts, tags=MODELS_NOT_CHATS))


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
    caused = _TLS.search(first_line) or _CAUSE.search(first_line)
    return (caused["cause"] if caused else first_line)[:LONGEST_REASON] or type(error).__name__


@contextmanager
def _quiet_mlflow(request_seconds: int = 10) -> Iterator[None]:
    """MLflow without telemetry, chatter and endless retries, inside the block only."""
    bounded = {**BOUNDED, "MLFLOW_HTTP_REQUEST_TIMEOUT": str(request_seconds)}
    before = {name: os.environ.get(name) for name in (*FORCED, *bounded)}
    os.environ.update({**bounded, **{name: value for name, value in before.items() if value is not None}, **FORCED})
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
