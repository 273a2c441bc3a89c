"""Numbers that only the account knows: checked and formatted here, and refused where there is no account."""

from __future__ import annotations

import pytest
from signal_runs import COLUMNS, Run, bars, strategy
from strategies import check, form

from hq_core.kinds import ACCOUNT
from hq_core.lang.source import LangError


@pytest.mark.parametrize("name", ACCOUNT)
def test_they_are_numbers_and_refused_by_a_stage_without_an_account(name: str) -> None:
    text = f"x = close\nIF {name}[1] > 0 AND close < {name} * 2 THEN CLOSE"
    assert check(text).rules
    assert form(text) == f"{text}()\n"
    run = Run(strategy(text)).announce("15m")
    with pytest.raises(LangError) as error:
        run.feed("15m", bars([1.0]))
    assert error.value.reason.startswith(f"'{name}' is of the account, which hq-signal does not have: hq-backtest runs")
    assert str(error.value).splitlines()[2] == "     " + "^" * len(name)


def test_a_column_of_that_name_is_that_column() -> None:
    columns = (*COLUMNS, ("position", "f8"))
    run = Run(strategy("x = position + 1", keep=["x"])).announce("15m", columns=columns)
    assert run.feed("15m", [{**bars([1.0])[0], "position": 4.0}]).finish().column("x") == [5.0]


def test_a_name_of_the_file_is_that_name() -> None:
    run = Run(strategy("equity = close * 2\nIF equity > 3 THEN BUY(size=equity)")).announce("15m")
    assert [one["quantity"] for one in run.feed("15m", bars([1.0, 2.0])).finish().orders()] == [4.0, 4.0]
