"""`churnscope init`: what it prints, when it asks, how it ends."""

from __future__ import annotations

import os
import pty
import select
import signal
import sys

import pytest

from discovery import shops


def test_it_says_what_was_found_and_what_comes_next(churnscope_run, tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    (file,) = shops.day_first(tmp_path)
    ended = churnscope_run("init", file, "-o", tmp_path / "shop.toml", "--yes")
    assert ended.code == 0
    assert "date (%d/%m/%Y)" in ended.out
    assert f"churnscope check {tmp_path / 'shop.toml'}" in ended.out.splitlines()[-1]
    tables = ended.out[: ended.out.index("Written:")]
    assert max(map(len, tables.splitlines())) <= 80


def test_as_one_document(churnscope_run, tmp_path):
    document = churnscope_run("init", *shops.two_columns(tmp_path), "-o", tmp_path / "shop.toml", "--json").document
    assert document["config"] == str(tmp_path / "shop.toml")
    assert {"key", "value", "evidence", "check"} == set(document["guesses"][0])
    assert document["left_out"] == []


def test_nothing_is_asked_without_a_terminal(churnscope_run, tmp_path):
    ended = churnscope_run("init", *shops.no_header(tmp_path), "-o", tmp_path / "shop.toml")
    assert ended.code == 0
    assert "guess marked check" in ended.out
    assert "[customer]" not in ended.err


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("empty.csv",), 3, "empty.csv is empty"),
        (("no.csv",), 3, "no file"),
        (("sales.csv", "-o", "sales.csv"), 2, "It ends in .toml"),
        (("sales.csv", "--like", "shoop"), 2, "shoop"),
        ((), 2, "FILE"),
    ],
)
def test_how_it_refuses(words, code, message, churnscope_run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    shops.day_first(tmp_path)
    (tmp_path / "empty.csv").touch()
    ended = churnscope_run("init", *words)
    assert ended.code == code
    assert message in ended.err
    assert "Traceback" not in ended.err
    assert not (tmp_path / "churnscope.toml").exists()


TERMINAL = {"NO_COLOR": "1", "COLUMNS": "80", "TERM": "dumb"}


def typed(words, answers, folder):
    """What a terminal shows when the answers are typed at the prompts, and the exit code."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execve(sys.executable, [sys.executable, "-m", "churnscope", *words], {**os.environ, **TERMINAL})
    shown, waiting = b"", iter(answers)
    while select.select([terminal], [], [], 60)[0] or os.kill(child, signal.SIGKILL):
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # the terminal is closed
            break
        if shown.endswith(b"]: "):
            os.write(terminal, next(waiting, "").encode() + b"\n")
            shown += b"\n"
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.slow
def test_a_terminal_is_asked_and_a_slip_asked_again(tmp_path):
    shops.day_first(tmp_path)
    shown, code = typed(["init", "sales.csv"], ["Europe/Berln", "Europe/Berlin", "shopp", "shop", "many", "45", ""], tmp_path)
    assert code == 0
    assert "There is no time zone Europe/Berln" in shown
    assert "Write one of shop, streaming, bank, app" in shown
    assert "Write a number of days" in shown
    assert "\x1b[3" not in shown  # no colours
    text = (tmp_path / "churnscope.toml").read_text()
    assert 'time_zone = "Europe/Berlin"' in text
    assert "days = 45" in text
    assert text.startswith("# Written by")


@pytest.mark.slow
def test_an_interrupt_at_a_question_leaves_nothing(tmp_path):
    shops.day_first(tmp_path)
    _, code = typed(["init", "sales.csv"], ["\x03"], tmp_path)
    assert code == 130
    assert not (tmp_path / "churnscope.toml").exists()
