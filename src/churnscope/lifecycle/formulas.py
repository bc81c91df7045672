"""Formulas as text that compute what they say: a number and its formula cannot differ."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Final

import numpy as np

from churnscope.survival import Floats

_NAME: Final = re.compile(r"\b[a-z][a-z0-9_]*\b")
_CALLS: Final = {"max": np.maximum, "min": np.minimum}
LEAST_WHOLE: Final = 1_000  # from which no decimals are shown


def evaluate(formula: str, numbers: Mapping[str, Floats]) -> Floats:
    """The value of a formula of names, numbers, + - * / and max or min of two.

    What is divided by 0 is NaN.

    Raises
    ------
    ValueError : when the formula holds something else.
    KeyError : when it names a number that is not there.

    Examples
    --------
    >>> evaluate("max(0, needed - kept) / months", {"needed": np.array(9.0), "kept": np.array(3.0), "months": np.array(2.0)})
    array(3.)
    """
    return _value(ast.parse(formula, mode="eval").body, numbers)


def named(formula: str) -> tuple[str, ...]:
    """The numbers a formula names, each once.

    Examples
    --------
    >>> named("max(0, a - b) * a")
    ('a', 'b')
    """
    return tuple(dict.fromkeys(name for name in _NAME.findall(formula) if name not in _CALLS))


def in_numbers(formula: str, numbers: Mapping[str, float]) -> str:
    """The formula with its numbers in the place of their names.

    Examples
    --------
    >>> in_numbers("attrition * base", {"attrition": 0.08123, "base": 5210.0})
    '0.08123 * 5,210'
    """
    return _NAME.sub(lambda found: found[0] if found[0] in _CALLS else shown(numbers[found[0]]), formula)


def shown(number: float) -> str:
    """A number of a formula.

    Examples
    --------
    >>> shown(0.081234), shown(12.5), shown(12345.6)
    ('0.08123', '12.5', '12,346')
    """
    return f"{number:,.0f}" if abs(number) >= LEAST_WHOLE else f"{number:,.4g}"


def _value(node: ast.expr, numbers: Mapping[str, Floats]) -> Floats:
    match node:
        case ast.Constant(value=int() | float() as number):
            return np.asarray(float(number))
        case ast.Name(id=name):
            return numbers[name]
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            return np.asarray(-_value(inner, numbers))
        case ast.BinOp(left=left, op=operator, right=right):
            return _combined(operator, _value(left, numbers), _value(right, numbers))
        case ast.Call(func=ast.Name(id=name), args=[one, other]) if name in _CALLS:
            return np.asarray(_CALLS[name](_value(one, numbers), _value(other, numbers)))
        case _:
            raise ValueError(f"not a formula: {ast.unparse(node)}")


def _combined(operator: ast.operator, left: Floats, right: Floats) -> Floats:
    match operator:
        case ast.Add():
            return np.asarray(left + right)
        case ast.Sub():
            return np.asarray(left - right)
        case ast.Mult():
            return np.asarray(left * right)
        case ast.Div():
            with np.errstate(divide="ignore", invalid="ignore"):
                return np.asarray(np.where(right == 0, np.nan, left / right))
        case _:
            raise ValueError(f"not an operator of a formula: {type(operator).__name__}")
