"""Rows without a date, divided by customers where others are divided by time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from churnscope.snapshots.table import SnapshotTable
from churnscope.timeline import CUSTOMER_PARTS, part_number


def in_parts(table: SnapshotTable, hashes: NDArray[np.uint64], seed: int) -> SnapshotTable:
    """The table of one cutoff with a part of the customers in its place, ordered by part, then customer.

    Within each label the customers, ordered by their hash, are cut into parts of equal size: every part has the same share of
    churned ones, give or take a customer. Neither the order of rows nor other customers' values decide, and a customer more or
    less moves few of the others.

    Parameters
    ----------
    table : one row a customer.
    hashes : shape (n_customers,), of the customers' ids, by their codes.
    seed : another one divides otherwise.
    """
    mixed = _mixed(hashes[table.customer], seed)
    part = np.empty(len(table.customer), np.int32)
    for label in np.unique(table.churned):
        same = np.flatnonzero(table.churned == label)
        ranked = same[np.argsort(mixed[same], kind="stable")]
        part[ranked] = part_number(1) + np.arange(len(ranked)) * CUSTOMER_PARTS // len(ranked)
    cutoffs = tuple(part_number(place) for place in range(1, CUSTOMER_PARTS + 1))
    order = np.argsort(part, kind="stable")
    counts = np.array([np.count_nonzero(part == cutoff) for cutoff in cutoffs], np.int64)
    nobody = np.zeros_like(counts)
    return replace(
        table,
        customer=table.customer[order],
        cutoff=part[order],
        churned=table.churned[order],
        features=np.asfortranarray(table.features[order]),
        cutoffs=cutoffs,
        active=counts,
        inactive=nobody,
        no_history=nobody,
    )


def _mixed(hashes: NDArray[np.uint64], seed: int) -> NDArray[np.uint64]:
    """Numbers spread evenly, whatever the hashes have in common.

    References
    ----------
    Steele, Lea, Flood (2014), "Fast splittable pseudorandom number generators": the finaliser of SplitMix64.
    """
    mixed = hashes ^ (np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15))
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))
