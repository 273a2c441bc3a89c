"""The short way through numba: the same bits as by the long one, which is taken where it fails."""

from __future__ import annotations

import math
import struct
from array import array

import pytest
from test_jit import divides

from hq_core.jit import F8, I8, U1, Cell, State, inline, kernel, load8, machine, making, native, store8
from hq_core.jit.bare import bare
from hq_core.jit.declare import fingerprint

pytestmark = pytest.mark.skipif(machine.route() != "image", reason="images are for Linux on x86-64")

TABLE = (3, 5, 7, 11)
ASKED = False
OCTETS = bytes(i * 89 % 256 for i in range(72))


@inline
def scaled(x: float, by: int = 2) -> float:
    return x * by


@inline
def both(x: float, sign: int) -> tuple[float, int]:
    if ASKED:
        return 0.0, 0
    return (scaled(x, by=3), 1) if sign > 0 else (scaled(x), 2)


@kernel(state="sum seen:i8")
def mixed(x: F8, whole: I8, s: State, out: F8) -> None:
    """A little of everything: tuples, defaults, words, signs, remainders, whole numbers that become floats."""
    total = s.sum
    for i in range(len(x)):
        first, how = both(x[i], 1 if i % 3 else -1)
        kind = 0
        if how == 2:
            kind = TABLE[i & 3]
        turned = whole[i] // -7 + whole[i] % -7 + (whole[i] >> 3) - abs(whole[i])
        total = total + first / (turned + 0.5) if math.isfinite(first) else total
        out[i] = max(total, 0.0) + min(kind, 4) + x[-1 - i] ** 2 + math.floor(first) if i else math.nan
    s.sum = total
    s.seen += len(x)


@kernel()
def moved(octets: U1, out: U1) -> None:
    """Eight bytes at a time, at places of any remainder, which overlap."""
    for p in range(0, len(octets) - 7, 3):
        store8(out, p, load8(octets, p) ^ (p << 60))


def run_by(way, one, monkeypatch):
    """What a kernel leaves in its columns and its state, compiled by one of the two ways."""
    with bare():
        from hq_core.jit import cache, compile

        with monkeypatch.context() as only:
            only.setattr(compile, "_by_numba" if way == "_by_lean" else "_by_lean", fails)
            code, start = compile.image(one)
    monkeypatch.setattr(native, "_loaded", {})
    monkeypatch.setattr(making, "addresses", {one: cache.publish(f"{one.name}-{way}", code, start)})
    cell = Cell(one)
    columns = {
        "x": struct.pack("9d", 1.5, -0.0, 7.25, math.inf, -3.0, math.nan, 1e300, 5e-324, -2.5),
        "whole": struct.pack("9q", 0, 1, -1, 13, -13, 2**62, -(2**62), 7, -7),
        "octets": OCTETS,
    }
    out = bytearray(72)
    for name, kind in one.args:
        if kind in ("F8", "I8", "U1"):
            cell.buffer(name, out if name == "out" else bytearray(columns[name]))
    cell.run()
    return out.hex(), cell.save().hex()


def fails(*given):
    raise AssertionError("not this way")


@pytest.mark.parametrize("one", [divides, mixed, moved], ids=lambda one: one.name)
def test_both_ways_give_the_same_bits(one, monkeypatch, tmp_path):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("HQ_CACHE", str(tmp_path))
    short = run_by("_by_lean", one, monkeypatch)
    assert short == run_by("_by_numba", one, monkeypatch)
    assert any(byte != "0" for byte in short[0])


@pytest.mark.parametrize("way", ["_by_lean", "_by_numba"])
def test_eight_bytes_at_once_are_those_of_python(way, monkeypatch, tmp_path):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("HQ_CACHE", str(tmp_path))
    out = bytearray(72)
    moved.function(bytearray(OCTETS), out)
    assert run_by(way, moved, monkeypatch)[0] == out.hex()


@inline
def at_place(x: F8, at: int) -> float:
    return x[at]


def gathers(x: F8, whole: I8, out: F8) -> None:
    for i in range(len(x)):
        out[i] = at_place(x, whole[i])


def test_a_kernel_without_indices_below_0_does_not_ask_for_them():
    asks, takes = kernel()(gathers), kernel(wraps=False)(gathers)
    assert fingerprint(asks, "salt") != fingerprint(takes, "salt")
    with bare():
        from hq_core.jit import compile

        assert "icmp slt" not in str(compile._by_lean(takes))
        assert "icmp slt" in str(compile._by_lean(asks))
        assert "icmp slt" not in str(compile._by_lean(takes))  # after the other too
    out = array("d", bytes(24))
    for one in (asks, takes):
        cell = Cell(one)
        cell.buffer("x", array("d", [1.5, 2.5, 3.5]))
        cell.buffer("whole", array("q", [2, 0, 1]))
        cell.buffer("out", out)
        cell.run()
        assert list(out) == [3.5, 1.5, 2.5]


def test_what_fails_the_short_way_goes_the_long_one(monkeypatch):
    with bare():
        from hq_core.jit import compile

        asked = []
        numba = compile._by_numba
        monkeypatch.setattr(compile, "_by_lean", fails)
        monkeypatch.setattr(compile, "_by_numba", lambda one: asked.append(one) or numba(one))
        code, start = compile.image(divides)
    assert asked == [divides]
    assert 0 <= start < len(code)


def test_the_kernels_of_the_first_pipeline_go_the_short_way(monkeypatch):
    from hq_core.bars.trades import fold_trades
    from hq_core.formats.json_kernel import read
    from hq_core.futures.account import account
    from hq_core.jit import engine
    from hq_core.order import in_order

    with bare():
        from hq_core.jit import compile

        monkeypatch.setattr(compile, "_by_numba", fails)
        for one in (engine, in_order, account, fold_trades, read):
            assert compile.image(one)[0]
