"""Every strategy that hq-dsl(7) shows is one: it checks, its canonical form is fixed, and it runs over bars."""

from __future__ import annotations

import re

import pytest
from places import ROOT

from hq_core.lang.format import format_text
from hq_core.lang.strategy import Strategy

PAGE = (ROOT / "man" / "hq-dsl.7").read_text()


def shown() -> list[str]:
    """The strategies of the page's description, as they are read."""
    about = PAGE[: PAGE.index(".SH ACTIONS")]
    blocks = re.findall(r"^\.nf\n(.*?)^\.fi$", about, re.M | re.S)
    return [block.replace(r"\-", "-").replace(r"\`", "`").replace(r"\e", "\\") for block in blocks]


def test_there_are_as_many_as_sections_that_show_one() -> None:
    assert len(shown()) >= 9


@pytest.mark.parametrize("text", shown(), ids=range(len(shown())))
def test_a_strategy_of_the_page_is_one(text: str, run, tmp_path) -> None:
    strategy = Strategy("s", text, "s.hq")
    strategy.stores = None
    checked = strategy.check_alone(strict=True)
    assert not checked.warnings
    form = format_text(text, "s.hq")
    assert format_text(form, "s.hq") == form
    assert checked.rules
    (tmp_path / "s.hq").write_text(text)
    bars = "hq-gen bars --rows 3000 --seed 3 --period 15m | hq-aggregate 15m:4h"
    command = "hq-backtest" if checked.scope.account else "hq-signal"
    if "VEC_STORE" in text:
        command += " --store 4h_BTC=v.hqf"
        run("hq-gen bars --rows 3000 --seed 2 --period 15m | hq-vector build --threshold 0.001 > v.hqf", cwd=tmp_path)
    ended = run(f"{bars} | {command} s.hq --period 15m | hq-export csv --kind bar --period 15m", cwd=tmp_path)
    assert ended.code == 0, ended.stderr
    assert len(ended.text.splitlines()) > 2900


def test_every_function_and_action_of_the_language_stands_on_the_page() -> None:
    from hq_core.kinds import ACCOUNT
    from hq_core.lang.builtins import BUILTINS
    from hq_core.lang.words import ACTIONS, BUILT, SIZES

    words = set(re.findall(r"\w+", PAGE.replace(r"\fB", "")))
    assert {*BUILTINS, *ACTIONS, *ACCOUNT, *SIZES, *BUILT["OPEN"]} <= words


def test_the_bound_of_what_functions_expand_to_is_said() -> None:
    from hq_core.lang.define import MOST_NODES

    assert f" {MOST_NODES:,} nodes" in PAGE
