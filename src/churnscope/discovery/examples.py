"""What a config may say besides, as examples that stand in it as comments: whom to call, what a customer is worth, alerts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from churnscope.discovery.drafts import Draft
from churnscope.discovery.profiles import Profile
from churnscope.discovery.words import plain_words
from churnscope.expressions import column_sql, may_be_header
from churnscope.roles import ROLES

REMARK = "# "  # before a sentence; a setting stands behind the bare sign, so that taking the sign away puts it in force
SETTING = "#"
SHOWN = {"name": {"name", "fullname", "firstname"}, "phone": {"phone", "telephone", "tel", "mobile"}}
SHOWN |= {"email": {"email", "mail"}, "language": {"language", "lang"}}
CHANNELS = {"phone": "phone", "email": "e-mail"}


def example_lines(drafts: Sequence[Draft]) -> Iterator[str]:
    """The lines, made for these sources; none where nothing tells when customers were active."""
    events = [draft.name for draft in drafts if ROLES[draft.role].is_activity]
    if not events:
        return
    contact = _contact_columns(drafts)
    reach = {CHANNELS[shown]: column for shown, column in contact.items() if shown in CHANNELS}
    yield f"{REMARK}Examples: take the # before a line away. All keys: configs/reference.toml."
    yield ""
    yield from _actions(list(reach) or ["phone"], greets="name" in contact)
    yield from _call_list(contact, reach)
    yield from _settings("profit", "what a contact costs and a customer who stays is worth", value=100.0, contact_cost=1.0)
    yield from _settings("stages", "the stages of the life cycle", recent_days=30, onboarding_days=60, reactivated_days=90)
    yield from _win_back(list(reach) or ["e-mail"])
    yield from _alerts(events[0])


def _contact_columns(drafts: Sequence[Draft]) -> dict[str, str]:
    """By what a list shows, the column of the one source of customers that tells it."""
    people = [draft for draft in drafts if draft.role == "customers"]
    if len(people) != 1 or len(people[0].kinds) != 1:
        return {}
    found: dict[str, str] = {}
    for profile in people[0].kind.profiles:
        for shown, words in SHOWN.items():
            if shown not in found and _says(profile, words):
                found[shown] = profile.name if may_be_header(profile.name) else column_sql(profile.name)
    return found


def _says(profile: Profile, words: set[str]) -> bool:
    told = plain_words(profile.name)
    return bool(words.intersection({*told, "".join(told)}))


def _actions(channels: Sequence[str], *, greets: bool) -> Iterator[str]:
    first = "Good day {name}, this is {agent}." if greets else "Good day, this is {agent}."
    by = channels[0]
    yield from _settings(
        "actions.service_call",
        "what can be done for a customer who may leave; costs and acceptance are guesses",
        channel=by,
        acceptance=0.1,
        minutes=8.0,
        contact_cost=0.5,
        opening=[first],
    )
    keys = {"channel": channels[-1], "acceptance": 0.15, "offer_cost": 10.0, "bands": ["high"], "most": 50}
    yield from _settings("actions.exclusive_discount", "an offer for few", **keys)


def _call_list(contact: dict[str, str], reach: dict[str, str]) -> Iterator[str]:
    told = {"show": contact, "reach": reach} if contact else {}
    agents = [{"name": "Ann", "minutes": 120}, {"name": "Ben", "minutes": 80}]
    keys = {"agents": agents, "budget": 500.0, "hour_cost": 20.0, "control_share": 0.1}
    yield from _settings("call_list", "who calls: churnscope call-list", **keys, **{key: by for key, by in told.items() if by})


def _win_back(channels: Sequence[str]) -> Iterator[str]:
    yield from _settings("win_back", "what is done for those who fell silent: churnscope win-back next", to_days=365)
    for name, more in (
        ("reminder", {"wait_days": 0}),
        ("discount", {"wait_days": 14, "offer": "10 % off", "offer_cost": 10.0}),
    ):
        yield f"{SETTING}[[win_back.steps]]"
        yield from _keys({"name": name, "channel": channels[-1], **more})
        yield ""


def _alerts(source: str) -> Iterator[str]:
    action = "Call them this week."
    yield from _settings(
        "alerts.rules.fell_silent",
        "who is told at once: churnscope alerts run",
        kind="stage",
        enters=["inactive"],
        action=action,
    )
    old = {"kind": "freshness", "source": source, "days": 3, "severity": "urgent", "action": "Look at the delivery of files."}
    yield from _settings("alerts.rules.data_grew_old", "no new rows", **old)


def _settings(table: str, remark: str, **keys: object) -> Iterator[str]:
    yield f"{SETTING}[{table}] {REMARK}{remark}"
    yield from _keys(keys)
    yield ""


def _keys(keys: dict[str, object]) -> Iterator[str]:
    yield from (f"{SETTING}{key} = {_toml(value)}" for key, value in keys.items())


def _toml(value: object) -> str:
    r"""A value in one line; a text with quotes in it between single ones.

    Examples
    --------
    >>> print(_toml([{"name": "Ann", "e-mail": '"E-Mail"', "note": 'it\'s "so"'}, 1.5]))
    [{ name = "Ann", e-mail = '"E-Mail"', note = "it's \"so\"" }, 1.5]
    """
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, str) and '"' in value and "'" not in value:
        return f"'{value}'"
    return json.dumps(value, ensure_ascii=False)
