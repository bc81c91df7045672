"""Feature families: plain arithmetic over the primitives, one small file each."""

from churnscope.features.catalog import FAMILIES, build, catalog, chosen, whole_catalog
from churnscope.features.family import Family, family
from churnscope.features.feature import EITHER, FALLING, RISING, Feature, FeatureSpec, suffix, within
from churnscope.features.log import Log

__all__ = [
    "EITHER",
    "FALLING",
    "FAMILIES",
    "RISING",
    "Family",
    "Feature",
    "FeatureSpec",
    "Log",
    "build",
    "catalog",
    "chosen",
    "family",
    "suffix",
    "whole_catalog",
    "within",
]
