"""Maps one behind the other: read the same however they lie in what was read, and each looked at once."""

from __future__ import annotations

import frames
import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st
from inputs import descriptor

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.roles import Map
from hq_core.wire import Reader, reader
from hq_core.wire.frame import SMALL_MAP

ROWS = Schema("x", "", "", (("v", "i8"),)), [(1,), (2,)]
sizes = st.one_of(st.integers(0, 200), st.integers(SMALL_MAP - 60, SMALL_MAP + 60), st.just(3 * SMALL_MAP))


def notes(data: bytes) -> list[dict[str, object]]:
    return [dict(item) for item in Reader(descriptor(data)) if isinstance(item, Map)]


@given(st.lists(st.one_of(sizes, st.none()), max_size=60))
def test_maps_of_any_length_between_rows_are_read_as_they_were_written(lengths):
    """None: rows, which begin at a place of their own."""
    parts = [
        ROWS if size is None else {"kind": f"note{n % 3}", "n": n, "text": "x" * size} for n, size in enumerate(lengths)
    ]
    assert notes(frames.frames(*parts)) == [part for part in parts if isinstance(part, dict)]


@pytest.mark.parametrize("n", [0, 1, 100, 200])
@pytest.mark.parametrize(
    ("bad", "says"),
    [
        ({"text": "no kind"}, "a map without a kind"),
        ({"kind": ""}, "a map without a kind"),
        ({"kind": ["note"]}, "a map without a kind"),
        ({"kind": "a\x07b"}, "a map without a kind"),
        ({"kind": "note", 1: 2}, "cannot be read"),
        ({"kind": "note", "text": "x" * 65537}, "cannot be read"),
        ({"kind": "mark", "ts": "now"}, "a mark without a ts"),
    ],
)
def test_a_bad_map_behind_good_ones_is_told_with_its_place(n, bad, says):
    good = [{"kind": "note", "n": i} for i in range(n)]
    whole = frames.frames(*good, whole=False)
    source = Reader(descriptor(whole + msgpack.packb(bad) + whole))
    found: list[dict[str, object]] = []
    with pytest.raises(HqError, match=f"frame at byte {len(whole)} .*{says}"):
        found += (dict(item) for item in source if isinstance(item, Map))
    assert found == good


def test_what_follows_a_map_is_given_to_an_unpacker_once_for_many_maps(monkeypatch):
    """Counted, not timed."""
    fed: list[int] = []
    before = reader.map_unpacker
    monkeypatch.setattr(reader, "map_unpacker", lambda data: fed.append(len(data)) or before(data))
    parts = [{"kind": "signal", "ts": n, "text": "x" * 60} for n in range(5000)]
    data = frames.frames(*parts)
    assert notes(data) == parts
    assert sum(fed) < 1.1 * len(data) + SMALL_MAP
