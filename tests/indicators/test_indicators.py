"""The promises that every indicator of the registry keeps, whatever its values are: no list, no exception."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from indicator_runs import NAMES, each, each_variant, quick
from oracles import Params

from hq_core.conformance import checks, routes


@each
@quick
@given(cuts=st.lists(st.integers(0, 260), max_size=12))
def test_any_cut_gives_the_same_bits(name: str, cuts: list[int]) -> None:
    assert checks.cut(name, {}, cuts) == ""


@each_variant
def test_one_row_at_a_time_gives_the_same_bits(name: str, params: Params) -> None:
    assert checks.row_by_row(name, params) == ""


@each_variant
def test_nan_exactly_in_the_warmup(name: str, params: Params) -> None:
    assert checks.warmup(name, params) == ""


@each_variant
def test_nan_has_the_same_bits_however_it_was_computed(name: str, params: Params) -> None:
    assert checks.one_nan(name, params) == ""


@each_variant
def test_saved_and_loaded_at_any_row_goes_on_with_the_same_bits(name: str, params: Params) -> None:
    assert checks.resumed(name, params) == ""


@each_variant
def test_a_forming_row_on_a_copy_leaves_no_trace(name: str, params: Params) -> None:
    assert checks.forming(name, params) == ""


@each_variant
def test_a_nan_is_gone_after_warmup_plus_one_rows(name: str, params: Params) -> None:
    assert checks.healed(name, params) == ""


@each_variant
def test_huge_tiny_and_constant_input_gives_finite_values(name: str, params: Params) -> None:
    for size in checks.SIZES:
        assert checks.size(name, params, size) == ""


@each
def test_short_input_gives_as_many_rows(name: str) -> None:
    assert checks.short(name, {}) == ""


@each
def test_parameters_work_at_their_bounds_and_not_beyond(name: str) -> None:
    assert checks.bounds(name) == ""


PARTS = 16  # so that several processes may share the work
FULL = os.environ.get("HQ_TRIALS") == "full"  # all parts; else some, as compiling everything takes minutes


def shared_out(part: int) -> list[str]:
    return NAMES[part::PARTS]


def found_here(names: list[str]) -> dict[str, str]:
    return {key: value for name in names for key, value in routes.digests(name).items()}


@pytest.mark.parametrize("part", range(PARTS) if FULL else (1, 10))
def test_numba_and_the_images_give_the_same_bits(part: int) -> None:
    assert routes.elsewhere(shared_out(part), {"HQ_JIT": "numba"}) == found_here(shared_out(part))


@pytest.mark.parametrize("part", range(PARTS) if FULL else (3,))
def test_older_processors_give_the_same_bits(part: int) -> None:
    assert routes.elsewhere(shared_out(part), {"HQ_PROCESSOR": "x86-64-v2"}) == found_here(shared_out(part))
