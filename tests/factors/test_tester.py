"""The helper for tests of factors, by the three tests that the document has."""

from __future__ import annotations

import doctest

import pytest

import hq_core.testing
from hq_core.errors import HqError
from hq_core.testing import FactorTester


def test_mid_price():
    tester = FactorTester("mid", tick="0.1")
    tester.set_book([(100.0, 10.0)], [(100.2, 10.0)])
    assert tester.trigger_bbo()
    assert abs(tester.value() - 100.1) < 1e-9


def test_depth_imbalance():
    tester = FactorTester("imbalance:3", tick="0.1")
    tester.set_book([(100.0, 10.0), (99.9, 10.0), (99.8, 10.0)], [(100.1, 5.0), (100.2, 3.0), (100.3, 2.0)])
    tester.depth("buy", 100.0, 10.0)
    assert abs(tester.value() - 0.5) < 1e-9
    tester.depth("sell", 100.1, 25.0)
    assert tester.value() == 0.0
    tester.depth("sell", 100.1, 0.0)
    tester.depth("sell", 100.2, 0.0)
    assert tester.trigger_bbo()
    assert tester.value() == (30 - 2) / (30 + 2)  # the best ones are those that are left


def test_order_flow_imbalance():
    few, tester = FactorTester("ofi:1s"), FactorTester("ofi:1s,least=2")
    for one in (few, tester):
        one.trade("buy", 100.0, 100.0, ts=1_000_000)
        one.trade("sell", 99.9, 50.0, ts=2_000_000)
    assert abs(tester.value() - 0.333333) < 0.001
    assert (few.valid, few.reason) == (False, "few")


def test_what_it_says_before_anything_came():
    tester = FactorTester("spread")
    assert (tester.value() == tester.value(), tester.valid) == (False, False)
    with pytest.raises(HqError, match="side: 'bid', must be buy or sell"):
        tester.depth("bid", 1.0, 1.0)


def test_its_example():
    assert doctest.testmod(hq_core.testing).failed == 0
