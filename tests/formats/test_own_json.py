"""hq's own JSON: rows of every kind, reports and signals that hq-export and hq-backtest write are read back."""

from __future__ import annotations

import json
import math
import struct

import pytest
from frames import frames, tagged
from inputs import descriptor, exported
from test_csv import Slow
from test_formats import gather

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.formats import SourceOptions, open_source
from hq_core.formats.jsonl import JsonSource
from hq_core.kinds import FILL, KINDS, MAPS, WRITTEN, extra_of
from hq_core.wire import Reader

T0 = 1_769_904_000 * 10**9


def rows_of(schema: Schema, n: int) -> tuple[Schema, list]:
    """n rows with a value of its own in each place: words where the kind has codes, a NaN and infinities."""
    columns: dict[str, list] = {}
    for at, (name, kind) in enumerate(schema.cols):
        words = KINDS[schema.of].codes.get(name)
        if words:
            columns[name] = [int(list(words)[i % len(words)]) for i in range(n)]
        elif kind == "i8":
            columns[name] = [T0 + 60 * 10**9 * i + at for i in range(n)]
        elif kind == "f8":
            columns[name] = [[math.nan, math.inf, -math.inf, 0.1, -0.0][(i + at) % 5] for i in range(n)]
        else:
            columns[name] = [i % 2 for i in range(n)]
    return schema, list(zip(*columns.values()))


def stream(kind: str, symbol: str, n: int = 7, more: tuple[tuple[str, str], ...] = ()) -> bytes:
    schema = Schema(kind, symbol, "1m", (*KINDS[kind].cols, *more), extra_of(kind))
    coded = [name for name, type_ in schema.cols if type_ == "s4"]
    texts = [{"kind": "strings", "of": schema.key, "col": name, "values": ["a", "b"]} for name in coded]
    return frames((schema, []), *texts, rows_of(schema, n))


def read(text: bytes, sizes: list[int] | None = None, **options) -> list[tuple[str, object]]:
    return list(tagged(JsonSource(Slow(text, sizes or []), SourceOptions(**options))))


def schemas(text: bytes) -> list[Schema]:
    return [item for kind, item in read(text) if kind == "schema"]


@pytest.mark.parametrize("time", ["iso", "ns"])
@pytest.mark.parametrize("format_", ["jsonl", "json"])
@pytest.mark.parametrize("symbol", ["", "BTCUSDT", "Ä/€"])
@pytest.mark.parametrize("kind", ["fill", "liquidation", "equity"])
def test_every_kind_comes_back_as_it_was(kind, symbol, format_, time):
    data = stream(kind, symbol, more=(("rsi_14", "f8"),))
    want = gather(Reader(descriptor(data)))
    text = exported(data, format_, time=time)
    assert gather(JsonSource(Slow(text, [37]))) == want
    (schema,) = schemas(text)
    assert schema.extra == extra_of(kind)
    assert schema.cols == (*KINDS[kind].cols, ("rsi_14", "f8"))


def test_bars_with_orders_and_indicators_come_back_with_their_infinities():
    cols = [
        ("ts", "i8"),
        ("open_time", "i8"),
        ("close", "f8"),
        ("complete", "b1"),
        ("open_long", "f8"),
        ("sma_3", "f8"),
    ]
    bars = {
        "ts": [T0 + 60 * 10**9 * (i + 1) for i in range(4)],
        "open_time": [T0 + 60 * 10**9 * i for i in range(4)],
        "close": [1.0, 2.0, 3.0, 4.0],
        "complete": [1, 1, 1, 0],
        "open_long": [math.nan, math.inf, -math.inf, 0.5],
        "sma_3": [math.nan, math.nan, 2.0, 3.0],
    }
    data = frames((Schema("bar", "X", "1m", cols), list(zip(*bars.values()))))
    for format_ in ("jsonl", "json", "csv"):
        got = gather(open_source(descriptor(exported(data, format_)), b"", SourceOptions(period="1m")))
        (columns,) = got.values()
        assert columns["open_long"] == struct.pack("<4d", *bars["open_long"])
        assert columns["sma_3"][16:] == struct.pack("<2d", 2.0, 3.0)
    assert b'"open_long":"inf"' in exported(data, "jsonl")
    assert b'"open_long":"-inf"' in exported(data, "jsonl")


def test_infinities_of_a_map_are_texts():
    text = exported(frames({"kind": "report", "a": math.inf, "b": [math.nan, -math.inf], "c": {"d": 1}}), "jsonl")
    assert json.loads(text) == {"kind": "report", "a": "inf", "b": [None, "-inf"], "c": {"d": 1}}


@pytest.mark.parametrize("kind", MAPS)
@pytest.mark.parametrize("indent", [None, 2])
def test_a_map_is_read_as_one_item(kind, indent):
    told = {"kind": kind, "ts": 5, "x": {"y": [1, None, "2026-02-01T00:00:00Z"]}}
    found = read(json.dumps(told, indent=indent).encode(), [7])
    assert [item for item in found if item[0] != "idle"] == [("map", told)]


def test_rows_and_maps_keep_their_order():
    equity = json.dumps({"kind": "equity", "ts": "2026-02-01T00:00:00Z", "equity": 1.5})
    signal = json.dumps({"kind": "report", "ts": 1})
    found = [kind for kind, _ in read("\n".join([equity, equity, signal, equity]).encode()) if kind != "idle"]
    assert found == ["schema", "rows", "map", "rows"]


def test_reports_that_differ_are_different_and_equal_ones_are_equal(run):
    run(
        "hq-gen bars --rows 300 --seed 7 --period 1h > b.hqf; printf 'IF close > open THEN BUY(size=0.01)\\n"
        "IF close < open THEN SELL(size=0.01)\\n' > s.hq; hq-signal s.hq < b.hqf > s.hqf"
    )
    run(
        "hq-backtest --json < s.hqf > 1.json; hq-backtest --leverage 2 --json < s.hqf > 2.json; "
        "hq-backtest < s.hqf > bt.hqf; hq-export jsonl < bt.hqf > bt.jsonl; "
        "hq-export jsonl --kind fill < bt.hqf > f.jsonl"
    )
    assert run("hq-diff 1.json 1.json").code == 0
    assert run("hq-diff 1.json 2.json").code == 1
    assert "options.leverage: 10 != 2" in run("hq-diff 1.json 2.json").text
    assert run("hq-import < bt.jsonl | hq-export jsonl | cmp - bt.jsonl").code == 0
    assert run("hq-export jsonl --kind equity < bt.hqf | hq-diff - f.jsonl").code == 1


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("side", "sideways", "is none of long, short"),
        ("side", None, "is missing"),
        ("side", 300, "does not fit 8 bits"),
        ("side", True, "is not a whole number"),
        ("ts", "2026-02-01", "is not an ISO 8601 time with its zone"),
        ("ts", 5, "is not an ISO 8601 time"),
        ("fill_time", None, "is missing"),
        ("price", "x", "is not a number"),
        ("price", [1], "is not a number"),
        ("price", {}, "is not a number"),
    ],
)
def test_a_wrong_value_is_refused_with_its_element(key, value, message):
    good = {
        "kind": "fill",
        "ts": "2026-02-01T00:00:00Z",
        "fill_time": "2026-02-01T00:00:00Z",
        "side": "long",
        "price": 1.5,
    }
    text = "\n".join([json.dumps(good), json.dumps({**good, key: value})]).encode()
    with pytest.raises(HqError, match=rf"element 2 \(byte \d+\): '{key}': .*{message}") as caught:
        read(text)
    assert caught.value.code == 65


@pytest.mark.parametrize("kind", sorted(KINDS.keys() - WRITTEN))
def test_objects_of_a_kind_that_no_command_writes_are_passed_over(kind):
    equity = {"kind": "equity", "ts": "2026-02-01T00:00:00Z", "equity": 1.5}
    found = read("\n".join(map(json.dumps, [equity, {**equity, "kind": kind}])).encode())
    assert found[-1][1]["dropped"] == {f"{kind} object, of a kind that JSON does not type (Parquet and Arrow do)": 1}


def test_what_cannot_be_read_of_our_own_objects_is_counted():
    told = {"kind": "equity", "ts": "2026-02-01T00:00:00Z", "equity": 1.5, "note": "x", "fan": [1, 2], "flag": True}
    found = read(json.dumps(told).encode())
    lost = {f"values of '{key}', which is no column of numbers": 1 for key in ("note", "fan")}
    assert found[-1][1]["dropped"] == lost
    ((_, columns),) = gather(JsonSource(Slow(json.dumps(told).encode(), []))).items()
    assert columns["flag"] == struct.pack("<d", 1.0)
    bar = {"kind": "bar", "period": "1m", "open_time": "2026-02-01T00:00:00Z", "close": 1, "fan": [1, 2]}
    assert read(json.dumps(bar).encode())[-1][1]["dropped"] == {"values of 'fan', which is no column of numbers": 1}


def test_a_kind_without_ts_and_options_for_our_own_rows_are_refused():
    with pytest.raises(HqError, match="'ts' is missing in a fill object"):
        read(b'{"kind":"fill","price":1}')
    with pytest.raises(HqError, match="fill rows of hq, which say their kind, symbol, period and columns"):
        read(b'{"kind":"fill","ts":"2026-02-01T00:00:00Z","price":1}', symbol="X")


def test_a_saved_source_goes_on_with_our_own_rows():
    text = exported(stream("fill", "X", 400), "jsonl") + exported(stream("equity", "Y", 400), "jsonl")
    whole = gather(JsonSource(Slow(text, [])))
    source = JsonSource(Slow(text, [997]))
    found: dict[str, dict[str, bytes]] = {}
    idles = 0
    for kind, item in tagged(source):
        if kind == "rows":
            columns = found.setdefault(item.schema.key, dict.fromkeys(item.schema.names, b""))
            for name in item.schema.names:
                columns[name] += item.view(name).tobytes()
        idles += kind == "idle"
        if idles == 40:
            break
    second = JsonSource(Slow(text[source.position :], [313]))
    list(second.load(source.save()))
    for key, columns in gather(second).items():
        mine = found.setdefault(key, dict.fromkeys(columns, b""))
        for name, values in columns.items():
            mine[name] += values
    assert found == whole


@pytest.mark.parametrize("format_", ["csv", "npz"])
def test_a_file_that_is_read_again_passes_over_the_rows_handed_out_before(format_):
    data = exported(stream("liquidation", "X", 20_000), format_)
    if format_ == "csv":
        data = data.replace(b"\n", b"\n\n", 9)  # blank lines are no rows
    (whole,) = gather(open_source(descriptor(data))).values()
    again = open_source(descriptor(data))
    list(again.load({"rows": 17_000}))
    (rest,) = gather(again).values()
    assert {name: len(whole[name]) - len(values) for name, values in rest.items()} == {
        name: 17_000 * (len(values) // 20_000) for name, values in whole.items()
    }
    assert all(whole[name].endswith(values) for name, values in rest.items())
    assert again.save() == {"rows": 20_000}


def test_the_words_of_a_fill_are_those_of_the_account():
    from hq_core.futures.orders import LIQUIDATION

    assert [FILL.codes["action"][str(code)] for code in (1, 4)] == ["open_long", "close_short"]
    assert FILL.codes["reason"][str(LIQUIDATION)] == "liquidation"


@pytest.mark.parametrize("kind", ["fill", "equity", "liquidation"])
@pytest.mark.parametrize("how", ["csv", "tsv", "csv --time ns"])
def test_csv_of_what_hq_backtest_writes_reads_back(run, kind: str, how: str) -> None:
    made = (
        "hq-gen bars --rows 3000 --seed 1 | hq-signal s.hq | hq-backtest --leverage 60 | tee all.hqf"
        f" | hq-export {how} --kind {kind} > a.csv"
    )
    run("printf 'IF RSI(14) < 30 THEN BUY()\nIF RSI(14) > 70 THEN SELL()\n' > s.hq")
    assert run(made).code == 0
    assert run(f'hq-export jsonl --kind {kind} < all.hqf | sed \'s/"period":"1m",//\' > b.jsonl').code == 0
    assert run("hq-import < a.csv > a.hqf && hq-import < b.jsonl > b.hqf").code == 0
    assert run("hq-diff a.hqf b.hqf -v").text.startswith("equal: ")
    assert run(f"hq-export {how} < a.hqf | cmp - a.csv").code == 0
    assert run("sed '2s/[0-9]/x/' a.csv | hq-import").code == 65


def test_rows_of_a_kind_that_is_not_known_come_back_from_what_types_them(run):
    schema = Schema("greeks", "X", "1m", [("ts", "i8"), ("delta", "f8"), ("n", "i4"), ("flag", "b1")])
    stream = frames((schema, [(10**18, 0.5, 1, 1), (10**18 + 1, 0.6, 2, 0)]))
    got = run("hq-export jsonl | hq-import", stream)
    told = "greeks object, of a kind that JSON does not type (Parquet and Arrow do): 2 rows passed over"
    assert (got.code, got.stderr) == (0, f"hq-import: {told}\n")
    for format_ in ("parquet", "arrow", "npz"):
        got = run(f"tee a.hqf | hq-export {format_} | hq-import | hq-diff - a.hqf", stream)
        assert (got.code, got.stderr) == (0, "")
