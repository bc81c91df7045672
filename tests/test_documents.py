"""What the documents name exists, and every command is named in them."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer

from churnscope.cli.app import app

TOP = Path(__file__).parents[1]
GENERATED = {"commands.md", "features.md"}
DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "models/README.md",
    "notebooks/README.md",
    *(str(path.relative_to(TOP)) for path in sorted((TOP / "docs").rglob("*.md")) if path.name not in GENERATED),
]
COMMANDS = set(typer.main.get_command(app).commands)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_and_targets_that_a_document_names_exist(name: str) -> None:
    text = (TOP / name).read_text()
    targets = set(re.findall(r"^([a-z-]+):", (TOP / "Makefile").read_text(), re.MULTILINE))
    typed = "\n".join(code.strip("`") for code in re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
    assert set(re.findall(r"^(?:\$ )?churnscope ([a-z][a-z-]*)", typed, re.MULTILINE)) <= COMMANDS
    assert set(re.findall(r"(?:`|^)make ([a-z]+)", text, re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_files_that_a_document_links_exist(name: str) -> None:
    links = re.findall(r"\]\(([^)#]+)", (TOP / name).read_text())
    missing = [link for link in links if "://" not in link and not ((TOP / name).parent / link).exists()]
    assert missing == []


def test_pages_read_off_the_program_are_as_it_is() -> None:
    script = TOP / "docs" / "generate.py"
    ended = subprocess.run([sys.executable, script, "--check"], check=False, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_stands_in_the_readme(command: str) -> None:
    assert f"churnscope {command}" in (TOP / "README.md").read_text()


def test_the_python_page_documents_what_is_there_and_every_answer_of_a_project() -> None:
    page = (TOP / "docs" / "reference" / "python.md").read_text()
    documented = re.findall(r"autoclass:: ([\w.]+)\.(\w+)", page)
    assert [f"{module}.{name}" for module, name in documented if not hasattr(import_module(module), name)] == []
    facade = ast.parse((TOP / "src" / "churnscope" / "project" / "project.py").read_text())
    (project,) = (node for node in facade.body if isinstance(node, ast.ClassDef))
    steps = [node for node in project.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")]
    assert {ast.unparse(step.returns) for step in steps if step.returns} <= {name for _, name in documented}


def test_the_map_names_files_that_are_there() -> None:
    text = (TOP / "docs" / "architecture.md").read_text()
    table = text[text.index("## Where to find a rule") :]
    named = [name for name in re.findall(r"`([\w/.]+)`", table) if "/" in name or name.endswith(".py")]
    missing = [name for name in named if not (TOP / "src" / "churnscope" / name).exists() and not (TOP / name).exists()]
    assert missing == []
