"""Tables of a config that may be written shorter than they are meant: one file, its columns, nothing else to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, TypeGuard

from churnscope.errors import ConfigError, nearest

_PARQUET = (".parquet", ".pq")
_LABEL = {"customer": "customer", "time": "cutoff", "churned": "churned"}  # role column = key of the short form
_EXTRA = {"customer": "customer", "time": "as_of", "known": "known"}


def written_out(document: dict[str, Any]) -> dict[str, Any]:
    """A parsed config with its short forms written out as sources.

    `label = { path, customer, cutoff, churned }` is a source of the role `labels` and `kind = "given"`.
    `extra_features = { path, customer, as_of, features }`, maybe with `known`, is a source of the role `extra_features` whose
    signals are the columns listed under `features`.

    Examples
    --------
    >>> short = {"path": "left.csv", "customer": "id", "cutoff": "day", "churned": "left"}
    >>> written_out({"label": short})["sources"]["labels"]["columns"]
    {'customer': 'id', 'time': 'day', 'churned': 'left'}
    >>> short = {"path": "credit.parquet", "customer": "id", "as_of": "day", "features": ["score"]}
    >>> written_out({"extra_features": short})["sources"]["extra_features"]["signals"]
    {'score': 'score'}
    """
    document = dict(document)
    sources = document.get("sources", {})
    if not isinstance(sources, dict):
        return document
    if _is_short(document.get("label")):
        sources = sources | {"labels": _source("labels", document["label"], _LABEL)}
        rest = {key: value for key, value in document["label"].items() if key not in {"path", *_LABEL.values()}}
        document["label"] = {"kind": "given"} | rest
    if _is_short(document.get("extra_features")):
        extra = document.pop("extra_features")
        signals = {name: name for name in extra.get("features", [])}
        sources = sources | {"extra_features": _source("extra_features", extra, _EXTRA) | {"signals": signals}}
    return document | ({"sources": sources} if sources else {})


def short_form_problems(document: Mapping[str, Any]) -> Iterator[ConfigError]:
    """What the short forms of a config say wrong, in their own keys."""
    label, extra = document.get("label"), document.get("extra_features")
    if _is_short(label):
        yield from _wrong_keys("label", label, tuple(_LABEL.values()), ("path", "kind", "delay_days"))
    if extra is None:
        return
    if not isinstance(extra, dict):
        yield ConfigError("extra_features: this value is not possible.", "Write a table.")
        return
    yield from _wrong_keys("extra_features", extra, ("path", "customer", "as_of", "features"), ("known",))
    names = extra.get("features", ["a name"])
    if not (isinstance(names, list) and names and all(isinstance(name, str) for name in names)):
        yield ConfigError("[extra_features] features: this value is not possible.", 'Write a list of columns, as ["score"].')


def _wrong_keys(name: str, table: dict[str, Any], needed: tuple[str, ...], others: tuple[str, ...]) -> Iterator[ConfigError]:
    for key in sorted(table.keys() - {*needed, *others}):
        yield ConfigError(f"[{name}] {key}: there is no such key.", nearest(key, {*needed, *others}))
    for key in needed:
        if key not in table:
            yield ConfigError(f"[{name}] {key}: this key is missing.", "It has no default: write it.")


def _is_short(table: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(table, dict) and "path" in table


def _source(role: str, short: dict[str, Any], keys: dict[str, str]) -> dict[str, Any]:
    path = str(short["path"])
    form = "parquet" if PurePath(path).suffix in _PARQUET else "csv"
    columns = {column: short[key] for column, key in keys.items() if key in short}
    return {"role": role, "format": form, "files": [path], "columns": columns}
