"""The ring against collections.deque, across its wrap point."""

from __future__ import annotations

import random
from collections import deque

import numpy as np
import pytest

from hq_core.ring import Ring


@pytest.mark.parametrize("capacity", [1, 2, 3, 1000])
def test_a_ring_is_a_bounded_deque(capacity):
    rng = random.Random(capacity)
    ring, model = Ring(capacity), deque(maxlen=capacity)
    for step in range(10_000):
        value = rng.random()
        if model and rng.random() < 0.2:
            ring.update_last(value)
            model[-1] = value
        else:
            ring.push(value)
            model.append(value)
        assert len(ring) == len(model)
        assert ring[-1] == model[-1]
        assert ring[0] == model[0]
        if step % 97 == 0:
            assert list(ring) == list(model)
            assert ring.view().tolist() == list(model)
            k = rng.randint(0, capacity)
            assert ring.view(k).tolist() == (list(model)[-k:] if k else [])
            i = rng.randrange(-len(model), len(model))
            assert ring[i] == model[i]


def test_a_view_is_contiguous_read_only_and_no_copy():
    ring = Ring(4)
    for x in range(6):
        ring.push(float(x))
    view = ring.view()
    assert view.flags.c_contiguous
    assert not view.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        view[0] = 1.0
    assert np.shares_memory(view, ring.view())


def test_nothing_can_be_deleted():
    ring = Ring(2)
    assert not {name for name in dir(ring) if name in {"clear", "pop", "remove", "__delitem__", "append"}}


@pytest.mark.parametrize("index", [0, -1, 3])
def test_an_index_outside_is_an_error(index):
    with pytest.raises(IndexError, match="ring that holds 0"):
        Ring(3)[index]


def test_a_capacity_must_be_positive():
    with pytest.raises(ValueError, match="capacity is 0"):
        Ring(0)
