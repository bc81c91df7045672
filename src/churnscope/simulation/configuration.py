"""The config that fits the files of a simulation, so that the other commands run on them as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

from churnscope.roles import ROLES
from churnscope.simulation.business import Business, Flaws
from churnscope.simulation.groups import EVENT_LOGS

_SLACK = 2.0  # broken rows vary by chance; up to so many times their mean they are as declared


def config_text(business: Business, days: int, columns: Mapping[str, Sequence[str]], paths: Mapping[str, Sequence[str]]) -> str:
    """A config over the logs whose roles can be read.

    Parameters
    ----------
    columns : log -> names of its columns, which are those of its role.
    paths : log -> its files, relative to the config.
    """
    logs = [name for name in paths if name in ROLES]
    last_day = business.first_day + timedelta(days=days - 1)
    blocks = [_head(business, last_day)]
    blocks += [_source(name, columns[name], paths[name], business.flaws) for name in logs]
    blocks.append(_decisions(business, _main_log(logs)))
    return "\n".join(blocks)


def _head(business: Business, last_day: date) -> str:
    return f"""\
# A simulated business; truth/ holds what is true of its customers. Written by `churnscope simulate`.
name = "{business.name}"
complete_through = {last_day.isoformat()}

[folders] # relative to this file
outputs = "outputs"
models = "models"
"""


def _source(name: str, columns: Sequence[str], paths: Sequence[str], flaws: Flaws) -> str:
    known = {ROLES[name].key(column.name) for column in ROLES[name].columns}
    mapped = [column for column in columns if column in known]
    lines = [
        f"[sources.{name}]",
        f'role = "{name}"',
        f'format = "{paths[0].rpartition(".")[2]}"',
        f"files = [{', '.join(_quoted(path) for path in paths)}]",
        *(_flaw_keys(flaws, len(paths)) if name in EVENT_LOGS else ()),
        "",
        f"[sources.{name}.columns]",
        *(f'{column} = "{column}"' for column in mapped),
        "",
    ]
    return "\n".join(lines)


def _flaw_keys(flaws: Flaws, files: int) -> Iterator[str]:
    """What the config has to say about broken rows."""
    broken = flaws.missing_id_share + flaws.bad_time_share
    if broken:
        yield f"most_quarantined = {min(_SLACK * broken + 0.01, 1):.3g}"
    if flaws.duplicate_share:
        yield 'duplicates = "drop"'
    if files > 1:
        yield 'overlap = "max"'


def _decisions(business: Business, log: str) -> str:
    if log == "subscriptions":
        return f"""\
[activity] # active: a contract is in force
rules = [{{ source = "{log}", in_force = true }}]

[label]
kind = "contract_end"

[prediction] # churned: a contract ends in the next {business.horizon_days} days, and none follows it
horizon_days = {business.horizon_days}
"""
    return f"""\
[activity] # active: did something in the last {business.active_days} days
rules = [{{ source = "{log}", days = {business.active_days} }}]

[prediction] # churned: does nothing in the next {business.horizon_days} days
horizon_days = {business.horizon_days}
"""


def _main_log(logs: Sequence[str]) -> str:
    """The log that says who is active: purchases where there are any, contracts before mere use."""
    return next(name for name in ("purchases", "subscriptions", *logs) if name in logs)


def _quoted(text: str) -> str:
    return f'"{text}"'
