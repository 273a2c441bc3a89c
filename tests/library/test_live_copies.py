"""A Live is not copied behind its back: save and load make another one."""

from __future__ import annotations

import copy

import pytest

from hq_core import Live


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_refused_with_what_to_do(copied):
    live = Live("sma:2")
    live.push(1.0)
    with pytest.raises(TypeError, match="make another of the same specs, and load what this one saves"):
        copied(live)
    other = Live("sma:2")
    other.load(live.save())
    assert other.push(3.0)[0] == live.push(3.0)[0] == 2.0
