"""Scalar SQL expressions of a config: parsed, and refused unless every part of them is known to be harmless.

An expression works on the columns of one row. The parsed tree, never the text, is what an engine gets to run: nothing can stand
in it that is not on the lists below, so a part that was forgotten is refused, not run.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator

import sqlglot
from sqlglot import Token, TokenType, exp
from sqlglot.errors import ParseError, SqlglotError, TokenError

from churnscope.errors import ConfigError, nearest

DIALECT = "duckdb"
# Far beyond an honest expression, and below what the recursive parser can take.
MOST_CHARACTERS = 4_000
MOST_TOKENS = 800
DEEPEST = 64

_GRAMMAR: tuple[type[exp.Expr], ...] = (
    *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Paren, exp.Neg),
    *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.Pow, exp.DPipe),
    *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot, exp.BitwiseLeftShift, exp.BitwiseRightShift),
    *(exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ, exp.Is, exp.Not, exp.And, exp.Or),
    *(exp.In, exp.Between, exp.Like, exp.ILike, exp.Escape, exp.Glob, exp.SimilarTo),
    *(exp.Case, exp.If, exp.Cast, exp.TryCast, exp.DataType, exp.DataTypeParam, exp.Interval, exp.Var, exp.AtTimeZone),
)

# Functions the parser knows, by the node it makes of them. Absent on purpose: whatever reads a clock (age, now, today), draws
# at random, names the machine or its settings, reads a file, or makes many rows of one.
_FUNCTIONS: tuple[type[exp.Expr], ...] = (
    *(exp.Abs, exp.Ceil, exp.Floor, exp.Round, exp.Trunc, exp.Sign, exp.Sqrt, exp.Cbrt, exp.Exp, exp.Ln, exp.Log),
    *(exp.Greatest, exp.Least, exp.Coalesce, exp.Nullif, exp.IsNan, exp.IsInf),
    *(exp.Lower, exp.Upper, exp.Length, exp.Substring, exp.Left, exp.Right, exp.Trim, exp.Pad, exp.Replace, exp.Translate),
    *(exp.Reverse, exp.Concat, exp.ConcatWs, exp.SplitPart, exp.StartsWith, exp.EndsWith, exp.Contains, exp.StrPosition),
    *(exp.RegexpLike, exp.RegexpFullMatch, exp.RegexpReplace, exp.RegexpExtract, exp.MD5, exp.SHA2),
    *(exp.Extract, exp.Year, exp.Quarter, exp.Month, exp.Week, exp.WeekOfYear, exp.Day, exp.DayOfWeek, exp.DayOfWeekIso),
    *(exp.DayOfYear, exp.Hour, exp.Minute, exp.Second, exp.Dayname, exp.Monthname, exp.LastDay, exp.DateFromParts),
    *(exp.TimestampFromParts, exp.TimestampTrunc, exp.DateTrunc, exp.DateDiff, exp.StrToTime, exp.TimeToStr),
    *(exp.UnixToTime, exp.TimeToUnix, exp.ToDays),
)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Functions the parser has no node for, by name.
_NAMED_FUNCTIONS = _words(
    "date_part date_sub epoch_ns epoch_us fmod isfinite isoyear nfc_normalize prefix round_even strip_accents strlen suffix "
    "timezone to_hours to_minutes to_seconds try_strptime weekday yearweek"
)

_TYPES = _words(
    "BOOLEAN TINYINT SMALLINT INT BIGINT INT128 UTINYINT USMALLINT UINT UBIGINT FLOAT DOUBLE DECIMAL TEXT VARCHAR CHAR UUID "
    "DATE TIME TIMESTAMP TIMESTAMPNTZ TIMESTAMPTZ TIMESTAMP_S TIMESTAMP_MS TIMESTAMP_NS INTERVAL"
)

# Units are written into the SQL as they stand: the one place where a name could smuggle text.
_UNITS = _words(
    "centuries century day dayofweek dayofyear decade dow doy epoch hour isodow isoyear microsecond millennia millennium "
    "millisecond minute month quarter second week weekday year yearweek"
)


def _is_undotted(node: exp.Expr) -> bool:
    return isinstance(node.this, exp.Identifier) and not node.text("table")


def _is_unit(node: exp.Expr) -> bool:
    unit = node.name.lower()
    return unit in _UNITS or unit.removesuffix("s") in _UNITS


def _is_scalar_type(node: exp.Expr) -> bool:
    return isinstance(node.this, exp.DataType.Type) and node.this.value in _TYPES and not node.args.get("nested")


def _is_plain_cast(node: exp.Expr) -> bool:
    return not any(node.args.get(name) for name in ("action", "default", "format"))


_ALLOWED = frozenset((*_GRAMMAR, *_FUNCTIONS))
_CONDITIONS: dict[type[exp.Expr], Callable[[exp.Expr], bool]] = {
    exp.Column: _is_undotted,
    exp.Var: _is_unit,
    exp.DataType: _is_scalar_type,
    exp.Cast: _is_plain_cast,
    exp.TryCast: _is_plain_cast,
}

_WORDS: tuple[tuple[type[exp.Expr] | tuple[type[exp.Expr], ...], str], ...] = (
    ((exp.Query, exp.SubqueryPredicate), "a query or subquery"),
    ((exp.DDL, exp.DML, exp.Command, exp.Set, exp.Copy, exp.Attach, exp.Pragma), "a statement"),
    (exp.Table, "a table"),
    (exp.Window, "a window function"),
    (exp.AggFunc, "an aggregate function"),
    (exp.Star, "a star"),
    ((exp.Placeholder, exp.Parameter, exp.PositionalColumn), "a parameter"),
    (exp.Lambda, "a lambda"),
    (exp.Alias, "a name given with AS, or two names side by side,"),
    (exp.Dot, "a dotted name"),
)

_ADVICE = (
    "An expression is made of the columns of one row: arithmetic, comparisons, CASE, CAST, functions of text, number and time. "
    'A column whose name is not one plain word stands in double quotes: "Customer ID".'
)


def parse_expression(text: str, *, where: str, columns: Collection[str] | None = None) -> exp.Expr:
    """One scalar SQL expression over the columns of a source.

    Parameters
    ----------
    text : the expression as written in the config, in the dialect of DuckDB.
    where : config key it stands at, for messages.
    columns : names of the columns there are; without them names are not checked. A text that is one of these names, even one
        with spaces, is that column. Names are found whatever their case, as DuckDB does.

    Returns
    -------
    The tree, with every column quoted, in the file's own spelling where `columns` are given.

    Raises
    ------
    ConfigError : when it does not parse, names an unknown column, or holds anything but harmless parts.

    Examples
    --------
    >>> parse_expression("quantity * Price", where="amount", columns=["Quantity", "Price"]).sql("duckdb")
    '"Quantity" * "Price"'
    >>> parse_expression("read_text('/etc/passwd')", where="[sources.orders] columns.amount")
    Traceback (most recent call last):
    churnscope.errors.ConfigError: [sources.orders] columns.amount, character 1: the function read_text is not allowed here.
    ...
    """
    whole = _spelling(text.strip(), columns or ())
    if whole is not None:
        return exp.column(whole, quoted=True)
    tree = _checked(text, where)
    written = tree.sql(DIALECT)
    # Rare texts, such as functions with too many arguments, are written otherwise than read: what differs never runs.
    if _checked(written, where).sql(DIALECT) != written:
        raise ConfigError(f"{where}: the expression can be read in two ways.", "Add brackets, or name the unit of an interval.")
    for column in list(tree.find_all(exp.Column)):
        column.set("this", exp.to_identifier(_known(column, columns, where), quoted=True))
    return tree


def is_plain_column(text: str, columns: Collection[str]) -> bool:
    """Whether a whole text is the name of one of `columns`, as `Customer ID` may be.

    Examples
    --------
    >>> is_plain_column("customer id", ["Customer ID", "Price"])
    True
    """
    return _spelling(text.strip(), columns) is not None


def may_be_header(text: str) -> bool:
    """Whether a text that is no expression could still be a header of the file: words with spaces between them.

    Examples
    --------
    >>> may_be_header("Customer ID"), may_be_header("Quantity *")
    (True, False)
    """
    return re.fullmatch(r"\s*\w+(\s+\w+)*\s*", text) is not None


def column_sql(name: str) -> str:
    """A column's name as it is written inside an expression: in quotes where it would not be read as a name.

    Examples
    --------
    >>> column_sql("Price"), column_sql("Unit Price"), column_sql("case")
    ('Price', '"Unit Price"', '"case"')
    """
    try:
        columns = list(parse_expression(f"replace({name}, '', '')", where="").find_all(exp.Column))
    except ConfigError:
        return quoted(name)
    is_word = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None
    return name if is_word and [column.name for column in columns] == [name] else quoted(name)


def quoted(name: str) -> str:
    """A column's name in double quotes.

    Examples
    --------
    >>> quoted('6" pipe')
    '"6"" pipe"'
    """
    return '"' + name.replace('"', '""') + '"'


def _spelling(name: str, columns: Collection[str]) -> str | None:
    """The name as the file writes it; an exact match goes before one that differs in case."""
    if name in columns:
        return name
    return next((column for column in columns if column.lower() == name.lower()), None)


def _checked(text: str, where: str) -> exp.Expr:
    """The tree of a text, every node of it allowed."""
    tree = _parsed(text, where)
    for node in tree.walk():
        if not _is_allowed(node):
            raise _refusal(_called(node, text), _position(node), where)
    return tree


def _parsed(text: str, where: str) -> exp.Expr:
    tokens = _tokens(text, where)
    _check_tokens(tokens, text, where)
    try:
        trees = sqlglot.parse(text, dialect=DIALECT)
    except ParseError as error:
        raise _syntax_error(error, text, where) from error
    except (SqlglotError, RecursionError, AttributeError, LookupError, TypeError, ValueError) as error:
        # The parser's own builders trip over functions with a wrong number or kind of arguments.
        raise ConfigError(f"{where}: this is not an SQL expression.", _ADVICE) from error
    if len(trees) != 1 or trees[0] is None:
        raise ConfigError(f"{where}: there is no expression.", _ADVICE)
    return trees[0]


def _tokens(text: str, where: str) -> list[Token]:
    if len(text) > MOST_CHARACTERS:
        raise ConfigError(f"{where}: the expression has {len(text):,} characters.", f"At most {MOST_CHARACTERS:,} are read.")
    try:
        return sqlglot.tokenize(text, dialect=DIALECT)
    except TokenError as error:
        raise ConfigError(f"{where}: a quote or comment is opened and not closed.", _ADVICE) from error


def _check_tokens(tokens: list[Token], text: str, where: str) -> None:
    if len(tokens) > MOST_TOKENS or _depth(tokens) > DEEPEST:
        raise ConfigError(
            f"{where}: the expression is too long or nests too deeply.",
            f"At most {MOST_TOKENS} words and signs, nested {DEEPEST} deep, are read: prepare the column in the file.",
        )
    for token in tokens:
        if token.comments:
            raise _refusal("a comment", max(text.find("--"), text.find("/*"), 0), where)
        if token.token_type is TokenType.SEMICOLON:
            raise _refusal("a semicolon", token.start, where)


def _depth(tokens: list[Token]) -> int:
    """How deep the parser could nest: open brackets, and signs or words that lead to another operand."""
    opening = {TokenType.L_PAREN, TokenType.L_BRACKET, TokenType.L_BRACE, TokenType.CASE}
    closing = {TokenType.R_PAREN, TokenType.R_BRACKET, TokenType.R_BRACE, TokenType.END}
    unary = {TokenType.DASH, TokenType.NOT, TokenType.TILDE, TokenType.PLUS}
    level = deepest = run = 0
    for token in tokens:
        level += (token.token_type in opening) - (token.token_type in closing)
        run = run + 1 if token.token_type in unary else 0
        deepest = max(deepest, level + run)
    return deepest


def _syntax_error(error: ParseError, text: str, where: str) -> ConfigError:
    first = error.errors[0] if error.errors else {}
    lines = text.split("\n")[: max(first.get("line") or 1, 1) - 1]
    offset = sum(len(line) + 1 for line in lines) + max(first.get("col") or 1, 1) - 1
    return ConfigError(f"{where}, character {offset + 1}: this is not an SQL expression.", _ADVICE)


def _is_allowed(node: exp.Expr) -> bool:
    if isinstance(node, exp.Anonymous):
        return isinstance(node.this, str) and node.name.lower() in _NAMED_FUNCTIONS
    condition = _CONDITIONS.get(type(node))
    return type(node) in _ALLOWED and (condition is None or condition(node))


def _called(node: exp.Expr, text: str) -> str:
    """What a user would call the node."""
    for kinds, words in _WORDS:
        if isinstance(node, kinds):
            return words
    if isinstance(node, exp.Column):
        return "a dotted name"
    if isinstance(node, exp.DataType):
        return f"the type {node.sql(DIALECT)}"
    if isinstance(node, exp.Var):
        return f"the unit {node.name}"
    if isinstance(node, exp.Func):
        return f"the function {_written(node, text)}"
    return f"the part {node.key.upper()}"


def _written(node: exp.Expr, text: str) -> str:
    """The name of a function as it was written, else as the parser knows it."""
    start, end = node.meta.get("start"), node.meta.get("end")
    if start is not None and end is not None:
        return text[start : end + 1].strip('"')
    return (node.name if isinstance(node, exp.Anonymous) else node.key).lower()


def _position(node: exp.Expr) -> int:
    """Offset of the first part of the node whose place is known."""
    return min(_starts(node), default=0)


def _starts(node: exp.Expr) -> Iterator[int]:
    for part in node.walk():
        if "start" in part.meta:
            yield part.meta["start"]


def _refusal(what: str, offset: int, where: str) -> ConfigError:
    return ConfigError(f"{where}, character {offset + 1}: {what} is not allowed here.", _ADVICE)


def _known(column: exp.Column, columns: Collection[str] | None, where: str) -> str:
    """The column's name as the file writes it."""
    if columns is None:
        return column.name
    name = _spelling(column.name, columns)
    if name is None:
        raise ConfigError(
            f"{where}, character {_position(column) + 1}: there is no column {column.name}.", nearest(column.name, columns)
        )
    return name
