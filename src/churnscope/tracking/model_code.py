"""Stored with every model that is logged, and run by MLflow when one is loaded. churnscope itself never imports it."""

from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext
from pandas import DataFrame

from churnscope.tracking.served import load, predict


class ChurnModel(PythonModel):  # type: ignore[misc]  # MLflow is untyped
    """A churnscope model for `mlflow.pyfunc.load_model`."""

    def load_context(self, context: PythonModelContext) -> None:
        """Read the model's files, once they are what they were when it was saved."""
        self.bundle = load(context.artifacts["bundle"])

    def predict(self, model_input: DataFrame, params: dict[str, bool] | None = None) -> DataFrame:
        """Columns of features in, `churn_probability` out; with `{"contributions": True}` what every feature adds too."""
        return predict(self.bundle, model_input, contributions=bool((params or {}).get("contributions")))


set_model(ChurnModel())
