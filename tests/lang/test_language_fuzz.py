"""Strategies with something wrong in them are refused at a place, or have one canonical form that means the same."""

from __future__ import annotations

from fuzz_language import fuzz, how_many


def test_mutated_programs_are_refused_at_a_place_or_mean_one_thing() -> None:
    count = how_many()
    found = fuzz(count, seed=1)
    assert found["refused"] + found["accepted"] == count
    assert found["accepted"] > count // 20, "hardly any was accepted: they show little"
    assert found["runs"], "none was run"
