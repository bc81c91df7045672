"""Saved models in use: found, read, and held against the config they are to serve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

from churnscope.config.models import Config
from churnscope.decisions import Offer
from churnscope.engines.duckdb import Loaded
from churnscope.errors import InputError, ModelError
from churnscope.features import FAMILIES
from churnscope.features.customer_types import customer_types
from churnscope.features.plugins import own_families, source_hash
from churnscope.levels import names_of
from churnscope.model.baselines import BaseRate
from churnscope.model.bundle import Bundle, definition_of, read_bundle, resolve
from churnscope.model.predictor import Predictor
from churnscope.project.session import Folders
from churnscope.roles import ROLES
from churnscope.scoring import Bands
from churnscope.snapshots import SnapshotPlan
from churnscope.timeline import Split, Timing, cutoff_name, cutoff_named, date_of, is_part

_ADVICE = "Train a model with this config, or use the config it was trained with."


def model_name(config: Config) -> str:
    """The folder of this config's models; those that tell who comes back stand beside those that tell who leaves."""
    name = config.model.name or config.name
    return f"{name}_reactivation" if config.is_of_reactivation else name


def load_model(config: Config, which: str) -> Bundle:
    """The bundle named `champion`, `latest`, by version or by folder, verified and made for this config's definitions.

    Raises
    ------
    ModelError : when there is none, it is damaged, or it predicts something else than the config asks for.
    """
    bundle = read_bundle(resolve(Folders.of(config).models, model_name(config), which))
    for key, value in definition_of(config, Split((), (), ())).items():
        if key != "split" and bundle.definition.get(key) != value:
            raise ModelError(f"Model {bundle.version} was trained with another {key} than {config.name} declares.", _ADVICE)
    return bundle


def model_facts(bundle: Bundle) -> dict[str, str]:
    """What identifies a model in a manifest; the version ends in the hash of all its files."""
    return {"name": bundle.name, "version": bundle.version}


def base_rate(bundle: Bundle) -> float:
    """Share of the snapshots the final model learned from that churned."""
    return next(rule.share for rule in bundle.final.baselines if isinstance(rule, BaseRate))


def offer_of(config: Config, mean_value: float | None = None) -> Offer | None:
    """What the config says of costs and value of keeping customers; None where it says nothing, and of those who left.

    Parameters
    ----------
    mean_value : of the customers, where each has a value of their own; without it nothing is said then.

    Raises
    ------
    InputError : when customers are on average worth less than the offer costs.
    """
    profit = config.profit
    worth = None if profit is None else profit.one_value or mean_value
    if profit is None or worth is None or config.is_of_reactivation:
        return None
    if worth <= profit.offer_cost:
        raise InputError(
            f"[profit]: customers are worth {worth:,.2f} on average, and the offer costs {profit.offer_cost:,.2f}.",
            "Check offer_cost, and margin and discount_rate in [value].",
        )
    return Offer(**profit.model_dump() | {"value": worth})


def bands_of(config: Config, bundle: Bundle) -> Bands:
    """The bands of risk: high from where a contact pays, where the config says what that is."""
    judged = bundle.figures.get("profit", {})
    offer = offer_of(config, judged.get("offer", {}).get("value"))
    return Bands.around(base_rate(bundle), None if offer is None else float(offer.break_even()))


def trained_through(bundle: Bundle, cutoffs: Literal["all", "before_test"]) -> int:
    """The first day after the newest outcome that the final model, or its twin from before the test, learned from."""
    split, timing = split_of(bundle), bundle.definition["timing"]
    newest = max(getattr(split, cutoffs))
    if is_part(newest):
        return bundle.as_of
    return Timing(timing["horizon_days"], timing["gap_days"], grace_days=timing["grace_days"]).outcome_end(newest)


def split_of(bundle: Bundle) -> Split:
    """The cutoffs a bundle was trained and judged on, by use."""
    return Split(**{use: tuple(map(cutoff_named, names)) for use, names in bundle.definition["split"].items()})


def unseen(bundle: Bundle, cutoff: int) -> tuple[Predictor, int]:
    """The predictor of a bundle whose training outcomes had all closed by a cutoff, and the day they closed.

    The final model where it is old enough; else its twin from before the test cutoff. Of a part of the customers, the twin that
    was judged on it.

    Raises
    ------
    ModelError : when both have seen outcomes after the cutoff.
    """
    if is_part(cutoff):
        if split_of(bundle).test != (cutoff,):
            raise ModelError(f"Model {bundle.version} has learned from {cutoff_name(cutoff)} of the customers.", _ADVICE)
        return bundle.evaluation, bundle.as_of
    for predictor, through in (
        (bundle.final, trained_through(bundle, "all")),
        (bundle.evaluation, trained_through(bundle, "before_test")),
    ):
        if through <= cutoff:
            return predictor, through
    raise ModelError(
        f"Model {bundle.version} learned from outcomes up to {date_of(through)}, after the cutoff {date_of(cutoff)}.",
        "Look at it as of a later day, or train a model as of this day.",
    )


def matching_plan(config: Config, loaded: Loaded, bundle: Bundle, cutoffs: Sequence[int]) -> SnapshotPlan:
    """The plan that builds exactly the features the model was trained on.

    The families are those of the model: which of them suit the history is decided when a model is trained.

    Raises
    ------
    ModelError : when the config or the columns of the sources give other features.
    """
    families = tuple(bundle.plan["families"])
    asked = config.features.families or families
    same = config.model_copy(update={"features": config.features.model_copy(update={"families": families})})
    plan = snapshot_plan(same, loaded, cutoffs)
    plan = replace(plan, levels=loaded.coded(bundle.plan["levels"]), columns=_read_of(plan, bundle))
    now = feature_plan(plan)
    changed = [key for key in now if now[key] != bundle.plan[key]] + ["families"] * (set(asked) != set(families))
    if changed or plan.specs != bundle.specs:
        what = f"The {changed[0].replace('_', ' ')} of the features" if changed else "What the features mean"
        raise ModelError(f"{what} changed since model {bundle.version} was trained.", _ADVICE)
    return plan


def unknown_levels(loaded: Loaded, bundle: Bundle) -> tuple[str, ...]:
    """Texts that have become common since the model was trained, which has no feature for them: `plan "Family"`."""
    known = bundle.plan["levels"]
    return tuple(
        f'{column} "{level.name}"'
        for role, columns in loaded.levels.items()
        for column, levels in columns.items()
        for level in levels
        if column in known.get(role, {}) and level.name not in known[role][column]
    )


def _read_of(plan: SnapshotPlan, bundle: Bundle) -> dict[str, frozenset[str]]:
    """The columns of a plan; of a flat file those that the model knows, whatever else is in it."""
    known = bundle.plan["columns"]
    return {
        role: names & frozenset(known.get(role, ())) if ROLES[role].is_state else names for role, names in plan.columns.items()
    }


def snapshot_plan(config: Config, loaded: Loaded, cutoffs: Sequence[int]) -> SnapshotPlan:
    """The plan of a config for loaded data, families of one's own included.

    Raises
    ------
    ConfigError : when a plugin cannot be loaded or a family is unknown.
    """
    own = own_families(config.features.plugins, str(config.folders.plugins))
    return SnapshotPlan.from_config(config, loaded, cutoffs, own=own)


def feature_plan(plan: SnapshotPlan) -> dict[str, Any]:
    """What decides the features of a plan, JSON-ready."""
    return {
        "windows_days": list(plan.windows),
        "families": [family.name for family in plan.families],
        "plugins": source_hash(family for family in plan.families if family not in FAMILIES),
        "columns": {role: sorted(names) for role, names in sorted(plan.columns.items())},
        "levels": names_of(plan.levels),
        "stages": plan.stages.model_dump(mode="json") if customer_types in plan.families else {},
    }
