"""What is known from outside of sessions, adaptive averages, filters and turning points."""

from __future__ import annotations

import numpy as np
import pytest
from indicator_runs import bars, flat_bars, hours, once
from slow_followers import volume_force

# The rows that Tulip Indicators' own regression tests (tests/untest.txt, to three digits) are computed of.
HIGH = (82.15, 81.89, 83.03, 83.30, 83.85, 83.90, 83.33, 84.30, 84.84, 85.00, 85.90, 86.58, 86.98, 88.00, 87.87)
LOW = (81.29, 80.64, 81.31, 82.65, 83.07, 83.11, 82.49, 82.30, 84.15, 84.11, 84.03, 85.39, 85.76, 87.17, 87.01)
CLOSE = (81.59, 81.06, 82.87, 83.00, 83.61, 83.15, 82.84, 83.99, 84.55, 84.36, 85.53, 86.54, 86.89, 87.77, 87.29)
VOLUME = (
    5653100,
    6447400,
    7690900,
    3831400,
    4455100,
    3798000,
    3936200,
    4732000,
    4841300,
    3915300,
    6830800,
    6694100,
    5293600,
    7985800,
    4807900,
)
ROWS = {key: np.array(v, dtype=float) for key, v in zip(("high", "low", "close", "volume"), (HIGH, LOW, CLOSE, VOLUME))}
FORCE = (  # kvo 2 5, from the second row on
    0.000,
    80292599.241,
    121572746.633,
    117732669.219,
    -5942017.641,
    -71041561.798,
    34448275.848,
    84097903.128,
    -38366427.074,
    40313036.023,
    56681039.569,
    52208374.664,
    138983547.947,
    -68009735.443,
)


def test_vidya_by_deviations_of_tulip() -> None:
    found = once("vidya", ROWS, {"period": 9, "length": 2, "long": 5, "index": "stddev"})[0][4:]
    wanted = (83.039, 83.045, 83.022, 83.285, 83.402, 83.430, 83.712, 84.020, 84.119, 84.393, 84.576)
    assert found == pytest.approx(wanted, abs=0.00051)


def test_the_force_behind_klinger_of_tulip() -> None:
    """Tulip's EMAs start at the first value; the force that goes into them is the same."""
    force = volume_force(ROWS)[1:]
    fast = slow = force[0]
    found = []
    for value in force:
        fast += (value - fast) * 2 / 3
        slow += (value - slow) * 2 / 6
        found.append(fast - slow)
    assert found == pytest.approx(FORCE, abs=0.00051)
    ours = once("klinger", ROWS, {"fast": 1, "slow": 2, "signal": 1})[0]
    assert ours[2] == pytest.approx(force[1] - (force[0] + force[1]) / 2, rel=1e-14)


def test_kalman_without_drift_is_the_line_of_least_squares() -> None:
    close = bars(2000, 3)["close"]
    level, slope = once("kalman", flat_bars(close), {"q": 0.0, "qslope": 0.0})
    for rows in (2, 3, 10, 2000):
        lift, start = np.polyfit(np.arange(rows) - (rows - 1), close[:rows], 1)
        assert level[rows - 1] == pytest.approx(start, rel=1e-11)
        assert slope[rows - 1] == pytest.approx(lift, rel=1e-9)


def test_kalman_is_the_best_guess_by_all_rows_at_once() -> None:
    """The last state of the penalised least squares problem that the model poses."""
    close = bars(40, 4)["close"]
    q, qslope, r = 0.3, 0.02, 2.0
    rows, wanted = [], []
    for row, value in enumerate(close):  # unknown: the level of every row, then the slope of every row
        line = np.zeros(80)
        line[row] = 1.0
        rows.append(line / np.sqrt(r))
        wanted.append(value / np.sqrt(r))
        if row:
            for at, other, size in ((row, row - 1, q), (40 + row, 39 + row, qslope)):
                line = np.zeros(80)
                line[at], line[other] = 1.0, -1.0
                if at == row:
                    line[39 + row] = -1.0
                rows.append(line / np.sqrt(size))
                wanted.append(0.0)
    best = np.linalg.lstsq(np.array(rows), np.array(wanted), rcond=None)[0]
    level, slope = once("kalman", flat_bars(close), {"q": q, "qslope": qslope, "r": r})
    assert level[-1] == pytest.approx(best[39], rel=1e-10)
    assert slope[-1] == pytest.approx(best[79], rel=1e-8)


def test_a_zigzag_of_ten_percent() -> None:
    line = np.array([100, 104, 95, 93, 100, 103, 110, 108, 99.5, 98, 99, 90, 98.9, 99.1])
    pivot, direction, confirmed = once("zigzag", {"high": line, "low": line}, {"threshold": 10.0})
    assert confirmed.tolist() == [0, 0, 0, 1, 0, -1, 0, 0, 0, 1, 0, 0, 0, -1]
    assert direction.tolist() == [0, 0, 0, -1, -1, 1, 1, 1, 1, -1, -1, -1, -1, 1]
    assert pivot.tolist() == [100] * 3 + [104] * 2 + [93] * 4 + [110] * 4 + [90]


def test_a_filter_of_a_constant_is_that_constant() -> None:
    assert once("super_smoother", flat_bars(np.full(300, 0.1)))[0] == pytest.approx(0.1, rel=1e-13)


def test_a_mcginley_never_leaps_beyond_the_price() -> None:
    found = once("mcginley", flat_bars(np.append(np.full(14, 100.0), [50.0, 90.0])))[0]
    assert found[14] == 50.0
    assert found[15] == pytest.approx(50 + 40 / (0.6 * 14 * 1.8**4), rel=1e-14)


def test_a_bar_that_closes_at_midnight_ends_the_session() -> None:
    columns = flat_bars(np.arange(1.0, 60.0)) | {"ts": hours(59)}
    found = once("vwap_session", columns)[0]
    assert found[23] == pytest.approx(np.average(np.arange(1.0, 25.0), weights=np.arange(1.0, 25.0)), rel=1e-14)
    assert found[24] == 25.0
    assert once("vwap_session", columns, {"offset": 8.0})[0][7:9] == pytest.approx([204 / 36, 9.0], rel=1e-14)


def test_an_anchored_vwap_begins_with_the_bar_after_the_anchor() -> None:
    columns = bars(30, 5)
    found = once("vwap_anchored", columns, {"anchor": 1_735_689_600 + 3600 * 10})
    for column in found:
        assert np.isnan(column).nonzero()[0].tolist() == list(range(10))
    assert found[0][10] == pytest.approx(sum(columns[key][10] for key in ("high", "low", "close")) / 3, rel=1e-14)


def test_pivots_by_hand() -> None:
    columns = {"open": np.array([100.0, 104, 99]), "high": np.array([112.0, 106, 101]), "low": np.array([98.0, 97, 99])}
    columns |= {"close": np.array([104.0, 105, 100]), "ts": hours(3)}
    given = {"session": 2.0}

    def last(name: str, **more: float | str) -> list[float]:
        return [column[2] for column in once(name, columns, given | more)]

    assert last("pivots") == pytest.approx([314 / 3, 337 / 3, 359 / 3, 382 / 3, 292 / 3, 269 / 3, 247 / 3], rel=1e-14)
    assert last("pivots", kind="woodie") == pytest.approx([104.75, 112.5, 119.75, 127.5, 97.5, 89.75, 82.5], rel=1e-14)
    assert last("pivots", kind="camarilla")[1:] == pytest.approx(
        [106.375, 107.75, 109.125, 103.625, 102.25, 100.875], rel=1e-14
    )
    assert last("pivots", kind="fibonacci")[1:4] == pytest.approx(
        [314 / 3 + 15 * share for share in (0.382, 0.618, 1.0)], rel=1e-14
    )
    assert last("pivots_demark") == pytest.approx([426 / 4, 213 - 97, 213 - 112], rel=1e-14)
