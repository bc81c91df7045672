"""Tables of a config that may be written shorter than they are meant."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

LABELS = "labels"
_PARQUET = (".parquet", ".pq")
_OF_FILE = frozenset({"path", "customer", "cutoff", "churned"})


def written_out(document: dict[str, Any]) -> dict[str, Any]:
    """A parsed config with its short forms written out; what is malformed is left for the checks to name.

    `label = { path = "left.csv", customer = "id", cutoff = "day", churned = "left" }` is a source of the role `labels` and
    `kind = "given"`.

    Examples
    --------
    >>> short = {"path": "left.csv", "customer": "id", "cutoff": "day", "churned": "left"}
    >>> written_out({"label": short, "sources": {}})["sources"]["labels"]["columns"]
    {'customer': 'id', 'time': 'day', 'churned': 'left'}
    """
    label, sources = document.get("label"), document.get("sources", {})
    if not isinstance(label, dict) or not isinstance(sources, dict) or "path" not in label:
        return document
    path = str(label["path"])
    columns = {
        name: label[key] for name, key in (("customer", "customer"), ("time", "cutoff"), ("churned", "churned")) if key in label
    }
    form = "parquet" if PurePath(path).suffix in _PARQUET else "csv"
    source = {"role": LABELS, "format": form, "files": [path], "columns": columns}
    rest = {key: value for key, value in label.items() if key not in _OF_FILE}
    return document | {"sources": sources | {LABELS: source}, "label": {"kind": "given"} | rest}
