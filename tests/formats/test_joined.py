"""Indicators of hq-indicators that read other series than their own: values as of the row's ts, never later ones."""

from __future__ import annotations

import math

from signal_runs import Run, bar, bars, bits

from hq_core.specs import parse
from hq_core.stages.indicators import Indicators

NAN = math.nan


def stage(*specs: str, missing: str = "error") -> Indicators:
    return Indicators([parse(text) for text in specs], missing=missing)


def same(found: list[float], wanted: list[float]) -> bool:
    return bits(found) == bits([float(value) for value in wanted])


def test_another_symbol_is_read_as_of_the_row() -> None:
    run = Run(stage("sub(close,close@Y)")).announce("15m").announce("15m", symbol="Y")
    run.feed("15m", bars([1, 2, 3])).feed("15m", bars([10, 20, 30]), symbol="Y").finish()
    assert same(run.column("sub_close_close@Y"), [-9, -18, -27])
    assert same(run.column("sub_close_close@Y", "bar/Y/15m"), [0, 0, 0])  # Y reads itself


def test_rows_wait_for_the_series_that_they_read_and_go_on_without_it_before_the_last_ts() -> None:
    run = Run(stage("sub(close,close@Y)")).announce("15m").announce("15m", symbol="Y")
    run.feed("15m", bars([10, 20]), symbol="Y").feed("15m", bars([1, 2, 3, 4])).finish()
    assert same(run.column("sub_close_close@Y"), [-9, -18, -17])
    assert run.stage.dropped == {"bar/X/15m: still waiting for bar/Y/15m when the input ended": 1}


def test_an_indicator_of_another_period_runs_on_its_rows() -> None:
    closes = [float(i * i % 17) for i in range(12)]
    run = Run(stage("sma:2(close@1h)")).announce("1h", "15m")
    for i, close in enumerate(closes):
        run.feed("1h", [bar(3600 * (i + 1), close)]).feed("15m", bars([1.0] * 4, start=3600 * i))
    run.finish()
    means = [NAN, *((a + b) / 2 for a, b in zip(closes, closes[1:]))]
    wanted = [NAN] * 3 + [value for value in means for _ in range(4)]
    assert same(run.column("sma_2_close@1h"), wanted[: len(closes) * 4])


def test_inputs_of_several_series_are_joined_on_the_rows_own_clock() -> None:
    run = Run(stage("sum:2(sub(close,close@1h))")).announce("1h", "15m")
    run.feed("1h", [bar(3600, 100.0)]).feed("15m", bars([1, 2, 3, 4, 5, 6])).finish()
    assert same(run.column("sum_2_sub_close_close@1h"), [NAN, NAN, NAN, NAN, -191, -189])


def test_any_cut_and_a_resume_give_the_same_rows() -> None:
    x, y = bars([float(i % 7) for i in range(40)]), bars([float(i % 5) for i in range(40)])
    specs = ("sub(close,close@Y)", "ema:3(close@Y)")
    whole = Run(stage(*specs)).announce("15m").announce("15m", symbol="Y")
    whole.feed("15m", x).feed("15m", y, symbol="Y").finish()
    for cut in (1, 7, 25):
        first = Run(stage(*specs)).announce("15m").announce("15m", symbol="Y")
        first.feed("15m", x[:cut], cut=3).feed("15m", y[: cut // 2], symbol="Y")
        second = Run(stage(*specs), first.stage.save()).announce("15m").announce("15m", symbol="Y")
        second.feed("15m", x[cut:], cut=2).feed("15m", y[cut // 2 :], symbol="Y", cut=4).finish()
        first.finish(more=True)
        for column in ("sub_close_close@Y", "ema_3_close@Y"):
            found = (first.column(column) if "bar/X/15m" in first.rows else []) + second.column(column)
            assert same(found, whole.column(column))


def test_a_series_that_is_not_in_the_input_is_told() -> None:
    run = Run(stage("ema:3(close@Z)", missing="warn")).announce("15m").feed("15m", bars([1, 2])).finish()
    assert run.stage.notices == {"bar/Z/15m is read by an indicator and not in the input": 2}
    assert same(run.column("ema_3_close@Z"), [NAN, NAN])


def test_rows_before_the_reader_is_announced_are_known_to_it() -> None:
    run = Run(stage("sma:2(close@Y)")).announce("15m", symbol="Y").feed("15m", bars([1, 2]), symbol="Y")
    run.announce("15m").feed("15m", bars([5, 5])[1:]).feed("15m", bars([1, 2, 3])[2:], symbol="Y").finish()
    assert same(run.column("sma_2_close@Y"), [1.5])
