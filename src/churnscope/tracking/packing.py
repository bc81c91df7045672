"""A saved model as MLflow keeps one: models from code, text and JSON, no pickle."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnscope import __version__

if TYPE_CHECKING:
    from churnscope.tracking.run import SavedModel

CODE = Path(__file__).with_name("model_code.py")
BUNDLE = "bundle"


@contextmanager
def unpacked(files: Mapping[str, bytes]) -> Iterator[Path]:
    """A folder with these files, for its owner alone, while the block runs."""
    with tempfile.TemporaryDirectory(prefix="churnscope-") as folder:
        for name, content in files.items():
            path = Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        yield Path(folder)


@contextmanager
def packed(model: SavedModel, **identity: str) -> Iterator[Path]:
    """The folder of a model for `mlflow.pyfunc.load_model`, while the block runs.

    Parameters
    ----------
    identity : the ids that MLflow gave it.
    """
    from mlflow.models import Model
    from mlflow.pyfunc import FLAVOR_NAME, save_model

    described = Model(**identity)
    with unpacked({f"{BUNDLE}/{name}": content for name, content in model.files.items()}) as folder:
        path = folder / "model"
        save_model(
            path,
            python_model=CODE,
            artifacts={BUNDLE: str(folder / BUNDLE)},
            signature=_signature(model.features),
            pip_requirements=[f"churnscope=={__version__}"],
            mlflow_model=described,
        )
        # MLflow notes where the files came from: folders of this machine.
        noted = described.flavors[FLAVOR_NAME]
        noted["artifacts"][BUNDLE]["uri"], noted["model_code_path"] = BUNDLE, CODE.name
        described.save(path / "MLmodel")
        yield path


def _signature(features: tuple[str, ...]) -> Any:
    """What goes in and out, told by the catalogue and not by anybody's data."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema

    from churnscope.tracking.served import CUTOFF, PROBABILITY

    numbers = [ColSpec(DataType.double, name) for name in features]
    return ModelSignature(
        inputs=Schema([*numbers, ColSpec(DataType.datetime, CUTOFF, required=False)]),
        outputs=Schema([ColSpec(DataType.double, PROBABILITY)]),
        params=ParamSchema([ParamSpec("contributions", DataType.boolean, default=False)]),
    )
