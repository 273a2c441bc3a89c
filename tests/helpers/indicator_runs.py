"""What the tests of indicators share: hq_core.conformance over the whole registry."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import settings
from oracles import Columns

from hq_core.conformance.made import bars, flat_bars, hours, lengths, overflowing, rough, within
from hq_core.conformance.runs import IndicatorRun, bits, joined, once, variants
from hq_core.graph import Settings
from hq_core.registry import load, names

__all__ = [
    "NAMES",
    "VARIANTS",
    "IndicatorRun",
    "bars",
    "bits",
    "each",
    "each_of",
    "each_variant",
    "flat_bars",
    "hours",
    "joined",
    "lengths",
    "once",
    "overflowing",
    "quick",
    "rough",
    "run_with",
    "variants",
    "within",
]

NAMES = names()
quick = settings(max_examples=20, derandomize=True, database=None)


def run_with(settings: Settings, name: str, columns: Columns) -> list[np.ndarray]:
    return IndicatorRun(name, None, settings).push(columns)


VARIANTS = [(name, params) for name in NAMES for params in variants(load(name))]
each = pytest.mark.parametrize("name", NAMES)


def each_of(pairs: list[tuple[str, dict[str, int | float | str]]]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize(
        ("name", "params"), pairs, ids=[f"{name}-{','.join(map(str, p.values()))}" for name, p in pairs]
    )


each_variant = each_of(VARIANTS)
