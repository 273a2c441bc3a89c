"""A series or a column that a strategy or an indicator reads and that never comes is an error, and --check finds it."""

from __future__ import annotations

import pytest
from signal_runs import Run, bars, strategy

from hq_core.errors import DATA, USAGE, HqError
from hq_core.roles import Stage
from hq_core.specs import parse
from hq_core.stages.indicators import Indicators

BARS = "hq-gen bars --rows 300 --seed 4"
READS = "IF close@4h > 0 THEN BUY"


def wrong(run: Run) -> str:
    with pytest.raises(HqError) as caught:
        run.finish()
    assert caught.value.code == DATA
    return str(caught.value)


STAGES = {
    "a strategy": lambda missing="error": strategy(READS, missing=missing),
    "an indicator": lambda missing="error": Indicators([parse("sma:3(close@4h)")], missing=missing),
}
each = pytest.mark.parametrize("who", STAGES)


@each
def test_a_series_that_is_read_and_never_comes_is_an_error_at_the_end(who: str) -> None:
    run = Run(STAGES[who]()).announce("15m").feed("15m", bars([1, 2]))
    at, below = ("s.hq:1:4: ", f"\n  {READS}\n     ^^^^^^^^") if who == "a strategy" else ("", "")
    assert wrong(run) == (
        f"{at}bar/X/4h is read by {who} and never came; the input has bar/X/15m; hq-aggregate 15m:4h makes the 4h "
        f"bars, or pass missing warn{below}"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("x = close\nIF EMA(close@Y, 3) > x THEN BUY", "s.hq:2:8: bar/Y/15m"),
        ("DEF f(n) = EMA(close@4h, n)\nIF f(3) > 0 THEN BUY", "s.hq:1:16: bar/X/4h"),
        ("x = close@15m\nIF (high + low)@Y:4h > x THEN BUY", "s.hq:2:5: bar/Y/4h"),
    ],
)
def test_the_error_points_at_what_reads_the_series(text: str, place: str) -> None:
    run = Run(strategy(text)).announce("15m").feed("15m", bars([1, 2]))
    assert wrong(run).startswith(place)


@each
def test_missing_warn_tells_and_goes_on(who: str) -> None:
    run = Run(STAGES[who]("warn")).announce("15m").feed("15m", bars([1, 2])).finish()
    assert run.stage.notices == {f"bar/X/4h is read by {who} and not in the input": 2}
    assert len(run.rows["bar/X/15m"]) == 2


@each
def test_an_announced_series_without_rows_and_an_input_without_rows_are_fine(who: str) -> None:
    Run(STAGES[who]()).announce("4h", "15m").feed("15m", bars([1, 2])).finish()
    Run(STAGES[who]()).announce("15m").finish()
    Run(STAGES[who]()).finish()


@each
def test_with_a_state_the_series_may_still_come_and_is_remembered(who: str) -> None:
    first = Run(STAGES[who]()).announce("15m").feed("15m", bars([1, 2])).finish(more=True)
    assert first.stage.notices == {f"bar/X/4h is read by {who} and has not come so far": 2}
    second = Run(STAGES[who](), first.stage.save()).announce("4h", "15m").feed("15m", bars([1], start=9000))
    assert second.finish(more=True).stage.notices == {}
    third = Run(STAGES[who](), second.stage.save()).announce("15m").feed("15m", bars([1], start=18000))
    assert third.finish(more=True).stage.notices == {}


def test_another_symbol_that_never_comes_is_named_with_what_was_meant() -> None:
    def made(symbol: str) -> Stage:
        return Indicators([parse(f"sub(close,close@{symbol})")])

    run = Run(made("ETHUSD")).announce("15m", symbol="BTCUSDT").announce("15m", symbol="ETHUSDT")
    run.feed("15m", bars([1]), symbol="BTCUSDT").feed("15m", bars([1]), symbol="ETHUSDT")
    assert wrong(run).endswith(
        "; did you mean ETHUSDT? Else hq-merge puts the bars of ETHUSD into the stream, or pass missing warn"
    )


def test_rows_that_wait_for_it_are_not_computed_without_it() -> None:
    stage = Indicators([parse("sub(close,close@Y)")])
    wrong(Run(stage).announce("15m").feed("15m", bars([1, 2])))
    assert [unit.computed for unit in stage._units.values()] == [0]


def test_a_finer_period_has_no_remedy_but_finer_bars() -> None:
    run = Run(Indicators([parse("sma:3(close@1m)")])).announce("15m").feed("15m", bars([1, 2]))
    assert "; bars of 1m must be made from trades or finer bars, or pass" in wrong(run)


def test_the_commands_end_with_65_after_what_was_good(run, tmp_path) -> None:
    (tmp_path / "s.hq").write_text(READS)
    for filter_ in ("hq-signal s.hq", "hq-indicators 'sma:3(close@4h)'"):
        ran = run(f"{BARS} | {filter_} > out")
        assert ran.code == 65
        assert "bar/BTCUSDT/4h is read by a" in ran.stderr
        assert "hq-aggregate 1m:4h makes the 4h bars" in ran.stderr
        assert run(f"{BARS} | {filter_} --missing warn | hq-export csv | wc -l").text == "301\n"


def test_the_remedy_that_the_error_names_is_one(run, tmp_path) -> None:
    (tmp_path / "s.hq").write_text("IF close@15m > 0 THEN BUY")
    assert run(f"{BARS} --period 5m | hq-signal s.hq > out").stderr.count("hq-aggregate 5m:15m") == 1
    finer = f"{BARS} --period 1m | hq-aggregate 5m:15m | hq-signal s.hq > out"
    assert run(finer).code == 0


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("IF vwap > 1 THEN BUY", "open,high,low,close", "the input has no column 'vwap'"),
        ("IF rsi_14 < 30 THEN BUY", "close,rsi_41", "unknown name 'rsi_14', did you mean 'rsi_41'?"),
        ("IF rsi_14 < 30 THEN BUY", "close, rsi_14", ""),
        ("IF ATR(14) > 1 THEN BUY", "close", "the input has no column 'high'"),
    ],
)
def test_check_with_columns_agrees_with_the_run(run, tmp_path, text: str, columns: str, says: str) -> None:
    (tmp_path / "s.hq").write_text(text)
    ran = run(f"hq-signal --check --columns '{columns}' s.hq")
    assert (ran.code, says in ran.stderr) == (65 if says else 0, True)
    schema = [("ts", "i8"), *((name.strip(), "f8") for name in columns.split(","))]
    fed = Run(strategy(text)).announce("15m", columns=schema)
    row = {name: 1 for name, _ in schema}
    if says:
        with pytest.raises(HqError, match=says.replace("?", r"\?")):
            fed.feed("15m", [row])
    else:
        fed.feed("15m", [row]).finish()


def test_check_with_a_sample_finds_what_the_run_would(run, tmp_path) -> None:
    assert run(f"{BARS} > bars.hqf").code == 0
    (tmp_path / "s.hq").write_text(READS)
    assert run("hq-signal --check s.hq").code == 0
    ran = run("hq-signal --check --sample bars.hqf s.hq")
    assert (ran.code, ran.stdout) == (65, b"")
    assert "bar/BTCUSDT/4h is read by a strategy and never came" in ran.stderr
    (tmp_path / "s.hq").write_text("IF rsi_14 > 0 THEN BUY")
    assert "unknown name 'rsi_14'" in run("hq-signal --check --sample bars.hqf s.hq").stderr
    ran = run("hq-indicators rsi:14 < bars.hqf | hq-signal --check --sample - s.hq")
    assert (ran.code, ran.stdout, ran.stderr) == (0, b"", "")
    assert run("hq-signal --check --sample nowhere s.hq").code == 66


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--columns close", "--columns and --sample belong to --check"),
        ("--check --columns close --sample x", "pass one of them"),
    ],
)
def test_what_belongs_to_check_is_said(run, tmp_path, options: str, says: str) -> None:
    (tmp_path / "s.hq").write_text(READS)
    ran = run(f"hq-signal {options} s.hq", b"")
    assert (ran.code, says in ran.stderr) == (USAGE, True)


def test_any_column_of_numbers_can_be_read_by_its_name(run, tmp_path) -> None:
    (tmp_path / "s.hq").write_text("IF ema_9 > 0 THEN BUY(size=ema_9)")
    assert run(f"{BARS} | hq-indicators ema:9 | hq-signal s.hq > s.hqf").code == 0
    bars_ = run("hq-export csv --columns ema_9 < s.hqf | tail -1").text
    orders = run("hq-export csv --kind order --columns quantity < s.hqf | tail -1").text
    assert bars_.split(",")[-1] == orders.split(",")[-1] != ""


def test_bars_of_the_period_that_is_asked_for_must_come() -> None:
    """All rows passed without a column, and only a later command found it out."""
    run = Run(strategy("IF close > 0 THEN BUY", period="4h")).announce("15m").feed("15m", bars([1, 2]))
    assert wrong(run).startswith("bar/X/4h is asked for by a strategy and never came; the input has bar/X/15m; hq-agg")
    some = Run(strategy("IF close > 0 THEN BUY", period="4h")).announce("15m").announce("4h", symbol="Y")
    some.feed("15m", bars([1, 2])).feed("4h", bars([1, 2], step=14400), symbol="Y").finish()
    assert some.stage.notices == {"no 4h bars of bar/X, so no strategy ran": 2}
