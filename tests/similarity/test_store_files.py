"""Stores as files and as what a program has: which ones are taken, and what is said of the others."""

from __future__ import annotations

import math
import os

import numpy as np
import orjson
import pytest
from stores import store_of, stream_of

from hq_core import HQuant
from hq_core.errors import DATA, NOINPUT, HqError
from hq_core.series.stores import Store
from hq_core.stages.vector import described, dumped, opened_store, read_rows

ROWS = [(10, 1, 20, 1, [1, 2, 4]), (5, 2, 30, -1, [4, 2, 1]), (15, 3, 15, 0, [0, 0, 0])]


def written(tmp_path, data, name="s.hqf"):
    path = tmp_path / name
    path.write_bytes(data)
    return str(path)


def test_a_store_is_the_same_from_every_form(tmp_path):
    path = written(tmp_path, stream_of(ROWS))
    store = opened_store("near", path, timeless=False)
    assert store.digest == store_of(ROWS).digest
    text = "\n".join(dumped(read_rows(path, timeless=False))).encode()
    assert opened_store("x", written(tmp_path, text, "s.json"), timeless=False).digest == store.digest
    lines = b"\n".join(orjson.dumps(one) for one in orjson.loads(text))
    assert opened_store("x", written(tmp_path, lines, "s.jsonl"), timeless=False).digest == store.digest
    said = described(store)
    assert (said["vectors"], said["length"], said["labels"]) == (3, 3, {"-1": 1, "0": 1, "1": 1})


def test_a_store_is_read_where_nothing_may_be_written(tmp_path):
    folder = tmp_path / "sealed"
    folder.mkdir()
    path = written(folder, stream_of(ROWS))
    os.chmod(path, 0o444)
    os.chmod(folder, 0o555)
    try:
        assert opened_store("near", path, timeless=False).n == 3
        assert os.listdir(folder) == ["s.hqf"]
    finally:
        os.chmod(folder, 0o755)


def test_arrays_are_taken_by_their_names(tmp_path):
    path = tmp_path / "s.npz"
    columns = list(zip(*ROWS))
    arrays = dict(zip(("ts", "id", "avail_ts", "label", "vector"), map(np.array, columns)))
    np.savez(path, **arrays, symbol=np.array(["BTCUSDT"] * 3))
    assert opened_store("x", str(path), timeless=False).digest == store_of(ROWS).digest
    np.savez(path, **{**arrays, "label": arrays["label"][:2]})
    with pytest.raises(HqError, match=r"array 'label' has the shape \(2,\), wanted \(3,\)"):
        opened_store("x", str(path), timeless=False)
    np.savez(path, vector=np.arange(3))
    with pytest.raises(HqError, match="has no array 'vector' of numbers, one row a vector"):
        opened_store("x", str(path), timeless=False)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"[]", "holds no vectors"),
        (b"[1]", "vector 1: is 1, must be an object"),
        (b"[{", "is no JSON"),
        (b'[{"label":1,"vector":"1 2","ts":1,"avail_ts":1}]', "vector 1: 'vector' must be a list of numbers"),
        (b'[{"label":1,"vector":[1,true],"ts":1,"avail_ts":1}]', "vector 1: 'vector' must be a list of numbers"),
        (b'[{"label":1,"vector":[1,1e39],"ts":1,"avail_ts":1}]', "vector 1: 'vector' has a number that float32 cannot"),
        (b'[{"label":1,"vector":[],"ts":1,"avail_ts":1}]', "vector 1: has 0 values, must have 1 to 4096"),
        (b'[{"label":1.5,"vector":[1],"ts":1,"avail_ts":1}]', "vector 1: 'label' is 1.5, must be a whole number"),
        (
            b'[{"label":9999999999,"vector":[1],"ts":1,"avail_ts":1}]',
            "'label' is 9999999999, must be a whole number of 32",
        ),
        (
            b'[{"label":1,"vector":[1],"ts":"yesterday","avail_ts":1}]',
            "vector 1: 'ts': time 'yesterday' is not ISO 8601",
        ),
        (b'[{"label":1,"vector":[1],"ts":true,"avail_ts":1}]', "vector 1: 'ts': True is no time"),
        (b'[{"label":1,"vector":[1],"ts":2,"avail_ts":1}]', "its avail_ts lies before its ts"),
        (b'[{"label":1,"vector":[1],"ts":2}]', "vector 1: has no 'avail_ts', so nobody knows"),
        (b'[{"label":1,"vector":[1],"ts":1,"avail_ts":1,"id":"x"}]', "vector 1: 'id' is 'x', must be a whole number"),
        (b'[{"label":1,"vector":[1],"ts":1,"avail_ts":1,"symbol":1}]', "vector 1: 'symbol' is 1, must be a text"),
        (b"PK\3\4 no zip", "is no .npz of arrays"),
    ],
)
def test_what_is_no_store_is_told_with_its_place(tmp_path, data, told):
    path = written(tmp_path, data, "s.json")
    with pytest.raises(HqError, match="^" + path) as error:
        opened_store("x", path, timeless=False)
    assert told in str(error.value)
    assert error.value.code == DATA


def test_streams_that_are_no_store(tmp_path):
    for columns, told in (
        (("ts", "id", "label", "vector"), "has no avail_ts, so nobody knows from when on its labels were known"),
        (("ts", "avail_ts", "label", "vector"), "has no column 'id' of i8"),
        (("ts", "id", "avail_ts", "label"), "vector/BTCUSDT/4h: column 'vector' is missing, must be f4xN"),
    ):
        with pytest.raises(HqError, match=told):
            opened_store("x", written(tmp_path, stream_of(ROWS, columns=columns)), timeless=False)
    early = [(10, 1, 9, 1, [1, 2, 4])]
    with pytest.raises(HqError, match="the vector with the id 1 has an avail_ts before its ts"):
        opened_store("x", written(tmp_path, stream_of(early)), timeless=False)
    two = stream_of([(1, 1, 1, 1, [1, 2, 3])]) + stream_of([(2, 2, 2, 1, [1, 2])], symbol="ETHUSDT")
    with pytest.raises(HqError, match="vectors of 3 and of 2 values; a store has one length"):
        opened_store("x", written(tmp_path, two), timeless=False)
    twins = [(1, 1, 1, 1, [1, 2]), (1, 1, 2, 1, [2, 3])]
    with pytest.raises(HqError, match="two vectors BTCUSDT have the ts 1970-01-01T00:00:00.000000001Z and the id 1"):
        opened_store("x", written(tmp_path, stream_of(twins)), timeless=False)
    with pytest.raises(HqError) as error:
        opened_store("x", str(tmp_path / "nowhere"), timeless=False)
    assert error.value.code == NOINPUT


@pytest.mark.parametrize("kind", ["f8", "i8"])
def test_labels_of_other_numbers_are_taken_where_they_are_whole_and_of_32_bits(tmp_path, kind):
    edges = [(*row[:3], label, row[4]) for row, label in zip(ROWS, (-(1 << 31), 0, (1 << 31) - 1))]
    store = opened_store("x", written(tmp_path, stream_of(edges, label=kind)), timeless=False)
    assert store.digest == store_of(edges).digest
    for label in (0.9, math.nan, math.inf, -math.inf, 2**40) if kind == "f8" else (2**40, -(2**31) - 1, 2**31):
        rows = [*ROWS[:2], (15, 7, 15, label, [0, 0, 0])]
        with pytest.raises(
            HqError, match=r"the vector with the id 7 has the label .*, must be a whole number of 32"
        ) as e:
            read_rows(written(tmp_path, stream_of(rows, label=kind)), timeless=False)
        assert e.value.code == DATA


def test_rows_that_are_known_at_any_time_keep_their_ts(run, tmp_path):
    ts = 1_700_000_000_000_000_000
    path = written(tmp_path, stream_of([(ts, 1, ts, 1, [1, 2])], columns=("ts", "id", "label", "vector")))
    rows = read_rows(path, timeless=True)
    told = "\n".join(dumped(rows)).encode()
    assert orjson.loads(told) == [
        {"symbol": "BTCUSDT", "ts": "2023-11-14T22:13:20Z", "id": 1, "label": 1, "vector": [1.0, 2.0]}
    ]
    again = read_rows(written(tmp_path, told, "s.json"), timeless=True)
    assert Store("x", again).digest == Store("x", rows).digest
    arrays = run(f"hq-vector export --allow-timeless {path} > s.npz && hq-vector dump --allow-timeless s.npz")
    assert (arrays.code, orjson.loads(arrays.text)) == (0, orjson.loads(told)), arrays.stderr
    without = read_rows(written(tmp_path, b'[{"label":1,"vector":[1]}]', "s.json"), timeless=True)
    assert orjson.loads("".join(dumped(without))) == [{"id": 1, "label": 1, "vector": [1.0]}]


def test_without_times_they_are_known_at_any_time_if_that_is_asked_for(tmp_path):
    path = written(tmp_path, stream_of(ROWS, columns=("ts", "id", "label", "vector")))
    store = opened_store("x", path, timeless=True)
    assert [len(one) for one in store.search(np.array([1, 2, 4], dtype="<f4"), k=9, ts=[-(1 << 62)])] == [2]


def test_a_program_gives_a_store_as_it_gives_bars():
    hq = HQuant(bar="15m", time_unit="ms")
    vector = [[1.0, 2.0, 4.0], np.array([4.0, 2.0, 1.0])]
    start = 1_700_000_000_000
    labels = [{"label": 1 - 2 * i, "vector": vector[i], "ts": start + i, "avail_ts": start + i} for i in range(2)]
    hq.load_store("4h_BTC", labels)
    text = 'hit = SIMILARITY(VEC_STORE("4h_BTC"), NORMALIZE(close, 3, method="none"), min=0.999)\n'
    text += "IF hit.label == 1 THEN BUY(META(ts=hit.ts))\nIF hit.label == -1 THEN SELL(META(ts=hit.ts))"
    hq.add_strategy(text)
    for i, close in enumerate((1.0, 2.0, 4.0, 2.0, 1.0)):
        prices = dict.fromkeys(("open", "high", "low", "close"), close)
        hq.push_kline({**prices, "ts": start + 900_000 * (i + 1)})
    told = [(one["action"], one["meta"]["ts"]) for one in hq.poll_signals()]
    assert told == [("BUY", start * 10**6), ("SELL", (start + 1) * 10**6)]
    with pytest.raises(HqError, match="stores are loaded before the first bar"):
        hq.load_store("other", labels)
