"""Strategies checked by hand, and refused with a mark where they must be; their columns on a few bars."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from signal_runs import Run, bars, strategy

from hq_core.lang.check import Checker
from hq_core.lang.format import format_text
from hq_core.lang.parse import parse
from hq_core.lang.scope import Scope
from hq_core.lang.source import LangError, StrategyText
from hq_core.series.stores import Store


def check(text: str, stores: Mapping[str, Store] | None = None) -> Checker:
    source = StrategyText(text, "s.hq")
    return Checker(Scope(source, stores=stores)).check(parse(source))


def refused(marked: str, stores: Mapping[str, Store] | None = None) -> str:
    """The reason for refusing a text whose wrong part stands in < and >, which touch it."""
    found = re.search(r"<(\S(?:[^\n]*?\S)?)>", marked)
    assert found
    text = marked[: found.start()] + found[1] + marked[found.end() :]
    with pytest.raises(LangError) as error:
        check(text, stores)
    at = error.value.start
    assert (at, text[at : error.value.end]) == (found.start(), found[1])
    return error.value.reason


def form(text: str) -> str:
    return format_text(text, "s.hq")


def values(text: str, closes: list[float], name: str = "x", **more: Any) -> list[float]:
    """A name's column over bars of 15m with these closes, one of 4h behind each 16th of them."""
    run = Run(strategy(text, keep=[name], **more)).announce("15m", "4h")
    rows = bars(closes)
    for i in range(0, len(rows), 16):
        part = rows[i : i + 16]
        if len(part) == 16:
            run.feed("4h", [{**part[-1]}])
        run.feed("15m", part)
    return run.finish().column(name)
