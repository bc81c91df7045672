"""What the model costs: training, scoring, contributions beside LightGBM's own, and the fit of the value models."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from event_log import config_of
from measuring import in_turns, measured, once
from repeat_histories import histories

from churnscope.config.load import load_config
from churnscope.config.models import Model as Settings
from churnscope.engines.duckdb import open_engine
from churnscope.features import FeatureSpec
from churnscope.model.boosters import Boosters, Boosting, Rows
from churnscope.model.training import train
from churnscope.snapshots import SnapshotPlan, SnapshotTable, build_snapshots
from churnscope.timeline import Split, Timing, plan_cutoffs, split_by_time
from churnscope.value import BGNBD, MBGNBD, NBD, GammaGamma, ParetoNBD, RepeatRows, SpendRows

HORIZON_DAYS, FIRST_CUTOFF_DAYS = 30, 365  # a year of history lies before the first cutoff
SCORED_ROWS = 200_000
COMPARED_ROWS = 1_000
EXPLAINED_ROWS = 20_000
EXPLAINED_BY_LIGHTGBM_ROWS = 2_000  # it needs about ten milliseconds a row


def few_boosters() -> tuple[Boosters, np.ndarray]:
    """Boosters of a few trees, made in a moment, and rows to put in."""
    random = np.random.default_rng(0)
    rows = random.standard_normal((400, 3)).astype(np.float32)
    specs = tuple(
        FeatureSpec(name=name, unit="", window=None, concept=name, sentence="{value:.0f}") for name in ("a", "b", "c")
    )
    boosting = Boosting(specs, Settings(seeds=1))
    return boosting.fitted(Rows(rows, (rows[:, 0] > 0).astype(np.int8)), [3], range(3)), rows


def model(log: Path, threads: int) -> dict[str, object]:
    """Training with the default settings on the features of a log, then scores and contributions of the newest model."""
    table, split = _table(log, threads)
    with _lightgbm_seconds() as own:
        trained, cost = measured(lambda: train(table, split, Settings(), fitters=(), threads=threads))
    boosters = trained.final.scorer
    assert isinstance(boosters, Boosters)
    one = Boosters(boosters.texts[:1], boosters.columns, boosters.positions, boosters.width)
    rows = table.features[:SCORED_ROWS]
    return {
        "training": {
            "rows": trained.rows,
            "features": rows.shape[1],
            "rounds": trained.rounds,
            "cost": once(cost),
            "lightgbm_seconds": sum(own),
        },
        "scoring": _scoring(one, rows, threads),
        "contributions": _contributions(one, rows, threads),
    }


def _table(log: Path, threads: int) -> tuple[SnapshotTable, Split]:
    config = load_config(config_of(log, threads=threads, memory_limit=None))
    with open_engine(config) as engine:
        loaded = engine.load(with_duplicates=False)
        timing = Timing(HORIZON_DAYS)
        first = loaded.first_day + FIRST_CUTOFF_DAYS
        cutoffs = plan_cutoffs(first, loaded.as_of, timing, most=12, spacing_days=HORIZON_DAYS)
        table = build_snapshots(loaded.blocks(), SnapshotPlan.from_config(config, loaded, cutoffs), threads=threads)
    return table, split_by_time(cutoffs, timing)


@contextmanager
def _lightgbm_seconds() -> Iterator[list[float]]:
    """Inside, the wall seconds of each call of LightGBM's training, its data set included."""
    import lightgbm

    spent: list[float] = []
    plain = lightgbm.train

    def timed(*arguments: object, **named: object) -> object:
        answer, cost = measured(lambda: plain(*arguments, **named))
        spent.append(cost.wall_seconds)
        return answer

    lightgbm.train = timed
    try:
        yield spent
    finally:
        lightgbm.train = plain


def _scoring(boosters: Boosters, rows: np.ndarray, threads: int) -> dict[str, object]:
    theirs, columns = _lightgbm_of(boosters), _read_by(boosters, rows)

    def by_lightgbm(some: np.ndarray) -> np.ndarray:
        return theirs.predict(some, raw_score=True, num_threads=threads)

    is_equal = bool((boosters.margin(rows[:COMPARED_ROWS]) == by_lightgbm(columns[:COMPARED_ROWS])).all())  # compiles too
    costs = in_turns({"ours": lambda: boosters.margin(rows), "LightGBM": lambda: by_lightgbm(columns)})
    return {"rows": len(rows), "trees": boosters.rounds[0], "equal_bit_by_bit": is_equal, "costs": costs}


def _contributions(boosters: Boosters, rows: np.ndarray, threads: int) -> dict[str, object]:
    many, few = rows[:EXPLAINED_ROWS], rows[:EXPLAINED_BY_LIGHTGBM_ROWS]
    theirs, columns = _lightgbm_of(boosters), _read_by(boosters, few)

    def by_lightgbm() -> np.ndarray:
        return theirs.predict(columns, pred_contrib=True, num_threads=threads)

    places = [*boosters.positions, boosters.width]
    difference = float(np.abs(boosters.contributions(few)[:, places] - by_lightgbm()).max())
    costs = in_turns({"ours": lambda: boosters.contributions(many), "LightGBM": by_lightgbm})
    return {"rows": len(many), "lightgbm_rows": len(few), "largest_difference": difference, "costs": costs}


def _read_by(boosters: Boosters, rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows[:, list(boosters.positions)])


def _lightgbm_of(boosters: Boosters) -> Any:
    import lightgbm

    return lightgbm.Booster(model_str=boosters.texts[0])


def value(customers: int) -> dict[str, object]:
    """Seconds to fit each value model to so many customers."""
    drawn = histories(customers)
    spend = SpendRows(drawn["frequency"], drawn.pop("mean_spend"))
    rows = RepeatRows(**drawn)
    different, compressing = measured(rows.compressed)
    fits = {"BG/NBD": BGNBD, "MBG/NBD": MBGNBD, "Pareto/NBD": ParetoNBD, "NBD": NBD}
    costs = {"compress": once(compressing)}
    converged = {}
    for name, kind in fits.items():
        # Fresh rows each time: what a model derives from them is kept in them.
        fitted, cost = measured(lambda kind=kind: kind.fit(RepeatRows(**drawn)))
        costs[name], converged[name] = once(cost), bool(fitted.report.converged)
    fitted, cost = measured(lambda: GammaGamma.fit(spend))
    costs["Gamma-Gamma"], converged["Gamma-Gamma"] = once(cost), bool(fitted.report.converged)
    return {"customers": customers, "different_rows": len(different), "costs": costs, "converged": converged}
