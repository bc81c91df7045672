"""What was found in a source: counts that add up, and advice in plain words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileFacts:
    """One file as it was read.

    Parameters
    ----------
    path : name of the file.
    sha256 : hash of its bytes as hexadecimal text.
    records : data records in it, counted apart from the reader; those turned away are among them.
    """

    path: str
    size_bytes: int
    sha256: str
    records: int


@dataclass(frozen=True)
class SourceReport:
    """One source: `rows_in` = `used` + all quarantined + all ignored.

    Parameters
    ----------
    quarantined : rule -> rows written to the quarantine file.
    ignored : reason -> rows left aside on purpose.
    customers : customers with a used row.
    missing_ids : rows without a customer, however they were treated.
    duplicates : rows that repeat another one in all mapped columns, beyond those that `overlap` left aside; None where
        they were not counted.
    first_day, last_day : of the used rows, as day numbers; None without any.
    counted : what was noticed or mended -> how often.
    advice : what to do, in whole sentences.
    """

    name: str
    role: str
    files: tuple[FileFacts, ...]
    rows_in: int
    used: int
    quarantined: dict[str, int]
    ignored: dict[str, int]
    customers: int
    missing_ids: int
    duplicates: int | None
    first_day: int | None
    last_day: int | None
    counted: dict[str, int]
    advice: tuple[str, ...] = ()
