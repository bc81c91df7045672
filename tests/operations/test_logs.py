"""Log lines and progress: a bar for people, lines for machines, nothing for the quiet."""

import io
import json
import logging

from churnscope.operations.logs import LoggedProgress, logging_to, progress_on, silent


class Terminal(io.StringIO):
    def isatty(self):
        return True


def lines(stream):
    return stream.getvalue().splitlines()


def test_plain_lines_have_time_level_and_message():
    stream = io.StringIO()
    with logging_to(stream):
        logging.getLogger("churnscope.sources").info("read %d files", 2)
    (line,) = lines(stream)
    assert line.endswith("Z INFO read 2 files")


def test_json_lines_are_json_with_the_counts_of_a_stage():
    stream = io.StringIO()
    with logging_to(stream, log_format="json"), progress_on(stream, log_format="json") as progress:
        progress("read", 2, 2)
    (line,) = [json.loads(line) for line in lines(stream)]
    assert line["message"] == "read: 2 of 2"
    assert (line["stage"], line["done"], line["total"], line["level"]) == ("read", 2, 2, "info")


def test_a_traceback_is_part_of_its_json_line():
    stream = io.StringIO()
    with logging_to(stream, log_format="json"):
        try:
            int("by hand")
        except ValueError:
            logging.getLogger("churnscope").exception("a bug")
    assert "ValueError: invalid literal" in json.loads(stream.getvalue())["traceback"]


def test_quiet_lets_only_warnings_through():
    stream = io.StringIO()
    with logging_to(stream, quiet=True), progress_on(stream, quiet=True) as progress:
        progress("read", 1, 1)
        logging.getLogger("churnscope.sources").info("read")
        logging.getLogger("churnscope.sources").warning("late")
    assert progress is silent
    assert [line.split()[-1] for line in lines(stream)] == ["late"]


def test_logging_is_as_before_when_the_run_has_ended():
    stream, root = io.StringIO(), logging.getLogger()
    before = (list(root.handlers), logging.getLogger("churnscope").level)
    with logging_to(stream):
        pass
    assert (list(root.handlers), logging.getLogger("churnscope").level) == before


def test_between_its_ends_a_stage_is_logged_only_now_and_then(caplog):
    progress = LoggedProgress()
    with caplog.at_level(logging.INFO, logger="churnscope"):
        for done in range(1001):
            progress("count", done, 1000)
    assert caplog.messages == ["count: 1,000 of 1,000"]


def test_a_terminal_gets_bars(monkeypatch):
    with progress_on(Terminal()) as progress:
        progress("read", 1, 2)
        progress("read", 2, 2)
    assert not isinstance(progress, LoggedProgress)
