"""The model as MLflow keeps it: no pickle, no trace of the machine, and loadable elsewhere."""

from __future__ import annotations

import ast
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from churnscope import __version__
from churnscope.tracking import store
from churnscope.tracking.packing import packed

# What someone else would write who has churnscope installed: nothing of it is imported by hand.
ELSEWHERE = """
import json, sys
import mlflow, numpy as np, pandas as pd
model = mlflow.pyfunc.load_model(sys.argv[1])
table = pd.read_parquet(sys.argv[2])
answer = model.predict(table)
parts = model.predict(table, params={"contributions": True})
try:
    model.predict(table.drop(columns="purchase_count_ever"))
    refused = ""
except Exception as error:
    refused = str(error)
hexed = [float(value).hex() for value in answer["churn_probability"]]
print(json.dumps({"hexed": hexed, "columns": list(parts.columns), "refused": refused, "pickle": "pickle" in str(answer)}))
"""


@pytest.fixture(scope="module")
def folder(saved, tmp_path_factory):
    kept = tmp_path_factory.mktemp("mlflow") / "model"
    with store._quiet_mlflow(), packed(saved.model, run_id="r" * 32, model_uuid="m-1", model_id="m-1") as made:
        made.rename(kept)
    return kept


def test_it_holds_the_bundle_code_and_requirements_and_no_pickle(folder, saved):
    held = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    bundle = {f"artifacts/bundle/{name}" for name in saved.model.files}
    assert held == bundle | {"MLmodel", "model_code.py", "conda.yaml", "python_env.yaml", "requirements.txt"}
    for path in folder.rglob("*"):
        assert path.is_dir() or not path.read_bytes().startswith(b"\x80"), f"{path} looks like a pickle"
    assert all((folder / "artifacts" / "bundle" / name).read_bytes() == content for name, content in saved.model.files.items())


def test_requirements_pin_churnscope_and_mlflow_alone(folder):
    import mlflow

    required = set((folder / "requirements.txt").read_text().split())
    assert required == {f"churnscope=={__version__}", f"mlflow=={mlflow.__version__}"}


def test_nothing_tells_of_the_machine(folder):
    ours = {str(Path.home()), str(Path.cwd()), str(Path(__file__).parents[2]), tempfile.gettempdir(), socket.gethostname()}
    for name in ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt", "model_code.py"):
        text = (folder / name).read_text()
        assert not [trace for trace in (*ours, "site-packages", "user") if trace in text], name


def test_the_signature_is_the_catalogue(folder, saved):
    described = yaml.safe_load((folder / "MLmodel").read_text())
    inputs, outputs, params = (json.loads(described["signature"][part]) for part in ("inputs", "outputs", "params"))
    assert [column["name"] for column in inputs if column["required"]] == list(saved.model.features)
    assert {column["type"] for column in inputs if column["required"]} == {"double"}
    assert [(column["name"], column["type"]) for column in inputs if not column["required"]] == [("cutoff", "datetime")]
    assert [column["name"] for column in outputs] == ["churn_probability"]
    assert [(param["name"], param["default"]) for param in params] == [("contributions", False)]
    assert "saved_input_example_info" not in described


@pytest.mark.slow
def test_it_loads_elsewhere_and_answers_bitwise_the_same(folder, saved, tmp_path):
    rows = saved.bundle.profile.rows(40, np.random.default_rng(2))
    names = list(saved.model.features)
    table = pd.DataFrame(rows, columns=names)[names[::-1]].assign(customer_id="x", churned=0)
    table["cutoff"] = pd.Timestamp("1970-08-01").date()  # as `churnscope features` writes it
    table.to_parquet(tmp_path / "features.parquet")
    command = [sys.executable, "-W", "ignore", "-c", ELSEWHERE, str(folder), str(tmp_path / "features.parquet")]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    expected = saved.bundle.final.predict(rows, 212)  # 1970-08-01
    assert answer["hexed"] == [float(value).hex() for value in expected]
    assert answer["columns"] == ["churn_probability", *(f"contribution_{name}" for name in (*names, "expected"))]
    assert "purchase_count_ever" in answer["refused"]


def test_a_changed_bundle_is_not_loaded(folder, tmp_path):
    changed = tmp_path / "model"
    shutil.copytree(folder, changed)
    text = changed / "artifacts" / "bundle" / "final_0.txt"
    text.write_text(text.read_text().replace("leaf_value=", "leaf_value=1", 1))
    with store._quiet_mlflow():
        import mlflow.pyfunc

        with pytest.raises(Exception, match="is not what was saved"):
            mlflow.pyfunc.load_model(str(changed))


def test_churnscope_itself_never_loads_a_model_through_mlflow():
    package = Path(store.__file__).parents[1]
    users = [path for path in package.rglob("*.py") if "pyfunc" in path.read_text()]
    assert {path.name for path in users} == {"model_code.py", "packing.py"}
    for path in users:
        nodes = ast.walk(ast.parse(path.read_text()))
        assert not [node for node in nodes if "load_model" in {getattr(node, "attr", ""), getattr(node, "id", "")}]
