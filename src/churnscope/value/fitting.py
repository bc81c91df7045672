"""Maximum likelihood on the logs of positive parameters: several starts, exact gradients, Newton at the end, a plain report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeResult, minimize
from threadpoolctl import threadpool_limits

from churnscope.errors import InputError

Array = NDArray[np.float64]
Held = NDArray[np.bool_]  # which parameters are away from their limits
Objective = Callable[[Array], tuple[float, Array]]

LOG_LIMIT = float(np.log(1e6))  # parameters live in [1e-6, 1e6]; beyond, a model equals its own limit
COMPLEX_STEP = 1e-20  # no difference is taken, so a step this small costs no digits
HESSIAN_STEP = 1e-4
ROUGH, FINE = 1e-7, 1e-13  # relative gain of a step at which the search from each start, and from the best end, stops
ROUNDING = 1e-12  # by which a likelihood per customer may seem to fall without falling
FLAT = 0.1  # rise of the whole log-likelihood, per factor e in a parameter, below which a point counts as its maximum
LOOSE = 3.0  # standard error of a log parameter (a factor of 20) from which its value says little


@dataclass(frozen=True)
class FitReport:
    """How a fit went.

    Parameters
    ----------
    customers : how many the likelihood was taken over.
    log_likelihood : natural log, at the fitted parameters.
    standard_errors : per parameter, from the curvature of the likelihood; None where the data do not hold the parameter.
    converged : whether the gradient vanished; predictions of a fit that did not converge are not to be used.
    note : a plain sentence where something is worth knowing, else empty.
    """

    customers: int
    log_likelihood: float
    standard_errors: Mapping[str, float | None]
    converged: bool
    note: str = ""


def complex_step(function: Callable[[Sequence[NDArray[np.complex128]]], NDArray[Any]], logs: Array) -> tuple[Array, Array]:
    """Values of an analytic function of the parameters exp(logs), and their exact derivatives by each log.

    Parameters
    ----------
    function : takes each parameter as shape (n_parameters, 1), one row per direction; returns shape (n_parameters, n).

    Returns
    -------
    values, shape (n,); derivatives, shape (n_parameters, n).

    Notes
    -----
    f'(t) = Im f(t + ih) / h with an error of order h^2, and nothing cancels.

    References
    ----------
    W. Squire, G. Trapp (1998), Using complex variables to estimate derivatives of real functions, SIAM Review 40(1).
    """
    steps = np.exp(logs + 1j * COMPLEX_STEP * np.eye(len(logs)))
    answers = function([parameter[:, None] for parameter in steps.T])
    return answers[0].real, answers.imag / COMPLEX_STEP


def maximise(
    objective: Objective,
    starts: Iterable[Sequence[float]],
    names: Sequence[str],
    *,
    customers: int,
    sketch: Objective | None = None,
    largest: Mapping[str, float] | None = None,
) -> tuple[tuple[float, ...], FitReport]:
    """Parameters that make the likelihood largest.

    Parameters
    ----------
    objective : mean negative log-likelihood per customer and its gradient, at the logs of the parameters.
    starts : first guesses, as parameters; the best end wins.
    names : of the parameters.
    sketch : the same on fewer customers, cheap; picks among the starts in the objective's place.
    largest : of parameters beyond whose value the likelihood hardly changes, but its cost does.

    Raises
    ------
    InputError : when no start leads to a finite likelihood.
    """
    limits = np.array([min(LOG_LIMIT, np.log((largest or {}).get(name, np.inf))) for name in names])
    ends = [_descend(sketch or objective, np.log(start), limits, ROUGH) for start in starts]
    ends = [end for end in ends if np.isfinite(end.fun)]
    if not ends:
        raise InputError(
            "The purchase model has no finite likelihood on these histories.",
            "Check for customers with thousands of purchase days: they are seldom persons.",
        )
    best: Array = min(ends, key=lambda end: float(end.fun)).x
    near = _descend(objective, best, limits, FINE).x
    held = (near > -LOG_LIMIT + 1e-3) & (near < limits - 1e-3)
    curvature = _curvature(objective, near, held)
    is_told = (_log_errors(held, curvature, customers) <= LOOSE).all()
    logs = _finish(objective, near, held, curvature) if is_told else near
    return tuple(np.exp(logs).tolist()), _report(objective(logs), (logs, held, curvature), names, customers)


def _descend(objective: Objective, logs: Array, limits: Array, tolerance: float) -> OptimizeResult:
    inside = np.clip(logs, -LOG_LIMIT, limits)
    bounds = [(-LOG_LIMIT, limit) for limit in limits]
    # Each step solves a system of a few rows: to wake the threads of BLAS for it takes fifty times as long as to solve it.
    with threadpool_limits(1, user_api="blas"):
        end: OptimizeResult = minimize(
            objective,
            inside,
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options={"maxiter": 500, "ftol": tolerance, "gtol": 1e-8},
        )
    return end


def _finish(objective: Objective, logs: Array, held: Held, curvature: Array) -> Array:
    """Newton steps with one curvature: the last digits, which a quasi-Newton method leaves open.

    Not for a ridge along which the data tell a parameter hardly at all: there are no last digits to be had.
    """
    if not _bends(curvature):
        return logs
    for _ in range(10):
        value, gradient = objective(logs)
        step = np.zeros(len(logs))
        step[held] = np.linalg.solve(curvature, gradient[held])
        ahead = np.clip(logs - step, -LOG_LIMIT, LOG_LIMIT)
        if np.abs(step).max() > 1 or objective(ahead)[0] > value + ROUNDING:
            break
        logs = ahead
        if np.abs(step).max() < 1e-9:
            break
    return logs


def _curvature(objective: Objective, logs: Array, held: Held) -> Array:
    """Second derivatives by the held parameters, from central differences of the exact gradient."""
    steps = HESSIAN_STEP * np.eye(len(logs))[held]
    rows = [(objective(logs + step)[1] - objective(logs - step)[1])[held] / (2 * HESSIAN_STEP) for step in steps]
    square = np.array(rows).reshape(len(steps), len(steps))
    return (square + square.T) / 2


def _bends(curvature: Array) -> bool:
    """Whether the likelihood falls off in every direction, so that the maximum is one point."""
    return bool(curvature.size and np.linalg.eigvalsh(curvature)[0] > 0)


def _log_errors(held: Held, curvature: Array, customers: int) -> Array:
    """Standard errors of the log parameters; infinite where the likelihood does not hold them."""
    errors = np.full(len(held), np.inf)
    if _bends(curvature):
        errors[held] = np.sqrt(np.diag(np.linalg.inv(curvature)) / customers)
    return errors


def _report(end: tuple[float, Array], place: tuple[Array, Held, Array], names: Sequence[str], customers: int) -> FitReport:
    (surprise, gradient), (logs, held, curvature) = end, place
    log_errors = _log_errors(held, curvature, customers)
    errors = [
        float(error) if log_error <= LOOSE else None
        for error, log_error in zip(np.exp(logs) * log_errors, log_errors, strict=True)
    ]
    converged = bool(np.abs(gradient[held]).max(initial=0.0) * customers < FLAT)
    return FitReport(
        customers=customers,
        log_likelihood=-surprise * customers,
        standard_errors=dict(zip(names, errors, strict=True)),
        converged=converged,
        note=_note([name for name, error in zip(names, errors, strict=True) if error is None], converged=converged),
    )


def _note(loose: Sequence[str], *, converged: bool) -> str:
    if not converged:
        return "The search for the most likely parameters stopped before it found them: do not use this model."
    if loose:
        return f"The histories hardly tell {', '.join(loose)}: use the model's predictions, not these parameters."
    return ""
