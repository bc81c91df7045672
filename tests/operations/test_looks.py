"""How often a test cutoff was looked at."""

import json

import pytest

from churnscope.errors import StorageError
from churnscope.operations.looks import looked_at, looks_at


def test_different_runs_count_and_the_same_run_does_not(tmp_path):
    path = tmp_path / "new" / "looks.json"
    assert looked_at(path, ["2024-01-01"], "a") == {"2024-01-01": 1}
    assert looked_at(path, ["2024-01-01", "2024-02-01"], "b") == {"2024-01-01": 2, "2024-02-01": 1}
    assert looked_at(path, ["2024-01-01"], "a") == {"2024-01-01": 2}
    assert json.loads(path.read_text()) == {"2024-01-01": ["a", "b"], "2024-02-01": ["b"]}
    assert [looks_at(path, cutoff) for cutoff in ("2024-01-01", "2024-02-01", "2024-03-01")] == [2, 1, 0]
    assert looks_at(tmp_path / "none.json", "2024-01-01") == 0


@pytest.mark.parametrize("content", ["no json", "[]", '{"2024-01-01": 3}'])
def test_a_damaged_count_is_refused_with_advice(tmp_path, content):
    path = tmp_path / "looks.json"
    path.write_text(content)
    with pytest.raises(StorageError, match=r"(?s)looks\.json is damaged.*Move the file away"):
        looked_at(path, ["2024-01-01"], "a")
    assert path.read_text() == content
