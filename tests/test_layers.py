"""The direction of imports: a file imports only from layers before its own, and a heavy library only where it belongs."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1] / "src" / "churnscope"

# From the ground up. A layer may import from those before it and from itself. Layers of one line do not know each other.
LAYERS = [
    ["errors", "chance"],
    ["languages"],
    ["files", "levels", "predicted", "roles", "timeline", "survival"],
    ["expressions"],
    ["config"],
    ["events"],
    ["sources"],
    ["engines"],
    ["activity"],
    ["customer_types"],
    ["lifecycle"],
    ["features", "advice", "alerts"],
    ["snapshots"],
    ["value"],
    ["model"],
    ["evaluation"],
    ["decisions", "uplift"],
    ["scoring"],
    ["operations"],
    ["reports"],
    ["tracking", "outcomes", "notifying"],
    ["project"],
    ["simulation", "discovery"],
    ["cli"],
]
LEVEL = {layer: level for level, line in enumerate(LAYERS) for layer in line}

# These know nothing of each other although one stands above the other.
STRANGERS = {("evaluation", "model")}

# A library (left) is imported in these layers or files only.
HOMES = {
    "apprise": {"notifying"},
    "duckdb": {"engines", "simulation"},
    "sqlglot": {"expressions", "sources", "engines"},
    "tomlkit": {"discovery"},
    "mlflow": {"tracking"},
    "babel": {"languages"},
    "openpyxl": {"outcomes"},
    "sqlalchemy": {"outcomes", "tracking"},
    "lightgbm": {"model"},
    "sklearn": {"model"},
    "optuna": {"model"},
    "threadpoolctl": {"value"},
    "numba": {"sources", "events", "features", "model", "simulation"},
    "pydantic": {"config"},
    "typer": {"cli"},
    "rich": {"cli", "operations"},
    "matplotlib": {"reports"},
    "jinja2": {"reports"},
    "xlsxwriter": {"reports"},
}
NOWHERE = {"pickle", "cloudpickle", "joblib", "dill", "shelve", "marshal"}  # loading a saved model runs no code

# No file, clock or global state: arrays and small tables in, the same out.
PURE = {
    "events",
    "activity",
    "customer_types",
    "lifecycle",
    "alerts",
    "advice",
    "survival",
    "chance",
    "features",
    "snapshots",
    "evaluation",
    "value",
    "decisions",
    "uplift",
    "scoring",
}
IMPURE_MODULES = {"os", "pathlib", "shutil", "tempfile", "time", "random", "subprocess", "socket", "urllib"}


def layer_of(path):
    """`model` for model/training.py, `timeline` for timeline.py."""
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


@cache
def imported(path):
    """Every module the file imports anywhere, also for type checking only, with its line."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [(alias.name, node.lineno) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno} imports relatively"
            from_top = node.module == "churnscope"
            found += [(f"churnscope.{alias.name}" if from_top else node.module, node.lineno) for alias in node.names]
    return found


FILES = sorted(path for path in ROOT.rglob("*.py") if layer_of(path) not in {"__init__", "__main__"})
NAMES = [str(path.relative_to(ROOT)) for path in FILES]


def own_imports(path):
    """The layers of this package that the file imports, with the lines."""
    for module, line in imported(path):
        first, _, rest = module.partition(".")
        if first == "churnscope" and not rest.startswith("__"):
            yield rest.split(".")[0], line


def test_every_file_has_a_layer():
    assert {layer_of(path) for path in FILES} <= set(LEVEL)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_file_imports_only_from_layers_before_its_own(path):
    own = layer_of(path)
    allowed = {layer for layer, level in LEVEL.items() if level < LEVEL[own]} | {own}
    wrong = [f"line {line}: {layer}" for layer, line in own_imports(path) if layer not in allowed or (own, layer) in STRANGERS]
    assert wrong == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_a_heavy_library_is_imported_only_where_it_belongs(path):
    wrong = [
        f"line {line}: {module}"
        for module, line in imported(path)
        if (library := module.split(".")[0]) in NOWHERE or layer_of(path) not in HOMES.get(library, {layer_of(path)})
    ]
    assert wrong == []


@pytest.mark.parametrize("path", [path for path in FILES if layer_of(path) in PURE], ids=str)
def test_the_middle_touches_no_file_and_reads_no_clock(path):
    assert [f"line {line}: {module}" for module, line in imported(path) if module.split(".")[0] in IMPURE_MODULES] == []
