"""Messages go out, or it is said why not; no address is ever shown."""

from __future__ import annotations

import logging
import sys

import pytest

from churnscope.errors import ConfigError
from churnscope.notifying import Channel, open_channel
from listening import SECRET, Listening, listening

pytest.importorskip("apprise", reason="apprise is not installed")


def channel(heard: Listening, seconds: float = 5.0) -> Channel:
    return open_channel("team", "TEAM_URL", {"TEAM_URL": heard.address}, seconds)


def test_a_message_arrives_as_it_is_written() -> None:
    with listening() as heard:
        assert channel(heard).send("shop: 2 new alerts", "C-1 <b>&\n{{ app_id }} \\n", "urgent") == ""
    (got,) = heard.got
    assert (got["title"], got["message"], got["type"]) == ("shop: 2 new alerts", "C-1 <b>&\n{{ app_id }} \\n", "failure")


@pytest.mark.parametrize("code", [500, 403, 307])
def test_a_refusal_is_told_by_its_code(code: int, caplog: pytest.LogCaptureFixture) -> None:
    with listening() as heard, caplog.at_level(logging.DEBUG):
        heard.code = code
        assert channel(heard).send("title", "body", "info") == f"the other side answered {code}"
    assert SECRET not in caplog.text
    assert heard.got == []


def test_who_does_not_answer_in_time_is_not_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    with listening() as heard, caplog.at_level(logging.DEBUG):
        heard.hold.clear()
        assert channel(heard, 0.2).send("title", "body", "info") == "the other side did not answer, or refused it"
    assert SECRET not in caplog.text


def test_who_is_not_there_does_not_answer() -> None:
    with listening() as heard:
        nobody = channel(heard)
    assert nobody.send("title", "body", "info") == "the other side did not answer, or refused it"
    assert SECRET not in repr(nobody)


@pytest.mark.parametrize("environment", [{}, {"TEAM_URL": "  "}])
def test_a_missing_variable_is_named(environment) -> None:
    with pytest.raises(ConfigError, match=r"\[alerts.destinations.team\]: the variable TEAM_URL is not set"):
        open_channel("team", "TEAM_URL", environment, 1)


@pytest.mark.parametrize("address", [f"nowhere://{SECRET}", f"https//{SECRET}", SECRET])
def test_what_is_no_address_is_not_shown(address: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigError, match="no address that apprise knows") as refused:
        open_channel("team", "TEAM_URL", {"TEAM_URL": address}, 1)
    assert SECRET not in f"{refused.value}{caplog.text}"


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(ConfigError, match=r"pip install \"churnscope\[notify\]\""):
        open_channel("team", "TEAM_URL", {"TEAM_URL": "json://localhost"}, 1)
