"""Runs through MLflow's client. Each carries its key as a tag, and is looked up by it first: sent twice, it is one."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from churnscope.tracking.packing import unpacked
from churnscope.tracking.registering import KEY_TAG, Registry

if TYPE_CHECKING:
    from churnscope.tracking.place import Patience
    from churnscope.tracking.run import LoggedRun

PARENT_TAG = "mlflow.parentRunId"  # makes MLflow's pages show a child below its parent
LONGEST_PARAMETER = 6_000  # characters; MLflow refuses more
LONGEST_DIGEST = 36  # characters; MLflow refuses more
PER_BATCH = 100  # parameters or inputs; MLflow refuses more


@dataclass(frozen=True)
class Store:
    """An MLflow client bound to an experiment, with so much patience."""

    client: Any
    experiment_id: str
    patience: Patience

    @property
    def registry(self) -> Registry:
        """Where its models go."""
        return Registry(self.client, self.experiment_id, self.patience)

    def send(self, run: LoggedRun, parent_id: str = "") -> str:
        """The id under which the run is in the store, whole, from now on."""
        self.patience.check()
        known = self._known(run.key)
        if known is not None and known.info.status == "FINISHED":
            return str(known.info.run_id)
        run_id = str(known.info.run_id) if known is not None else self._create(run, parent_id or self._training(run.below))
        self._fill(run_id, run)
        for child in run.children:
            self.send(child, run_id)
        for model in run.models:
            self._link(run_id, self.registry.send(model, run_id))
        self.client.set_terminated(run_id)
        return run_id

    def _known(self, key: str) -> Any | None:
        return self._found(f"tags.`{KEY_TAG}` = '{key}'")

    def _training(self, model: str) -> str:
        """Id of the newest run that trained a model; empty where there is none."""
        name, _, version = model.partition(":")
        wanted = {"command": "train", "model": name, "model_version": version}
        found = self._found(" and ".join(f"tags.{tag} = '{value}'" for tag, value in wanted.items())) if model else None
        return "" if found is None else str(found.info.run_id)

    def _found(self, wanted: str) -> Any | None:
        return next(iter(self.client.search_runs([self.experiment_id], wanted, max_results=1)), None)

    def _create(self, run: LoggedRun, parent_id: str) -> str:
        tags = {**run.tags, KEY_TAG: run.key, **({PARENT_TAG: parent_id} if parent_id else {})}
        created = self.client.create_run(self.experiment_id, start_time=run.started_ms, run_name=run.name, tags=tags)
        return str(created.info.run_id)

    def _fill(self, run_id: str, run: LoggedRun) -> None:
        """Parameters, metrics, inputs and artifacts; doing it again changes nothing."""
        from mlflow.entities import Dataset, DatasetInput, Metric, Param

        params = [Param(name, text[:LONGEST_PARAMETER]) for name, text in run.params.items()]
        metrics = [Metric(name, value, run.started_ms, step) for name, step, value in run.numbers()]
        for start in range(0, max(len(params), len(metrics)), PER_BATCH):
            self.patience.check()
            batch = slice(start, start + PER_BATCH)
            self.client.log_batch(run_id, metrics=metrics[batch], params=params[batch])
        read = [
            DatasetInput(Dataset(name, sha[:LONGEST_DIGEST], "file", json.dumps({"sha256": sha})))
            for name, sha in run.inputs.items()
        ]
        for start in range(0, len(read), PER_BATCH):
            self.patience.check()
            self.client.log_inputs(run_id, read[start : start + PER_BATCH])
        if run.artifacts:
            self.patience.check()
            with unpacked(run.artifacts) as folder:
                self.client.log_artifacts(run_id, str(folder))

    def _link(self, run_id: str, model_id: str) -> None:
        """Let the run's page name the model."""
        from mlflow.entities import LoggedModelOutput

        outputs = self.client.get_run(run_id).outputs
        if model_id not in {each.model_id for each in (outputs.model_outputs if outputs else ())}:
            self.client.log_outputs(run_id, [LoggedModelOutput(model_id, step=0)])
