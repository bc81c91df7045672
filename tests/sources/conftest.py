from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from churnscope.config.models import Csv, Files
from churnscope.sources.door import Door
from churnscope.sources.files import find_files


@pytest.fixture
def door(tmp_path: Path) -> Callable[..., Door]:
    """A door over a file with this content."""

    def build(content: bytes, *, name: str = "rows.csv", **csv) -> Door:
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        (file,) = find_files([Files(path=str(path))], "csv", where="files")
        return Door(file, Csv(**csv))

    return build
