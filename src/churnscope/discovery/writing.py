"""The config as a file: every key with the reason why it stands there."""

from __future__ import annotations

import os
import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.container import Container
from tomlkit.items import AoT, Array, InlineTable, Table

from churnscope.discovery.business import Business
from churnscope.discovery.drafts import Draft
from churnscope.discovery.examples import example_lines
from churnscope.discovery.finding import Found
from churnscope.discovery.guesses import Guess
from churnscope.discovery.mapping import LINE, Writer
from churnscope.roles import ROLES
from churnscope.sources.files import SUFFIXES

WIDTH = 118
_HEADER = (
    "Written by `churnscope init`. Beside each key stands what speaks for it; look at the lines that say check.",
    "Paths start at the folder of this file.",
)


def config_text(name: str, zone: Guess, found: Found, business: Business | None, folder: Path) -> str:
    """The TOML text of a config.

    Parameters
    ----------
    name : of the config.
    business : None where a flat file says who left.
    folder : where the file will lie: paths are relative to it.
    """
    document = tomlkit.document()
    for line in _HEADER:
        document.add(tomlkit.comment(line))
    for guess in found.left_out:
        _remark(document, f"Not read: {guess.key}: {guess.evidence}.")
    document.add("name", tomlkit.item(name))
    if business:
        _put(document, "time_zone", zone.value, zone)
    through = _find(business.guesses, "complete_through") if business else None
    if business and business.complete_through and through:
        _put(document, "complete_through", business.complete_through, through)
    sources = tomlkit.table(is_super_table=True)
    for draft in found.drafts:
        sources.add(draft.name, _source(draft, folder))
    document.add(tomlkit.nl())
    document.add("sources", sources)
    if business:
        _add_decisions(document, business)
    folders = tomlkit.table()
    folders.add("outputs", "outputs")
    folders.add("models", "models")
    document.add("folders", folders)
    text = tomlkit.dumps(document)
    examples = "\n".join(example_lines(found.drafts) if business else ()).rstrip()
    return f"{text}\n{examples}\n" if examples else text


def _source(draft: Draft, folder: Path) -> Table:
    table = tomlkit.table()
    _put(table, "role", draft.role, _of(draft, "role"))
    _put(table, "format", draft.kind.first.format)
    if not draft.renames:
        _put(table, "files", _paths(draft, folder), _of(draft, "files"))
    for key in ("missing_customer", "overlap", "most_quarantined", "rolling", "attributes", "static"):
        if (value := getattr(draft, key)) is not None:
            _put(table, key, _inline(value), _of(draft, key))
    if rest := _of(draft, "not read"):
        _remark(table, f"Not read: {rest.comment}.")
    if csv := _csv(draft):
        _remarks(table, [guess for guess in draft.guesses if ".csv." in guess.key])
        table.add("csv", csv)
    if draft.renames:
        table.add("files", _files(draft, folder))
    table.add("columns", _columns(draft))
    if draft.mapping.types:
        types = tomlkit.table()
        for column, form in draft.mapping.types.items():
            types.add(column, form)
        table.add("types", types)
    return table


def _columns(draft: Draft) -> Table:
    columns = tomlkit.table()
    for column, text in draft.mapping.columns.items():
        key = ROLES[draft.role].key(column)
        guess = _of(draft, f"columns.{key}")
        if guess and Writer(draft.kind).is_aligned:
            guess = replace(guess, evidence=f"{guess.value}: {guess.evidence}")  # the expression does not name the column
        _put(columns, key, text, guess)
    return columns


def _inline(value: Any) -> Any:
    """A table as it stands in one line."""
    if not isinstance(value, dict):
        return value
    table = tomlkit.inline_table()
    table.update(value)
    return table


def _csv(draft: Draft) -> InlineTable | None:
    """How the files are written, where it is not the default."""
    first, dialect = draft.kind.first, draft.kind.first.dialect
    if dialect is None:
        return None
    values: dict[str, Any] = {}
    if dialect.delimiter != ",":
        values["delimiter"] = dialect.delimiter
    if dialect.quote != '"':
        values["quote"] = dialect.quote
    if first.encoding != "utf-8":
        values["encoding"] = first.encoding
    if draft.mapping.decimal != ".":
        values["decimal"] = draft.mapping.decimal
    if first.needs_names or (Writer(draft.kind).is_aligned and not draft.renames):
        values["names"] = [LINE] if dialect.is_aligned else list(first.names)
    if draft.mapping.missing:
        values["missing"] = ["", *draft.mapping.missing]
    table = tomlkit.inline_table()
    table.update(values)
    return table if values else None


def _files(draft: Draft, folder: Path) -> AoT:
    """Files listed one by one, each with its renames."""
    found = tomlkit.aot()
    for file in draft.tables:
        entry = tomlkit.table()
        entry.add("path", _relative(file.file.path, folder))
        if rename := draft.renames.get(file.file.path):
            inline = tomlkit.inline_table()
            inline.update(rename)
            entry.add("rename", inline)
        found.append(entry)
    return found


def _paths(draft: Draft, folder: Path) -> str | Array:
    """One path, a folder that holds nothing else, or a list."""
    paths = [table.file.path for table in draft.tables]
    if len(paths) == 1:
        return _relative(paths[0], folder)
    parent = paths[0].parent
    inside = [child for child in parent.iterdir() if child.name.lower().endswith(SUFFIXES[draft.kind.first.format])]
    if sorted(inside) == sorted(paths):
        return _relative(parent, folder)
    listed = tomlkit.array()
    listed.extend(_relative(path, folder) for path in paths)
    return listed.multiline(len(paths) > 2)


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path.absolute(), folder.absolute())).as_posix()


def _add_decisions(document: Container, business: Business) -> None:
    windows, preset = business.windows, business.preset
    activity = tomlkit.table()
    activity.comment(f"active: {business.does}")
    _remarks(activity, [guess for guess in business.guesses if guess.key in {"active", "activity.rules", "churned"}])
    rules = tomlkit.array()
    for source in business.sources:
        rule = tomlkit.inline_table()
        rule.update({"source": source} | ({"in_force": True} if business.in_force else {"days": windows.active_days}))
        rules.append(rule)
    activity.add("rules", rules.multiline(len(business.sources) > 1))
    document.add("activity", activity)
    label = tomlkit.table()
    label.comment(
        "churned: it ends in the horizon, and none follows"
        if business.in_force
        else f"churned: {preset.not_doing} in the horizon"
    )
    label.add("kind", "contract_end" if business.in_force else "no_event")
    document.add("label", label)
    prediction = tomlkit.table()
    _put(prediction, "horizon_days", windows.horizon_days, _find(business.guesses, "prediction.horizon_days"))
    if survivors := _find(business.guesses, "prediction.history_days"):
        _put(prediction, "history_days", int(survivors.value), survivors)
    document.add("prediction", prediction)
    features = tomlkit.table()
    features.add("windows_days", list(windows.features_days))
    document.add("features", features)


def _put(table: Table | Container, key: str, value: Any, guess: Guess | None = None) -> None:
    """A key with its reason, beside it where that fits into the line, else above."""
    item = tomlkit.item(value)
    comment = guess.comment if guess else ""
    if comment and len(f"{key} = {item.as_string()} # {comment}") > WIDTH:
        _remark(table, comment)
    elif comment:
        item.comment(comment)
    table.add(key, item)


def _remark(table: Table | Container, text: str) -> None:
    for line in textwrap.wrap(text, WIDTH - 2):
        table.add(tomlkit.comment(line))


def _remarks(table: Table | Container, guesses: Iterable[Guess]) -> None:
    for guess in guesses:
        if guess.evidence:
            _remark(table, f"{guess.key.rpartition('.')[2]}: {guess.comment}")


def _of(draft: Draft, key: str) -> Guess | None:
    return _find(draft.guesses, f"sources.{draft.name}.{key}")


def _find(guesses: Sequence[Guess], key: str) -> Guess | None:
    return next((guess for guess in guesses if guess.key == key), None)
