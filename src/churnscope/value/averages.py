"""Expectations over gamma and beta distributed customers, and one continued fraction: what the closed forms lose in digits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
AtNodes = Callable[[Array, slice], Array]

NODES = 192
REACH = 12.0  # half width of the grid, in standard deviations of a narrow density
NEGLIGIBLE = 40.0  # exp(-40) is below the last digit
MOST_STEPS = 1000  # of the continued fraction: relative error 1e-7 at z = 1 - 1e-5, parameters 100,000 times apart
ROWS_AT_ONCE = 2048  # bounds the memory of an expectation, 3 MB per array of nodes


def gamma_nodes(shape: Array) -> tuple[Array, Array]:
    """Nodes and weights for expectations over Gamma(shape, rate 1).

    Returns
    -------
    nodes, weights : shape (n, 192); the weights of a row sum to 1.

    Notes
    -----
    Trapezoids in w = log of the variable, where the density is exp(shape * w - exp(w)): analytic, so they converge
    geometrically. A stretched left end reaches the long tail of small shapes.
    """
    wide = shape[:, None]
    log, slope = _stretched(np.log(wide), np.minimum(1.0, wide**-0.5), left=wide, right=None)
    log = np.minimum(log, 700.0)
    return np.exp(log), _normalised(wide * log - np.exp(log), slope)


def beta_nodes(a: Array, b: Array) -> tuple[Array, Array]:
    """Nodes and weights for expectations over Beta(a, b); as `gamma_nodes`, in the logit of the variable.

    Returns
    -------
    nodes, weights : shape (n, 192); the weights of a row sum to 1.
    """
    left, right = a[:, None], b[:, None]
    spread = np.minimum(1.0, np.sqrt((left + right) / (left * right)))
    logit, slope = _stretched(np.log(left / right), spread, left=left, right=right)
    log_share, log_rest = -np.logaddexp(0.0, -logit), -np.logaddexp(0.0, logit)
    return np.exp(np.maximum(log_share, -690.0)), _normalised(left * log_share + right * log_rest, slope)


def unit_interval() -> tuple[Array, Array]:
    """Nodes and weights for integrals over (0, 1) of functions that may change fast near the ends (tanh-sinh).

    Returns
    -------
    nodes, weights : shape (192,).

    References
    ----------
    H. Takahasi, M. Mori (1974), Double exponential formulas for numerical integration, Publ. RIMS 9.
    """
    v, step = np.linspace(-4.0, 4.0, NODES, retstep=True)
    logit = np.pi * np.sinh(v)
    nodes = 1 / (1 + np.exp(-logit))
    return nodes, step * np.pi * np.cosh(v) * nodes / (1 + np.exp(logit))


def _stretched(centre: Array, spread: Array, *, left: Array, right: Array | None) -> tuple[Array, Array]:
    """Grid points centre + spread * v, pulled outwards where the tail exp(-rate * distance) is long; and their slope in v."""
    v = np.linspace(-REACH, REACH, NODES)
    pull_left = NEGLIGIBLE / left * np.exp(-v - REACH)
    pull_right = NEGLIGIBLE / right * np.exp(v - REACH) if right is not None else np.zeros(1)
    return centre + spread * v - pull_left + pull_right, spread + pull_left + pull_right


def _normalised(log_density: Array, slope: Array) -> Array:
    weights = slope * np.exp(log_density - log_density.max(axis=1, keepdims=True))
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def gamma_mean(shape: Array, of: AtNodes) -> Array:
    """Expectation of a function of a Gamma(shape, rate 1) variable, row by row.

    Parameters
    ----------
    shape : shape (n,).
    of : called with nodes of shape (k, 192) and the slice of rows they belong to; returns the function there.
    """
    return _in_parts(len(shape), lambda part: _weighted(gamma_nodes(shape[part]), of, part))


def beta_mean(a: Array, b: Array, of: AtNodes) -> Array:
    """Expectation of a function of a Beta(a, b) variable, row by row; parameters as in `gamma_mean`."""
    return _in_parts(len(a), lambda part: _weighted(beta_nodes(a[part], b[part]), of, part))


def _weighted(rule: tuple[Array, Array], of: AtNodes, part: slice) -> Array:
    nodes, weights = rule
    return np.asarray(np.einsum("ij,ij->i", weights, of(nodes, part)))


def _in_parts(n_rows: int, mean: Callable[[slice], Array]) -> Array:
    parts = [mean(slice(start, start + ROWS_AT_ONCE)) for start in range(0, n_rows, ROWS_AT_ONCE)]
    return np.concatenate(parts) if parts else np.zeros(0)


def hypergeometric(b: NDArray[Any], c: NDArray[Any], z: NDArray[Any]) -> NDArray[Any]:
    """Gauss' 2F1(1, b; c; z) for 0 <= z < 1 and 0 < b < c, real or complex-stepped.

    Notes
    -----
    The continued fraction 1/(1 - e1 z/(1 - e2 z/(1 - ...))), from the back, with as many steps of two coefficients as the
    largest z needs: each coefficient gains a factor (1 - sqrt(1 - z))/(1 + sqrt(1 - z)). It starts from the value to which the
    tails tend, since every e tends to 1/4.

    References
    ----------
    NIST Digital Library of Mathematical Functions, 15.7.5.
    """
    if not any(map(np.iscomplexobj, (b, c, z))):
        return _fraction(b, c, z, slopes=False)[0]
    # Steps into the complex plane are so small that only first derivatives count: real numbers do, and are far cheaper.
    real, imaginary = np.broadcast_arrays(*map(np.real, (b, c, z))), tuple(map(np.imag, (b, c, z)))
    same = all(np.array_equal(each[0], each[-1]) for each in real)  # the directions differ in the steps alone
    value, *slopes = _fraction(*(each[:1] for each in real) if same else real, slopes=True)
    step = sum(slope * part for slope, part in zip(slopes, imaginary, strict=True))
    return np.asarray(value + 1j * step)


def _fraction(b: NDArray[Any], c: NDArray[Any], z: NDArray[Any], *, slopes: bool) -> tuple[NDArray[Any], ...]:
    """The continued fraction and, where asked for, its derivatives by b, c and z."""
    root = np.sqrt(1.0 - np.clip(z, 0.0, 1 - 1e-12).max(initial=0.0))
    needed = NEGLIGIBLE / -2.0 / np.log((1.0 - root) / (1.0 + root) + 1e-16)
    tail: NDArray[Any] = (1 + np.sqrt(1 - z)) / 2
    by_b = by_c = np.zeros(tail.shape)
    by_z = -1 / (4 * np.sqrt(1 - z))
    for m in range(8 + int(min(needed, MOST_STEPS)), 0, -1):
        for upper, upper_b, upper_c, low in (
            (m * (c - 1 - b + m), -m, m, c - 2 + 2 * m),
            ((b + m - 1) * (c - 2 + m), c - 2 + m, b + m - 1, c - 3 + 2 * m),
        ):
            lower = low * (low + 1)
            share = z / (lower * tail)
            if slopes:
                term = upper * share
                of_tail = term / tail
                by_b = of_tail * by_b - upper_b * share
                by_c = of_tail * by_c - upper_c * share + term * (2 * low + 1) / lower
                by_z = of_tail * by_z - upper / (lower * tail)
            tail = 1 - upper * share
    factor = -1 / tail**2
    return (1 / tail, factor * by_b, factor * by_c, factor * by_z) if slopes else (1 / tail,)
