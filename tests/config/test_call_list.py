"""What a call list demands of the rest of a config."""

from __future__ import annotations

import pytest

from churnscope.errors import ConfigError

PLAIN = """
[actions.call]
channel = "phone"
acceptance = 0.3
opening = "Good day {name}, {agent} here."

[call_list]
agents = [{ name = "Ana", minutes = 60 }]
show = ["Name", "Zip code"]
reach = { phone = "Phone" }
"""


def test_a_call_list_is_read(load) -> None:
    config = load(more=PLAIN)
    assert config.call_list.show == {"name": "Name", "zip_code": "Zip code"}
    assert config.actions["call"].opening == ("Good day {name}, {agent} here.",)
    assert config.actions["call"].stop == ("open_ticket",)


def test_actions_alone_are_a_config(load) -> None:
    assert load(more=PLAIN[: PLAIN.index("[call_list]")]).call_list is None


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("{name}", "{first_name}", r"\{first_name\} is not shown on the list"),
        ("{name}", "{name", "a brace is not closed"),
        (
            '{ name = "Ana", minutes = 60 }',
            '{ name = "Ana", minutes = 60 }, { name = "ana", minutes = 6 }',
            "ana stands there more",
        ),
        ("minutes = 60", 'minutes = 60, languages = ["en"]', "nothing says which one a customer speaks"),
        ('["Name", "Zip code"]', '{ name = "Name", rank = "Rank" }', "rank has a meaning on a list already"),
        ('phone = "Phone"', 'phone = "lower(Phone"', "reach.phone"),
        ('phone = "Phone"', 'e-mail = "Mail"', r"\[actions.call\] channel: .* who can be reached by phone"),
        ('"phone"', '"fax"', "channel"),
        ("acceptance = 0.3", "acceptance = 0", "acceptance"),
        ("minutes = 60", "minutes = 0", "minutes"),
    ],
)
def test_what_contradicts_itself_is_refused(load, old: str, new: str, match: str) -> None:
    assert old in PLAIN
    with pytest.raises(ConfigError, match=match):
        load(more=PLAIN.replace(old, new))


def test_a_list_needs_actions_and_what_it_shows_one_source_of_customers(load) -> None:
    with pytest.raises(ConfigError, match="there is nothing to do for a customer"):
        load(more=PLAIN[PLAIN.index("[call_list]") :])
    people = (
        '[sources.people]\nrole = "customers"\nformat = "parquet"\nfiles = "people.parquet"\ncolumns = { customer = "id" }\n'
    )
    with pytest.raises(ConfigError, match="and there is none"):
        load((people, ""), more=PLAIN)
