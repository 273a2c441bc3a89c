"""Calls that a thread makes: their order, their errors, what is left of them."""

from __future__ import annotations

import gc
import threading

import pytest

from hq_core.formats import behind
from hq_core.formats.behind import Behind


@pytest.fixture(params=[True, False], ids=["thread", "alone"])
def made(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Behind:
    monkeypatch.setattr(behind, "two_processors", lambda: request.param)
    return Behind()


def test_calls_are_made_in_order(made: Behind) -> None:
    found: list[int] = []
    for i in range(1000):
        made.do(lambda i=i: found.append(i))  # type: ignore[misc]
    made.wait()
    assert found == list(range(1000))


def test_an_error_is_raised_and_nothing_is_called_after_it(made: Behind) -> None:
    found: list[int] = []

    def fail() -> None:
        raise BrokenPipeError("no reader")

    def ask() -> None:
        made.do(lambda: found.append(1))
        made.do(fail)
        for _ in range(10):
            made.do(lambda: found.append(2))
        made.wait()

    with pytest.raises(BrokenPipeError, match="no reader"):
        ask()
    assert found == [1]


def test_the_thread_ends_with_what_it_is_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(behind, "two_processors", lambda: True)
    before = threading.active_count()
    made, begun, go = Behind(), threading.Event(), threading.Event()
    made.do(lambda: (begun.set(), go.wait(10)))
    assert begun.wait(10)
    assert threading.active_count() == before + 1
    go.set()
    del made
    gc.collect()
    assert threading.active_count() == before
