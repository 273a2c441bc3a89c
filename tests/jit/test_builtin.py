"""Builtins around machine code: what they take and give is what the same function does in Python."""

from __future__ import annotations

import gc
import inspect
import random
import struct
import sys
import weakref

import numpy as np
import pytest

from hq_core.api.live import Live
from hq_core.jit import builtin, cache

SPECS = "sma:3", "atr:4", "bbands:5"  # close, high and low


def pushed_in_python(monkeypatch: pytest.MonkeyPatch, *specs: str) -> Live:
    """Without builtins: by ctypes."""
    with monkeypatch.context() as patched:
        patched.setattr(builtin, "_code", 0)
        return Live(*specs)


def any_value(draw: random.Random):
    real = draw.uniform(1.0, 100.0)
    whole = draw.randint(1, 100)
    odd = [whole, np.float64(real), np.int32(whole), True, float("nan"), float("inf"), -0.0, "x", None, 10**400]
    return real if draw.random() < 0.7 else draw.choice(odd)


def outcome(push, given, named):
    try:
        values = push(*given, **named)
    except (TypeError, OverflowError) as error:
        return type(error), str(error)
    return struct.pack(f"{len(values)}d", *values)


def builtins_are_here() -> bool:
    return Live(*SPECS).push.__class__ is len.__class__


@pytest.mark.skipif(not builtins_are_here(), reason="no builtins on this platform: calls go through ctypes")
def test_any_call_gives_and_says_what_the_function_in_python_does(monkeypatch: pytest.MonkeyPatch) -> None:
    ours, theirs = Live(*SPECS), pushed_in_python(monkeypatch, *SPECS)
    assert inspect.isfunction(theirs.push)
    draw = random.Random(1)
    fine = 0
    for _ in range(20_000):
        given = [any_value(draw) for _ in range(3 if draw.random() < 0.9 else draw.randint(0, 5))]
        cut = len(given) if draw.random() < 0.8 else draw.randint(0, len(given))
        names = [*ours.inputs, "volume", "x"]
        named = dict(zip(names[cut:] if draw.random() < 0.8 else draw.sample(names, 5), given[cut:]))
        found = outcome(ours.push, given[:cut], named)
        assert found == outcome(theirs.push, given[:cut], named)
        fine += isinstance(found, bytes)
        assert ours.save() == theirs.save()
    assert fine > 5_000
    assert inspect.signature(ours.push) == inspect.signature(theirs.push)


def test_calls_keep_nothing_and_lose_nothing() -> None:
    live = Live(*SPECS)
    push, values, value = live.push, live.values, 1234.5
    before = sys.getrefcount(values), sys.getrefcount(value)
    for _ in range(1_000):
        push(value, value, value)
        push(value, value, close=value)
        with pytest.raises(TypeError):
            push(value, value, "x")
    assert (sys.getrefcount(values), sys.getrefcount(value)) == before


def test_what_a_builtin_runs_on_goes_with_it() -> None:
    live = Live(*SPECS)
    graph, push = weakref.ref(live._graph), live.push
    del live
    gc.collect()
    assert graph() is not None
    push(1.0, 1.0, 1.0)
    del push
    gc.collect()
    assert graph() is None


def test_without_memory_that_may_be_run_calls_go_through_ctypes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*given: object) -> int:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(cache, "mapped", refused)
    monkeypatch.setattr(builtin, "_code", None)
    assert builtin._mapped() == 0
    live = Live("sma:2")
    assert [live.push(close)[0] for close in (1.0, 2.0, 4.0)][1:] == [1.5, 3.0]


def test_another_layout_of_objects_has_no_builtins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(builtin, "LAYOUT", (32, 40, 49))
    assert builtin._mapped() == 0


def test_inputs_that_python_cannot_write_are_taken_too() -> None:
    live = Live("sub(a.b,class)")
    assert list(live.push(3.0, 1.0)) == [2.0] == list(live.push(3, 1))
    assert str(inspect.signature(live.push)) == "(*given, **named)"
