"""Passwords: never in the file, never in what is shown."""

from __future__ import annotations

import pytest

from churnscope.config.identity import resolved
from churnscope.config.secrets import HIDDEN, redacted
from churnscope.errors import ConfigError


@pytest.mark.parametrize(
    "address",
    [
        "https://ann:hunter2@host",
        "postgresql+psycopg://ann:hunter2@host/db",
        "https://${USER}:hunter2@host",
        "https://:hunter2@host",
        "https://host/path?token=hunter2",
        "https://host/?a=1&api_key=hunter2#end",
        "https://ann:hunter2@x@host",
    ],
)
def test_a_password_in_the_file_is_refused_and_not_repeated(load, address: str) -> None:
    with pytest.raises(ConfigError, match=r"\[tracking\] uri: a password stands in the file\.\nTake it from") as caught:
        load(more=f'[tracking]\nuri = "{address}"')
    assert "hunter2" not in str(caught.value)


def test_a_password_is_found_inside_lists_and_under_unknown_keys(load) -> None:
    with pytest.raises(ConfigError, match=r"\[sources\.orders\] files #2: a password"):
        load(('"orders.csv"', '["a.csv", "https://ann:hunter2@host/b.csv"]'))
    with pytest.raises(ConfigError, match=r"\[hooks\] call: a password"):
        load(more='[hooks]\ncall = "https://ann:hunter2@host"')


@pytest.mark.parametrize("address", ["https://host", "https://ann@host", "sqlite:///x.db", "https://${A}:${B}@host", "a@b.c:d"])
def test_an_address_without_a_password_may_stand_in_the_file(load, address: str) -> None:
    assert load(more=f'[tracking]\nuri = "{address}"', environment={"A": "ann", "B": "hunter2"}).tracking.uri is not None


def test_the_store_of_outcomes_takes_its_password_from_the_environment_alone(load) -> None:
    with pytest.raises(ConfigError, match=r"\[outcomes\] url: a password stands in the file"):
        load(more='[outcomes]\nurl = "postgresql+psycopg://ann:hunter2@host/db"')
    written = '[outcomes]\nurl = "postgresql+psycopg://${WHO}:${SECRET}@host/db"'
    config = load(more=written, environment={"WHO": "ann", "SECRET": "hunter2"})
    assert config.outcomes.url == "postgresql+psycopg://ann:hunter2@host/db"
    assert "hunter2" not in repr(config)
    assert resolved(config)["outcomes"]["url"] == f"postgresql+psycopg://{HIDDEN}@host/db"


def test_a_password_from_the_environment_is_used_and_never_shown(load) -> None:
    config = load(environment={"CHURNSCOPE__TRACKING__URI": "https://ann:hunter2@host/x?token=abc"})
    assert config.tracking.uri == "https://ann:hunter2@host/x?token=abc"
    assert "hunter2" not in repr(config)
    assert resolved(config)["tracking"]["uri"] == f"https://{HIDDEN}@host/x?token={HIDDEN}"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text with a:b@c", "plain text with a:b@c"),
        ("https://host/a@b", "https://host/a@b"),
        ("see https://a:b@c/d and https://e:f@g", "see https://***@c/d and https://***@g"),
    ],
)
def test_only_passwords_are_hidden(text: str, shown: str) -> None:
    assert redacted(text) == shown
