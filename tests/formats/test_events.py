"""hftbacktest's .npz: read as rows of kind book by ts, written back byte for byte, and what is refused."""

from __future__ import annotations

import hashlib
import io
import json
import random

import numpy as np
import pytest
import slow_events
from frames import frames
from inputs import descriptor, exported

from hq_core.batch import Batch, Schema
from hq_core.errors import HqError
from hq_core.formats import SourceOptions, open_source
from hq_core.formats import events as reading
from hq_core.formats import hft_writer as writing
from hq_core.kinds import BOOK
from hq_core.stages.export import Export

FIELDS = [("ev", "<u8"), ("exch_ts", "<i8"), ("local_ts", "<i8"), ("px", "<f8"), ("qty", "<f8")]
FIELDS += [("order_id", "<u8"), ("ival", "<i8"), ("fval", "<f8")]  # event_dtype of hftbacktest/types.py
BUY, SELL = 1 << 29, 1 << 28
T0 = 1_723_161_256 * 10**9


def npz(rows, dtype=FIELDS) -> bytes:
    to = io.BytesIO()
    np.savez_compressed(to, data=np.array(rows, dtype=dtype))
    return to.getvalue()


def items(data: bytes, **said) -> list:
    return list(open_source(descriptor(data), b"", SourceOptions(**said)))


def read_back(data: bytes, **said) -> np.ndarray:
    """The events of an .npz after they were rows of hq."""
    fd = descriptor(b"")
    Export("hftbacktest", fd).run(open_source(descriptor(data), b"", SourceOptions(**said)))
    with open(fd, "rb") as file:
        file.seek(0)
        return np.load(file)["data"]


def market(seed: int, n: int) -> list[tuple]:
    """Messages of some events each, with times that often go back against each other."""
    say = random.Random(seed)
    raw, local = [], T0
    for _ in range(n):
        local += say.choice((0, 1, 1, 5, 40))
        exch = local - say.choice((3, 3, 3, 4, 20, 90))
        for _ in range(say.choice((1, 1, 2, 7))):
            side = say.choice((BUY, SELL))
            raw.append(
                (side | say.choice((1, 2, 4)), exch, local, say.random(), say.random(), say.randrange(9), 0, 0.0)
            )
    return raw


def test_the_real_capture_comes_out_byte_for_byte(shared):
    folder = shared / "data/l2"
    about = json.loads((folder / "btcusdt_usdm_20240808_expected.json").read_text())
    found = read_back((folder / "btcusdt_usdm_20240808_hftbacktest.npz").read_bytes())
    assert len(found) == about["n_events"] == 491_973
    assert found.dtype.itemsize == about["itemsize"] == 64
    assert hashlib.sha256(found.tobytes()).hexdigest() == about["sha256_of_raw_event_bytes"]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("held", [1, 3, 50, 1 << 17])
def test_what_hftbacktest_has_put_in_order_comes_out_byte_for_byte(monkeypatch, seed, held):
    monkeypatch.setattr(writing, "HELD", held)
    monkeypatch.setattr("hq_core.formats.tables.OWN_ROOM", 1 + 13 * seed)
    events = np.array(slow_events.ordered(market(seed, 120)), dtype=FIELDS)
    assert (np.diff(events["local_ts"]) < 0).any()
    assert read_back(npz(events)).tobytes() == events.tobytes()


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("held", [2, 1 << 17])
def test_rows_that_both_see_are_put_in_order_as_hftbacktest_does(monkeypatch, seed, held):
    monkeypatch.setattr(writing, "HELD", held)
    raw = market(seed, 120)
    rows = [(local, ev | reading.LOCAL | writing.EXCH, exch, *more) for ev, exch, local, *more in raw]
    schema = Schema("book", "X", "", BOOK.cols)
    got = exported(frames((schema, rows)), "hftbacktest")
    assert np.load(io.BytesIO(got))["data"].tobytes() == np.array(slow_events.ordered(raw), dtype=FIELDS).tobytes()


def test_rows_lie_by_ts_and_those_of_the_exchange_alone_wait(shared):
    events = slow_events.ordered(market(1, 50))
    batches = [item for item in items(npz(events), symbol="X") if isinstance(item, Batch)]
    assert {batch.schema.key for batch in batches} == {"book/X/"}
    got = [row for batch in batches for row in zip(*(list(batch.view(name)) for name, _ in BOOK.cols))]
    want = sorted(((local, ev, exch, *more) for ev, exch, local, *more in events), key=lambda row: row[0])
    assert got == want


def test_a_file_of_no_events_is_a_series_without_rows():
    assert [type(item) for item in items(npz([]))] == [Schema]
    assert len(read_back(npz([]))) == 0


def view(**changed):
    one = {"ev": writing.BOTH_VIEWS | BUY | 1, "exch_ts": T0, "local_ts": T0, "px": 1.0, "qty": 1.0}
    one |= {"order_id": 0, "ival": 0, "fval": 0.0}
    return tuple((one | changed).values())


WIDE = [("ev", "<f8"), *FIELDS[1:]]


@pytest.mark.parametrize(
    ("data", "said", "message"),
    [
        (npz([view(), view(local_ts=T0 - 1)]), {}, "row 2 of the events: local_ts 1723161255999999999 goes back"),
        (npz([view(order_id=1 << 63)]), {}, "row 1: field 'order_id' is 9223372036854775808, at most"),
        (npz([view()], WIDE), {}, "field 'ev' of the events is float64, must be uint64"),
    ],
)
def test_what_is_refused(data, said, message):
    with pytest.raises(HqError, match=message) as caught:
        items(data, **said)
    assert caught.value.code == 65


def test_what_came_before_the_row_that_goes_back_is_given():
    source = iter(open_source(descriptor(npz([view(), view(), view(local_ts=T0 - 1)]))))
    assert isinstance(next(source), Schema)
    assert next(source).n == 2
    with pytest.raises(HqError, match="row 3"):
        next(source)


def test_rows_in_any_order_are_sorted_where_it_is_asked_for(run, tmp_path):
    (tmp_path / "x.npz").write_bytes(npz([view(local_ts=T0 + 2), view(local_ts=T0 + 1)]))
    got = run(f"hq-import --order sort {tmp_path}/x.npz | hq-export csv --time ns --columns ts")
    assert (got.code, got.text.split()) == (0, ["ts_ns", str(T0 + 1), str(T0 + 2)])


@pytest.mark.parametrize("option", ["--period 1m", "--kind trade", "--columns ts=local_ts"])
def test_options_that_say_nothing_of_events_are_refused(run, tmp_path, option):
    (tmp_path / "x.npz").write_bytes(npz([view()]))
    got = run(f"hq-import {option} {tmp_path}/x.npz")
    assert (got.code, got.stderr.count("\n")) == (2, 1)
    assert "does not go with an array of hftbacktest's events" in got.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hq-gen trades --rows 9 --seed 1 | hq-export hftbacktest", "hftbacktest: holds rows of kind book, not trade"),
        ("hq-import x.npz | hq-export hftbacktest --columns ts,px", "choose it with --symbol and no --columns"),
        ("{ hq-import --symbol A x.npz; hq-import --symbol B x.npz; } | hq-export hftbacktest", "A and B came"),
        ("hq-import --symbol A x.npz | hq-merge | hq-export hftbacktest", "choose it with --symbol"),
        ("hq-import x.npz | hq-export hftbacktest --time ms", "keeps times in ns"),
    ],
)
def test_what_cannot_be_events_is_refused(run, tmp_path, line, message):
    (tmp_path / "x.npz").write_bytes(npz([view()]))
    got = run(f"cd {tmp_path} && {line}")
    assert got.code == 2
    assert message in got.stderr
    assert "Traceback" not in got.stderr


def test_one_symbol_of_a_panel_can_be_chosen(run, tmp_path):
    (tmp_path / "x.npz").write_bytes(npz([view()]))
    (tmp_path / "y.npz").write_bytes(npz([view(px=2.0)]))
    line = "hq-merge <(hq-import --symbol A x.npz) <(hq-import --symbol B y.npz) | hq-export hftbacktest --symbol B"
    got = run(f"cd {tmp_path} && {line} -o b.npz")
    assert (got.code, got.stderr) == (0, "")
    assert np.load(tmp_path / "b.npz")["data"].tolist() == [view(px=2.0)]
