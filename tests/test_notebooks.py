"""The notebooks as they are kept: run from top to bottom, and silent about the machine that ran them."""

import ast
import json
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
OF_A_MACHINE = re.compile(r"(?<![\w.])/(?:work|tmp|root|home|Users|var|opt|private)\b|file://|site-packages")
ADDRESS = re.compile(r"https?://([^/\s\"'\\)<>]+)")
MOST_BYTES = 700_000
PUBLIC = {"creativecommons.org", "doi.org", "matplotlib.org", "purl.org", "www.w3.org"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)


def code_cells(path):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]


def is_silent(cell):
    """Whether what is called last has nothing to tell."""
    return bool(re.search(r"\.(cleanup|write_text)\(.*\);?$", cell.source.splitlines()[-1]))


def outputs(path):
    return [output for cell in code_cells(path) for output in cell.outputs]


def test_the_readmes_lead_to_every_notebook():
    assert len(NOTEBOOKS) == 5
    index = (ROOT / "notebooks" / "README.md").read_text()
    assert [path.name for path in NOTEBOOKS if f"]({path.name})" not in index] == []
    assert "](notebooks/" in (ROOT / "README.md").read_text()


@each_notebook
def test_it_is_small_enough_to_be_read_anywhere(path):
    assert path.stat().st_size < MOST_BYTES


@each_notebook
def test_it_says_first_what_its_reader_will_know(path):
    first = nbformat.read(path, as_version=4).cells[0]
    assert first.cell_type == "markdown"
    assert re.match(r"# .+\n\nAt the end you will know ", first.source)


@each_notebook
def test_it_is_a_valid_notebook_for_any_python_kernel(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"


@each_notebook
def test_every_cell_was_run_once_from_top_to_bottom(path):
    assert [cell.execution_count for cell in code_cells(path)] == list(range(1, len(code_cells(path)) + 1))


@each_notebook
def test_a_cell_that_ends_in_a_value_shows_it(path):
    python = [cell for cell in code_cells(path) if not cell.source.startswith("%%")]
    telling = [cell for cell in python if isinstance(ast.parse(cell.source).body[-1], ast.Expr) and not is_silent(cell)]
    assert telling
    assert [cell.source for cell in telling if not cell.outputs] == []


@each_notebook
def test_nothing_went_wrong(path):
    wrong = [output for output in outputs(path) if output.output_type == "error" or output.get("name") == "stderr"]
    assert wrong == []


@each_notebook
def test_it_does_not_say_when_or_where_it_ran(path):
    text = path.read_text(encoding="utf-8")
    assert OF_A_MACHINE.findall(text) == []
    assert set(ADDRESS.findall(text)) <= PUBLIC
    assert not any("execution" in cell.get("metadata", {}) for cell in json.loads(text)["cells"])
