"""A saved model, and MLflow's own client to read back what was stored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from churnscope.model.bundle import Bundle, read_bundle, saved_files, write_bundle
from churnscope.timeline import split_by_time
from churnscope.tracking import SavedModel, Tracker, store
from model.conftest import SETTINGS, TIMING, snapshots


@dataclass(frozen=True)
class Saved:
    """A model on disk and as the tracker takes it."""

    folder: Path
    bundle: Bundle
    model: SavedModel


def save(models: Path, trained, as_of: int) -> Saved:
    bundle = Bundle(
        name="shop",
        as_of=as_of,
        final=trained.final,
        evaluation=trained.evaluation,
        small=trained.small,
        dropped=trained.dropped,
        profile=trained.profile,
        plan={"windows_days": [30], "families": [], "plugins": "", "columns": {"purchases": ["amount"]}},
        config={"name": "shop"},
        definition={"timing": {"horizon_days": TIMING.horizon_days}},
        figures={"auroc": 0.75},
    )
    folder = write_bundle(models, bundle)
    bundle = read_bundle(folder)
    names = tuple(spec.name for spec in bundle.specs)
    model = SavedModel("shop", bundle.version, saved_files(folder), names, {"grade": "use it"}, "Grade: use it.")
    return Saved(folder, bundle, model)


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    """Two versions of one model: the same trees, a day apart."""
    from churnscope.model.training import train

    table = snapshots(300)
    settings = SETTINGS.model_copy(update={"seeds": 1, "rounds": 20})
    trained = train(table, split_by_time(table.cutoffs, TIMING), settings, threads=1)
    home = tmp_path_factory.mktemp("models")
    return save(home, trained, 230), save(home, trained, 231)


@pytest.fixture(scope="session")
def saved(models):
    return models[0]


@pytest.fixture(scope="module")
def client_of():
    """MLflow's own client on a store, quiet."""
    with store._quiet_mlflow():
        from mlflow.tracking import MlflowClient

        yield lambda tracker: MlflowClient(tracking_uri=tracker.place.uri, registry_uri=tracker.place.uri)


@dataclass(frozen=True)
class Stored:
    """What is in a store, as MLflow tells it."""

    runs: dict[str, list[str]]  # by key, the status of each run
    models: list[str]  # their status
    versions: dict[str, list[str]]  # by churnscope's version, MLflow's numbers
    champion: str | None  # churnscope's version


@pytest.fixture(scope="module")
def stored(client_of):
    """Everything of a tracker's experiment and of the registered model "shop"."""

    def read(tracker: Tracker) -> Stored:
        client = client_of(tracker)
        found = client.get_experiment_by_name(tracker.place.experiment)
        experiments = [found.experiment_id] if found else []
        runs, versions = {}, {}
        for run in client.search_runs(experiments) if experiments else ():
            runs.setdefault(run.data.tags["churnscope.key"], []).append(run.info.status)
        for each in client.search_model_versions("name = 'shop'"):
            versions.setdefault(each.tags["churnscope.version"], []).append(str(each.version))
        alias = client.get_registered_model("shop").aliases.get("champion") if versions else None
        champion = next((version for version, numbers in versions.items() if str(alias) in numbers), None)
        logged = client.search_logged_models(experiments) if experiments else ()
        return Stored(runs, [str(each.status) for each in logged], versions, champion)

    return read
