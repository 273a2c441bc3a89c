"""Volatility and its kin on bars whose answer is known by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from indicator_runs import bars, flat_bars, once


def wide(span: float, rows: int = 30) -> dict[str, np.ndarray]:
    """Bars that begin and end at 100 and whose high is e^span times their low."""
    still = flat_bars(np.full(rows, 100.0))
    return still | {"high": np.full(rows, 100 * math.exp(span / 2)), "low": np.full(rows, 100 * math.exp(-span / 2))}


def last(name: str, columns: dict[str, np.ndarray], **params: float) -> float:
    return float(once(name, columns, params)[0][-1])


def test_bars_of_one_range_and_no_body() -> None:
    assert last("parkinson", wide(0.02)) == pytest.approx(0.02 / math.sqrt(4 * math.log(2)), rel=1e-13)
    assert last("garman_klass", wide(0.02)) == pytest.approx(0.02 / math.sqrt(2), rel=1e-13)
    assert last("rogers_satchell", wide(0.02)) == pytest.approx(0.02 / math.sqrt(2), rel=1e-13)


def test_a_year_of_rows_multiplies_the_variance() -> None:
    for name in ("parkinson", "garman_klass", "rogers_satchell", "yang_zhang", "realized_vol", "ewma_vol"):
        assert last(name, bars(80), annual=252.0) == pytest.approx(last(name, bars(80)) * math.sqrt(252), rel=1e-14)


def test_a_rising_bar_without_wicks_is_all_drift() -> None:
    rising = 100.0 * 1.01 ** np.arange(41)
    columns = flat_bars(rising[1:]) | {"open": rising[:-1], "low": rising[:-1]}
    assert last("rogers_satchell", columns) == 0.0
    assert last("yang_zhang", columns) == pytest.approx(0.0, abs=1e-9)
    assert last("parkinson", columns) == pytest.approx(math.log(1.01) / math.sqrt(4 * math.log(2)), rel=1e-12)
    assert last("choppiness", columns) == pytest.approx(0.0, abs=1e-12)
    assert last("realized_vol", columns) == pytest.approx(math.log(1.01), rel=1e-12)


def test_yang_zhang_sees_gaps_that_the_bars_do_not_show() -> None:
    gaps = np.where(np.arange(41) % 2 == 0, 100.0, 103.0)
    assert last("garman_klass", flat_bars(gaps)) == 0.0
    wanted = math.log(1.03) * math.sqrt(20 / 19)
    assert last("yang_zhang", flat_bars(gaps), period=20) == pytest.approx(wanted, rel=1e-12)


def test_a_tiny_return_keeps_all_its_digits() -> None:
    found = once("log_return", flat_bars(np.array([1e5, 1e5 + 2.0**-20])))[0][1]
    assert found == pytest.approx(2.0**-20 / 1e5, rel=1e-11)


def test_after_one_move_the_weighted_volatility_fades_by_its_decay() -> None:
    column = once("ewma_vol", flat_bars(np.array([100.0, 101.0, 101.0, 101.0])))[0]
    first = math.log(1.01)
    assert column[1:] == pytest.approx([first, first * math.sqrt(0.94), first * 0.94], rel=1e-14)


def test_half_of_a_distance_that_halves_every_row() -> None:
    halving = flat_bars(np.ldexp(1.0, -np.arange(40)))
    assert last("half_life", halving, period=20) == pytest.approx(math.log(2) / 0.5, rel=1e-12)
    doubling = flat_bars(np.ldexp(1.0, np.arange(40)))
    assert last("half_life", doubling, period=20) == pytest.approx(-math.log(2), rel=1e-12)


def test_half_life_of_a_seeded_process_is_about_its_own() -> None:
    rng = np.random.default_rng(21)
    level = [0.0]
    for shock in rng.normal(size=20_000):
        level.append(0.95 * level[-1] + shock)
    assert last("half_life", flat_bars(np.array(level)), period=20_000) == pytest.approx(math.log(2) / 0.05, rel=0.1)


def test_hurst_of_a_trend_a_cycle_and_a_walk() -> None:
    assert last("hurst", flat_bars(1.001 ** np.arange(300))) == pytest.approx(1.0, abs=1e-9)
    assert last("hurst", flat_bars(100.0 + np.arange(300) % 2)) == 0.0
    walk = flat_bars(np.exp(np.cumsum(np.random.default_rng(22).normal(0, 0.01, 20_200))))
    assert last("hurst", walk, period=20_000) == pytest.approx(0.5, abs=0.02)


def test_alma_weighs_an_impulse_by_its_curve() -> None:
    impulse = flat_bars(np.where(np.arange(30) == 15, 1.0, 0.0))
    column = once("alma", impulse)[0][15:24]
    assert column.sum() == pytest.approx(1.0, rel=1e-14)
    assert int(np.argmax(column)) == 1  # 0.85 of the way to the newest is row 6.8
    assert column[0] / column[1] == pytest.approx(math.exp((0.2**2 - 1.2**2) / (2 * 1.5**2)), rel=1e-13)


def test_frama_follows_a_straight_line_at_once() -> None:
    line = flat_bars(np.arange(1.0, 61.0))
    assert once("frama", line)[0][15:].tolist() == line["close"][15:].tolist()


def test_fisher_of_a_price_that_stands_still_is_zero_and_of_a_trend_is_bounded() -> None:
    assert once("fisher", flat_bars(np.full(30, 5.0)))[0][9:].tolist() == [0.0] * 21
    fisher, trigger = once("fisher", flat_bars(np.arange(1.0, 401.0)))
    assert fisher[-1] == pytest.approx(2 * math.atanh(0.999), rel=1e-12)  # the fixed point of f = atanh + f / 2
    assert trigger[10:].tolist() == fisher[9:-1].tolist()
