"""The main job, from trades to a report, in every format, with the versions that are installed.

`scripts/test --lowest` runs it with the lowest ones, so that what pyproject.toml declares is what runs.
"""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from places import ROOT

FORMATS = ("csv --time ns", "jsonl", "npz", "parquet", "arrow")
NAMES = "rsi:14 ema:20 atr:14 bbands:20 stddev:10 natr:7 adx:14 acos"
TRADES = "hq-gen trades --rows 60000 --seed 5"


@pytest.fixture(scope="module")
def desk(tmp_path_factory, command_env) -> Path:
    """A folder with 1-minute and 15-minute bars of synthetic trades."""
    import subprocess

    folder = tmp_path_factory.mktemp("desk")
    line = f"{TRADES} > trades.hqf; hq-aggregate 1m:15m < trades.hqf > bars.hqf"
    subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=folder, env=command_env, check=True)
    return folder


@pytest.mark.parametrize("format_", FORMATS)
def test_trades_of_each_format_become_the_same_bars(run, desk: Path, format_: str) -> None:
    aside = f"hq-export {format_} < trades.hqf | hq-aggregate 1m:15m | hq-diff - bars.hqf"
    ran = run(aside, cwd=desk)
    assert ran.code == 0, ran.stderr + ran.text


@pytest.mark.parametrize("format_", FORMATS)
def test_bars_come_back_from_each_format(run, desk: Path, format_: str) -> None:
    back = f"hq-export --period 1m {format_} < bars.hqf | hq-import > {format_[:3]}.hqf"
    one = f"hq-aggregate 1m < trades.hqf | hq-diff - {format_[:3]}.hqf"
    ran = run(f"{back} && {one}", cwd=desk)
    assert ran.code == 0, ran.stderr + ran.text


def test_the_pipeline_reports_the_same_from_frames_and_from_text(run, desk: Path) -> None:
    rest = f"hq-signal --period 1m {ROOT}/examples/rsi.hq | hq-backtest --leverage 5 --json"
    frames = run(f"hq-aggregate 1m:15m < trades.hqf | hq-indicators rsi:14 ema:20 | {rest}", cwd=desk)
    text = run(f"hq-export csv < trades.hqf | hq-aggregate 1m:15m | hq-indicators rsi:14 ema:20 | {rest}", cwd=desk)
    assert frames.code == 0, frames.stderr
    report, other = ({**json.loads(one.stdout), "card": None} for one in (frames, text))  # which tells the commands
    assert report == other
    assert report["rows"] > 50
    assert report["final_equity"] != report["initial_margin"]


def test_a_stopped_run_goes_on_where_it_was(run, desk: Path) -> None:
    first = "hq-export csv < trades.hqf > trades.csv && head -30001 trades.csv > first.csv"
    second = "(head -1 trades.csv; tail -n +30002 trades.csv) > second.csv"
    halves = "for half in first second; do hq-aggregate 1m --state day.state < $half.csv; done > halves.hqf"
    ran = run(f"{first} && {second} && {halves} && hq-aggregate 1m < trades.csv | hq-diff halves.hqf -", cwd=desk)
    assert ran.code == 0, ran.stderr + ran.text


def test_indicators_are_talib_s(run, desk: Path) -> None:
    talib = pytest.importorskip("talib")
    ran = run(f"hq-indicators {NAMES} < bars.hqf | hq-export --period 1m npz", cwd=desk)
    assert ran.code == 0, ran.stderr
    ours = np.load(io.BytesIO(ran.stdout))
    high, low, close = (np.ascontiguousarray(ours[name]) for name in ("high", "low", "close"))
    theirs = {
        "rsi_14": talib.RSI(close, 14),
        "ema_20": talib.EMA(close, 20),
        "atr_14": talib.ATR(high, low, close, 14),
        "natr_7": talib.NATR(high, low, close, 7),
        "adx_14": talib.ADX(high, low, close, 14),
    }
    for name, expected in theirs.items():
        np.testing.assert_allclose(ours[name], expected, rtol=1e-9, err_msg=name)
    (spread,) = (name for name in ours.files if name.startswith("stddev"))
    np.testing.assert_allclose(ours[spread], talib.STDDEV(close, 10), rtol=1e-6, err_msg=spread)
