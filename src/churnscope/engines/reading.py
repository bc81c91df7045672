"""Files of a source -> one relation of raw columns: CSV is copied into the engine once, Parquet stays where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from sqlglot import exp

from churnscope.config.models import Csv, Source
from churnscope.engines.queries import create, number, types_of
from churnscope.errors import InputError, nearest
from churnscope.roles import ROLES
from churnscope.sources.columns import TEXT, RawColumn
from churnscope.sources.door import Door
from churnscope.sources.files import DataFile, find_files, sha256_of, source_files
from churnscope.sources.flat import as_found
from churnscope.sources.headers import FileColumns, common_columns, needed_columns, unused_columns
from churnscope.sources.parsing import FILE, LINE, parse_records
from churnscope.sources.report import FileFacts
from churnscope.sources.rows import MATCHED
from churnscope.sources.trees import column, sql, table, tree

_ARRIVING = "arriving"


@dataclass(frozen=True)
class SourcePlan:
    """A source and the files found for it, nothing read yet."""

    name: str
    source: Source
    files: tuple[DataFile, ...]
    joined: tuple[DataFile, ...] = ()

    @classmethod
    def of(cls, name: str, source: Source) -> SourcePlan:
        """Find the files of a source."""
        join = source.join
        joined = find_files(join.files, source.format, where=f"[sources.{name}] join files") if join else ()
        return cls(name, source, source_files(name, source), joined)

    def as_found(self) -> SourcePlan:
        """The plan for the columns that the files of a flat table have; any other plan as it is."""
        if not ROLES[self.source.role].is_state:
            return self
        files = (*_opened(self.files, self.source).columns, *_opened(self.joined, self.source).columns)
        return replace(self, source=as_found(self.source, files))


@dataclass
class RawSource:
    """The raw relation of a source.

    Parameters
    ----------
    relation : its name; columns as in `columns`, file, line and whether a joined row was found.
    columns : header -> raw column.
    facts : the files, those joined last.
    records : data records of the main files, counted apart from the reader.
    rejected : (file, line, rule) of records turned away at the door.
    unused : headers that nothing reads.
    marks : files that begin with a byte order mark.
    """

    relation: str
    columns: dict[str, RawColumn]
    facts: list[FileFacts] = field(default_factory=list)
    records: int = 0
    rejected: list[tuple[int | str, int, str]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    marks: int = 0


def read_source(connection: duckdb.DuckDBPyConnection, plan: SourcePlan, relation: str) -> RawSource:
    """Make the raw relation of a source, with what its config reads and no other column.

    Raises
    ------
    InputError : when a file is refused.
    """
    main, joined = _opened(plan.files, plan.source), _opened(plan.joined, plan.source)
    needed = needed_columns(plan.name, plan.source, main.columns, joined.columns)
    own = [name for name in needed if name in main.columns[0].names]
    raw = _read(connection, main, own, f"{relation}_main")
    if plan.source.row_number:
        raw.columns[plan.source.row_number] = RawColumn(plan.source.row_number, LINE, "BIGINT")
    raw.unused = unused_columns(main.columns, needed)
    if plan.source.join:
        on = plan.source.join.on
        wanted = _wanted_of_joined(joined.columns, list(on.values()), [name for name in needed if name not in raw.columns])
        other = _read(connection, joined, wanted, f"{relation}_joined")
        _refuse_unsound_join(connection, plan.name, other, list(on.values()))
        create(connection, "VIEW", relation, _joined_rows(raw, other, on))
        raw.columns |= {name: item for name, item in other.columns.items() if name not in raw.columns}
        raw.facts += other.facts
    else:
        create(connection, "VIEW", relation, exp.select("*", exp.true().as_(MATCHED)).from_(table(raw.relation)))
    raw.relation = relation
    return raw


@dataclass
class _Opened:
    """Files whose headers are known."""

    columns: list[FileColumns]
    csv: Csv
    doors: list[Door] = field(default_factory=list)
    schemas: list[pa.Schema] = field(default_factory=list)
    records: list[int] = field(default_factory=list)


def _opened(files: Sequence[DataFile], source: Source) -> _Opened:
    if source.format == "csv":
        doors = [Door(file, source.csv) for file in files]
        return _Opened(common_columns([(door.file, door.open()) for door in doors]), source.csv, doors)
    found = [_parquet_metadata(file) for file in files]
    schemas = [metadata.schema.to_arrow_schema() for metadata in found]
    columns = common_columns([(file, schema.names) for file, schema in zip(files, schemas, strict=True)])
    return _Opened(columns, source.csv, schemas=schemas, records=[metadata.num_rows for metadata in found])


def _parquet_metadata(file: DataFile) -> pq.FileMetaData:
    try:
        return pq.read_metadata(file.path)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{file.name} is not a whole Parquet file.", "Copy the file again, or declare the right format."
        ) from error


def _read(connection: duckdb.DuckDBPyConnection, opened: _Opened, needed: Sequence[str], relation: str) -> RawSource:
    if opened.doors:
        return _read_csv(connection, opened, needed, relation)
    return _read_parquet(connection, opened, needed, relation)


def _read_csv(connection: duckdb.DuckDBPyConnection, opened: _Opened, needed: Sequence[str], relation: str) -> RawSource:
    raw = RawSource(relation, {name: RawColumn(name, f"{relation}_{i}", TEXT) for i, name in enumerate(needed)})
    _create_empty(connection, raw)
    for place, (door, columns) in enumerate(zip(opened.doors, opened.columns, strict=True)):
        names = {columns.names[name]: item.name for name, item in raw.columns.items()}
        for records in door.clean_records():
            _append(connection, relation, parse_records(door, records, names, file=place))
        raw.records += door.records
        raw.marks += door.has_mark
        raw.rejected += [(place, line, rule) for rule, lines in door.rejected.items() for line in lines]
        raw.facts.append(FileFacts(door.file.name, door.file.size_bytes, door.sha256, door.records))
    return raw


def _create_empty(connection: duckdb.DuckDBPyConnection, raw: RawSource) -> None:
    fields = {**{item.name: TEXT for item in raw.columns.values()}, FILE: "INTEGER", LINE: "BIGINT"}
    columns = [exp.cast(exp.null(), kind).as_(name, quoted=True) for name, kind in fields.items()]
    create(connection, "TABLE", raw.relation, exp.select(*columns).limit(0))


def _append(connection: duckdb.DuckDBPyConnection, relation: str, rows: pa.Table) -> None:
    connection.register(_ARRIVING, rows)
    connection.execute(sql(exp.insert(exp.select("*").from_(table(_ARRIVING)), table(relation))))
    connection.unregister(_ARRIVING)


def _read_parquet(connection: duckdb.DuckDBPyConnection, opened: _Opened, needed: Sequence[str], relation: str) -> RawSource:
    queries = [_parquet_rows(files, names, relation) for names, files in _alike(opened, needed)]
    rows = queries[0] if len(queries) == 1 else exp.union(*queries, distinct=False)
    create(connection, "VIEW", relation, rows)
    types = types_of(connection, exp.select("*").from_(table(relation)))
    raw = RawSource(
        relation, {name: RawColumn(name, f"{relation}_{i}", types[f"{relation}_{i}"]) for i, name in enumerate(needed)}
    )
    raw.records = sum(opened.records)
    for columns, records in zip(opened.columns, opened.records, strict=True):
        file = columns.file
        raw.facts.append(FileFacts(file.name, file.size_bytes, sha256_of(file.path), records))
    return raw


def _alike(opened: _Opened, needed: Sequence[str]) -> Iterator[tuple[list[str], list[DataFile]]]:
    """Files that one scan can read: the same names of the same types."""
    groups: dict[tuple[tuple[str, str], ...], list[DataFile]] = {}
    for columns, schema in zip(opened.columns, opened.schemas, strict=True):
        shape = tuple((columns.names[name], str(schema.field(columns.names[name]).type)) for name in needed)
        groups.setdefault(shape, []).append(columns.file)
    for shape, files in groups.items():
        yield [name for name, _ in shape], files


def _parquet_rows(files: Sequence[DataFile], names: Sequence[str], relation: str) -> exp.Select:
    paths = exp.Array(expressions=[exp.Literal.string(str(file.path)) for file in files])
    # Statistics of a Parquet file leave NaN out: without the last option DuckDB concludes from them that there is none.
    options = "filename = :file, file_row_number = TRUE, can_have_nan = TRUE"
    scan = tree(f"SELECT * FROM read_parquet(:paths, {options})", paths=paths, file=FILE)
    columns = [column(name).as_(f"{relation}_{i}", quoted=True) for i, name in enumerate(names)]
    return exp.select(*columns, column(FILE), tree("file_row_number + 1").as_(LINE)).from_(scan.args["from_"].this)


def _wanted_of_joined(columns: Sequence[FileColumns], keys: list[str], needed: list[str]) -> list[str]:
    """The keys and the needed columns of joined files."""
    for item in columns:
        for key in keys:
            if key not in item.names:
                raise InputError(f"{item.file.name}: there is no column {key} to join on.", nearest(key, item.names))
    return list(dict.fromkeys([*keys, *needed]))


def _joined_rows(raw: RawSource, other: RawSource, on: Mapping[str, str]) -> exp.Select:
    """Every row with the columns of the joined row that has the same key."""
    same = [
        tree(":own = :other", own=_key(raw.columns[own].name, "l"), other=_key(other.columns[its].name, "h"))
        for own, its in on.items()
    ]
    return (
        exp.select("l.*", *(exp.column(item.name, table="h", quoted=True) for item in other.columns.values()))
        .select(tree("h.source_line IS NOT NULL").as_(MATCHED))
        .from_(table(raw.relation).as_("l"))
        .join(table(other.relation).as_("h"), on=exp.and_(*same), join_type="left")
    )


def _key(name: str, side: str) -> exp.Expr:
    return tree("trim(CAST(:x AS VARCHAR))", x=exp.column(name, table=side, quoted=True))


def _refuse_unsound_join(connection: duckdb.DuckDBPyConnection, name: str, other: RawSource, keys: Sequence[str]) -> None:
    """A joined file has one row per key and no malformed record: else rows would multiply or vanish."""
    if other.rejected:
        _, line, rule = other.rejected[0]
        count = len(other.rejected)
        raise InputError(f"Source {name}: {count:,} records of the joined files are malformed, first line {line:,} ({rule}).")
    columns = [_key(other.columns[key].name, "h") for key in keys]
    groups = exp.select(tree("count(*)").as_("rows")).from_(table(other.relation).as_("h")).group_by(*columns)
    repeated = exp.select(tree("count(*)")).from_(groups.subquery("g")).where(tree("g.rows > 1"))
    if count := number(connection, repeated):
        what = f"{count:,} keys ({', '.join(keys)}) stand more than once in the joined files."
        raise InputError(f"Source {name}: {what}", "Give each key one row.")
