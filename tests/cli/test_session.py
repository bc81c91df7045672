"""Results go to stdout, errors to stderr; every way to end has its exit code."""

import errno
import json
import os
import signal
import subprocess
import sys

import pytest

from churnscope import errors
from churnscope.operations.exits import Terminated

STEPS = ["check", "train", "evaluate", "score"]
KINDS = errors.ChurnscopeError.__subclasses__()
FAKE = """
import os, sys, time
import churnscope.project
from churnscope.cli.app import main

class Answer:
    def to_json(self):
        return {{"answer": "x" * 100_000}}

class Project:
    def __init__(self, config, *, progress):
        pass
    def check(self, as_of):
        {work}
        return Answer()

churnscope.project.Project = Project
main(["check", "a.toml", *sys.argv[1:]])
"""


class Answer:
    def __init__(self, **facts):
        self.facts = facts

    def to_json(self):
        return {name: str(fact) for name, fact in self.facts.items()}


def failing(error):
    def answer(**_asked):
        raise error

    return answer


def start(work, *words, **options):
    script = FAKE.format(work=work)
    return subprocess.Popen(
        [sys.executable, "-c", script, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_the_user_can_mend_ends_without_traceback_and_with_its_code(kind, step, churnscope_run, project_that):
    project_that(failing(kind("a.csv, line 3: it is wrong.", "Mend it.")))
    ended = churnscope_run(step, "a.toml")
    assert (ended.code, ended.out, ended.err) == (kind.exit_code, "", "a.csv, line 3: it is wrong.\nMend it.\n")


@pytest.mark.parametrize("kind", KINDS)
def test_with_json_an_error_is_one_document(kind, churnscope_run, project_that):
    project_that(failing(kind("a.csv, line 3: it is wrong.", "Mend it.")))
    ended = churnscope_run("check", "a.toml", "--json")
    assert ended.document == {
        "error": {
            "kind": kind.__name__,
            "what": "a.csv, line 3: it is wrong.",
            "advice": "Mend it.",
            "exit_code": kind.exit_code,
        }
    }


def test_with_json_log_lines_an_error_is_such_a_line(churnscope_run, project_that):
    project_that(failing(errors.InputError("a.csv: it is empty.")))
    line = json.loads(churnscope_run("check", "a.toml", "--log-format", "json").err)
    assert (line["level"], line["message"], line["exit_code"]) == ("error", "a.csv: it is empty.", 3)


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (KeyboardInterrupt(), 130, "Interrupted."),
        (Terminated("SIGTERM"), 143, "Ended by the system."),
        (MemoryError(), 7, "memory_limit"),
        (OSError(errno.ENOSPC, "No space left on device", "/tmp/spill"), 6, "/tmp/spill: there is no room"),
        (PermissionError(errno.EACCES, "Permission denied", "/etc/shadow"), 6, "/etc/shadow: no right"),
    ],
)
def test_what_the_system_does_has_its_code_and_advice(error, code, said, churnscope_run, project_that):
    project_that(failing(error))
    ended = churnscope_run("score", "a.toml")
    assert ended.code == code
    assert said in ended.err


@pytest.mark.parametrize("error", [ZeroDivisionError("bug"), FileNotFoundError(errno.ENOENT, "bug")])
def test_a_bug_keeps_its_traceback(error, churnscope_run, project_that):
    project_that(failing(error))
    with pytest.raises(type(error), match="bug"):
        churnscope_run("check", "a.toml")


def test_a_bug_exits_with_1_and_shows_no_values():
    child = start("secret = 'Zoe'; raise ZeroDivisionError('bug')")
    out, err = child.communicate()
    assert (child.returncode, out) == (1, "")
    assert "Traceback" in err
    assert err.endswith("ZeroDivisionError: bug\n")


@pytest.mark.parametrize("step", STEPS)
def test_the_options_reach_the_project_and_json_is_all_that_is_printed(step, churnscope_run, project_that):
    project_that(Answer)
    ended = churnscope_run(step, "a.toml", "--as-of", "yesterday", "--json")
    assert (ended.code, ended.err) == (0, "")
    assert ended.document["step"] == step
    assert ended.document["as_of"] == "yesterday"
    assert ended.document["config"] == "a.toml"


def test_the_options_of_score_and_train_reach_the_project(churnscope_run, project_that):
    project_that(Answer)
    scored = churnscope_run("score", "a.toml", "--model", "latest", "-o", "today.csv", "--all", "--json").document
    assert (scored["model"], scored["output"], scored["all_customers"]) == ("latest", "today.csv", "True")
    assert churnscope_run("train", "a.toml", "--no-promote", "--json").document["promote"] == "False"


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 143)])
def test_signals_end_the_run_with_their_code(number, code):
    child = start("print('ready', flush=True); time.sleep(60)", "--json")
    assert child.stderr.readline() == "ready\n"
    child.send_signal(number)
    out, err = child.communicate()
    assert child.returncode == code
    assert json.loads(out)["error"]["exit_code"] == code
    assert "Traceback" not in err


def test_a_reader_who_leaves_ends_the_run_quietly():
    child = start("sys.stdin.readline()", "--json", stdin=subprocess.PIPE)
    child.stdout.close()
    child.stdin.write("go\n")
    child.stdin.close()
    assert child.stderr.read() == ""
    child.stderr.close()
    assert child.wait() == 130


def test_an_error_nobody_can_read_still_has_its_code():
    work = "sys.stdin.readline(); from churnscope.errors import InputError; raise InputError('a.csv: it is empty.')"
    script = FAKE.format(work=work)
    reader, writer = os.pipe()
    child = subprocess.Popen([sys.executable, "-c", script, "--json"], stdin=subprocess.PIPE, stdout=writer, stderr=writer)
    os.close(reader)
    os.close(writer)
    child.communicate(b"go\n")
    assert child.returncode == 3


def test_what_a_library_prints_does_not_spoil_the_document():
    out, err = start("print('hello from a library')", "--json").communicate()
    assert json.loads(out).keys() == {"answer"}
    assert err == "hello from a library\n"
