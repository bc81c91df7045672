"""What a config says apart from the machine it is read on: its hash, and a form that can be shown."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from churnscope.config.models import Config
from churnscope.config.secrets import redacted

# Where results go, who is told and how much memory is there change no figure.
MACHINE_KEYS = frozenset({"folders", "tracking", "outcomes", "engine", "alerts"})


def resolved(config: Config) -> dict[str, Any]:
    """Every key with its value, defaults too, ready for JSON; passwords are hidden."""
    shown: dict[str, Any] = _redacted(config.model_dump(mode="json"))
    return shown


def definition(config: Config) -> dict[str, Any]:
    """What decides the figures, ready for JSON: the same on every machine.

    Folders, tracking, store, engine and alerts are left out, and so are the paths of files: it is their content that counts,
    and it has hashes of its own.
    """
    document = resolved(config)
    kept = {key: value for key, value in document.items() if key not in MACHINE_KEYS}
    return kept | {"sources": {name: _without_paths(source) for name, source in kept["sources"].items()}}


def config_hash(config: Config) -> str:
    """SHA-256 of the definition, in hexadecimal.

    Notes
    -----
    The text hashed is JSON with sorted keys and no spaces, in UTF-8.
    """
    text = json.dumps(definition(config), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _without_paths(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_paths(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _file_renames(item) if key == "files" else _without_paths(item) for key, item in value.items()}


def _file_renames(files: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [file["rename"] for file in files if file["rename"]]


def _redacted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _redacted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_redacted(item) for item in value]
    return redacted(value) if isinstance(value, str) else value
