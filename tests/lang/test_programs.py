"""Whole strategies at random mean what hq-dsl(7) says, whatever way they are run: slow_language.py beside hq-signal."""

from __future__ import annotations

from language_runs import how_many, trials

from hq_core.lang.builtins import BUILTINS
from hq_core.lang.tokens import GRAMMAR
from hq_core.lang.words import ACTIONS, ARITHMETIC, LOGIC, RELATIONS, SIZES
from hq_core.series.rules import FLAGS, LIVES, PRICED

ALONE = ("statement",)  # rules that only pass another one on


def constructs() -> set[str]:
    """What the language has: by its own lists, so that what is added to them must be reached too."""
    rules = {f"rule of the grammar: {name}" for name in GRAMMAR.rules if name not in ALONE}
    words = {*BUILTINS, *ARITHMETIC, *RELATIONS, *LOGIC, "NOT", "minus", "TRUE", "FALSE"}
    actions = {f"action {name}" for name in ACTIONS} | {f"argument {key}" for key in (*SIZES, *PRICED, *LIVES, *FLAGS)}
    return rules | words | actions | OTHERS


OTHERS = {
    "@",
    "@ in quotes",
    "@period",
    "@symbol",
    "@symbolperiod",
    "CHANGE of one row",
    "DEF of 0",
    "DEF of 3",
    "DEF that calls a DEF",
    "DONCHIAN",
    "ELSE",
    "IF of conditions",
    "IN of numbers",
    "IN of texts",
    "META",
    "META of a condition",
    "META of a number",
    "META of a text",
    "META of a time",
    "MINMAX",
    "NZ alone",
    "OUTPUTS",
    "PLOT",
    "USE in a file that is used",
    "VALUEWHEN of the last",
    "VAR of conditions",
    "VAR of numbers",
    "[0]",
    "backquotes",
    "bare expression",
    "beside others",
    "builtin by names",
    "call by names",
    "chain",
    "column of b1",
    "column of f8",
    "column of i1",
    "column of i4",
    "column of s4",
    "comment",
    "cross-section in a DEF",
    "cross-section in a VAR",
    "cross-section of a cross-section",
    "condition @",
    "conditions compared",
    "expression @",
    "fan",
    "groups of a cross-section",
    "history of a condition",
    "history of a number",
    "inputs left out",
    "output of a name",
    "output picked",
    "outputs under a name",
    "own value",
    "own value of more rows before",
    "param as a number of rows",
    "param number",
    "param set from outside",
    "param step",
    "param text",
    "period",
    "several actions",
    "several of a DEF",
    "soft keyword as a name",
    "symbol",
    "symbol beside a cross-section",
    "text",
    "texts compared",
    "tif gtd",
    "time open_time",
    "time ts",
    "zone",
    "zone UTC",
}


def test_programs_mean_what_the_page_says_in_every_way_to_run_them() -> None:
    seen = trials(how_many(), seed=1)
    missed = sorted(constructs() - set(seen))
    assert not missed, f"never reached: {', '.join(missed)}"
