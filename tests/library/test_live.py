"""Indicators row by row from Python: the bits of one batch, whatever is asked for."""

from __future__ import annotations

import numpy as np
import pytest
from indicator_runs import NAMES, bits, once, overflowing, rough, within
from oracles import Columns

from hq_core.api.live import Live
from hq_core.errors import HqError
from hq_core.graph import Settings
from hq_core.registry import load

BARS = rough()


def rows(live: Live, start: int = 0, stop: int = 260, domain: float = np.inf, bars: Columns = BARS) -> np.ndarray:
    """What each row gives, one line a row."""
    columns = within(bars, domain)
    given = zip(*(columns[name][start:stop].tolist() for name in live.inputs))
    return np.array([list(live.push(*row)) for row in given])


@pytest.mark.parametrize("bars", [BARS, overflowing()], ids=["rough", "overflowing"])
@pytest.mark.parametrize("name", NAMES)
def test_every_indicator_gives_the_bits_of_a_batch(name: str, bars: Columns) -> None:
    live = Live(name)
    assert set(live.inputs) <= set(load(name).inputs)
    assert bits(list(rows(live, domain=load(name).domain, bars=bars).T.copy())) == bits(once(name, bars))


def test_several_at_once_share_their_row() -> None:
    live = Live("ema:5..15:5", "macd.hist:12,26,9", "atr:14")
    assert live.columns == ["ema_5", "ema_10", "ema_15", "macd_12_26_9.hist", "atr_14"]
    found = rows(live).T
    assert found[2].tobytes() == once("ema", BARS, {"period": 15})[0].tobytes()
    assert found[3].tobytes() == once("macd", BARS)[2].tobytes()
    assert found[4].tobytes() == once("atr", BARS)[0].tobytes()


def test_a_column_that_is_an_input_or_is_there_twice_is_filled_too() -> None:
    live = Live("ma:1", "ma:5", "sma:5")
    assert live.push(2.0)[0] == 2.0
    for close in (4.0, 6.0, 8.0, 10.0):
        values = live.push(close)
    assert list(values) == [10.0, 6.0, 6.0]


def test_saved_and_loaded_it_goes_on() -> None:
    whole = rows(Live("rsi:14", "bbands:20"))
    first, second = Live("rsi:14", "bbands:20"), Live("rsi:14", "bbands:20")
    head = rows(first, 0, 130)
    second.load(first.save())
    assert np.concatenate([head, rows(second, 130)]).tobytes() == whole.tobytes()


def test_a_forming_row_is_pushed_on_a_saved_state() -> None:
    live = Live("ema:3")
    for close in (1.0, 2.0, 3.0):
        live.push(close)
    before = live.save()
    forming = live.push(9.0)[0]
    live.load(before)
    assert (forming, live.push(5.0)[0]) == (5.5, 3.5)


def test_settings_hold() -> None:
    assert np.isnan(rows(Live("ema:3", settings=Settings("metastock")), 0, 2)).all()
    live = Live("ema:3", settings=Settings("metastock"))
    assert [live.push(close)[0] for close in (1.0, 2.0, 4.0)][2] == 2.75


def test_what_is_wrong_is_said() -> None:
    with pytest.raises(TypeError, match="missing 3 required positional arguments: 'high', 'low', and 'close'"):
        Live("cdldoji").push(1.0)
    with pytest.raises(TypeError):
        Live("atr:14").push(1.0)
    with pytest.raises(HqError, match="name at least one indicator"):
        Live()
    with pytest.raises(HqError, match="there is no other series to read here"):
        Live("ema:3(close@ETHUSDT)")


def test_columns_of_a_bar_stand_in_their_order_whatever_is_asked_for():
    assert Live("rsi:14", "atr:14").inputs == Live("atr:14", "rsi:14").inputs == ("high", "low", "close")
    assert Live("obv", "atr:14", "bop").inputs == ("open", "high", "low", "close", "volume")
