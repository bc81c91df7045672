"""Models through MLflow's client: logged, registered under their name, and the alias of the one that serves.

A model carries its key as a tag, its registered version churnscope's version: both are looked up before they are created.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from churnscope.tracking.packing import packed

if TYPE_CHECKING:
    from churnscope.tracking.place import Patience
    from churnscope.tracking.run import SavedModel

KEY_TAG = "churnscope.key"
VERSION_TAG = "churnscope.version"
CHAMPION = "champion"  # the alias of the version that serves


@dataclass(frozen=True)
class Registry:
    """An MLflow client bound to an experiment, with so much patience."""

    client: Any
    experiment_id: str
    patience: Patience

    def send(self, model: SavedModel, run_id: str) -> str:
        """The id under which the model is in the store and registered, both whole, from now on."""
        self.patience.check()
        key = f"{model.name}:{model.version}"
        found = self.client.search_logged_models([self.experiment_id], f"tags.`{KEY_TAG}` = '{key}'", max_results=1)
        logged = next(iter(found), None) or self.client.create_logged_model(
            self.experiment_id, model.name, source_run_id=run_id, tags={**model.tags, KEY_TAG: key}
        )
        if logged.status != "READY":
            with packed(model, run_id=logged.source_run_id, model_uuid=logged.model_id, model_id=logged.model_id) as folder:
                self.patience.check()
                self.client.log_model_artifacts(logged.model_id, str(folder))
            self.client.finalize_logged_model(logged.model_id, "READY")
        self._register(model, logged)
        return str(logged.model_id)

    def serve(self, name: str, version: str | None) -> None:
        """Let the alias `champion` of a registered model mean the version that serves; none where that is not registered."""
        self.patience.check()
        aliases = self.client.get_registered_model(name).aliases
        registered = self._registered(name, version) if version else None
        if registered is None and CHAMPION in aliases:
            self.client.delete_registered_model_alias(name, CHAMPION)
        elif registered is not None and str(aliases.get(CHAMPION)) != registered:
            self.client.set_registered_model_alias(name, CHAMPION, registered)

    def _register(self, model: SavedModel, logged: Any) -> None:
        """Enter the version into the registry, once."""
        from mlflow.exceptions import MlflowException

        self.patience.check()
        try:
            self.client.create_registered_model(model.name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        if self._registered(model.name, model.version) is None:
            tags = {**model.tags, VERSION_TAG: model.version}
            self.client.create_model_version(
                model.name,
                logged.artifact_location,
                run_id=logged.source_run_id,
                tags=tags,
                description=model.description,
                await_creation_for=0,
                model_id=logged.model_id,
            )

    def _registered(self, name: str, version: str) -> str | None:
        """MLflow's number of a version; None where it is not registered."""
        found = self.client.search_model_versions(f"name = '{name}' and tags.`{VERSION_TAG}` = '{version}'", max_results=1)
        return next((str(each.version) for each in found), None)
