"""The tutorial's commands, typed from its own text on a fresh clone, print what it shows."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).parents[1]
TUTORIAL = TOP / "docs" / "tutorial.md"
IN_PLACE = {"make install", "source .venv/bin/activate"}  # the environment these tests run in has it all


def typed() -> Iterator[tuple[str, list[str]]]:
    """Every command of the text, with the lines that are shown of its answer."""
    for block in re.findall(r"```console\n(.*?)```", TUTORIAL.read_text(), re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").split("\n")
            yield command, shown


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (TOP / ".git").exists():
        pytest.skip("this is no clone: there is no .git")
    folder = tmp_path_factory.mktemp("tutorial") / "churnscope"
    subprocess.run(["git", "clone", "--quiet", str(TOP), str(folder)], check=True)
    return folder


def answer(command: str, folder: Path) -> str:
    """What a shell in the clone prints; its `churnscope` is the clone's."""
    there = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "PYTHONPATH": str(folder / "src"), "COLUMNS": "80"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHURNSCOPE")}
    ended = subprocess.run(
        ["bash", "-c", command], check=False, capture_output=True, text=True, cwd=folder, env=kept | there, timeout=900
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


def test_the_text_has_commands_and_says_what_they_print() -> None:
    commands = [command for command, _ in typed()]
    assert set(commands) >= IN_PLACE
    assert sum(command.startswith("churnscope") for command in commands) >= 7
    assert all(shown for command, shown in typed() if command.startswith("churnscope"))


@pytest.mark.slow
def test_typed_from_top_to_bottom_it_prints_what_is_shown(clone: Path) -> None:
    for command, shown in typed():
        if command in IN_PLACE:
            continue
        lines = answer(command, clone).splitlines()
        for line in shown:
            form = ".*".join(re.escape(part.rstrip()) for part in line.split("..."))
            assert any(re.fullmatch(form + r"\s*.*" if line.endswith("...") else form + r"\s*", said) for said in lines), (
                f"{command}\nshows: {line}\nprints:\n" + "\n".join(lines)
            )
    left = subprocess.run(["git", "status", "--porcelain"], check=True, capture_output=True, text=True, cwd=clone).stdout
    assert left.split() == ["??", "shop.toml"]
