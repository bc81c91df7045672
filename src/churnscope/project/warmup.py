"""Compiling ahead of time everything that is compiled."""

from __future__ import annotations

import numpy as np

from churnscope.model.warmup import warmup as warm_up_model
from churnscope.snapshots import warmup as warm_up_features
from churnscope.sources.scanner import find_records


def warmup() -> None:
    """Compile every kernel, or load it from the cache: of reading, of features, of prediction and reasons."""
    find_records(np.frombuffer(b"a,b\n1,2\n", np.uint8), delimiter=ord(","), quote=ord('"'), line=1, is_last=True)
    warm_up_features()
    warm_up_model()
