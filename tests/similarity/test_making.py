"""A store knows how its vectors were made, and is not searched with a vector that is made otherwise."""

from __future__ import annotations

import promises
import pytest
from frames import flat_bars, frames, read
from stores import store_of

from hq_core.batch import Schema
from hq_core.errors import HqError
from hq_core.series.growing import Growing
from hq_core.series.making import UNKNOWN, Making, making_of
from hq_core.stages.signal import Signal
from hq_core.stages.vector import described, opened_store
from hq_core.stages.vector_build import VectorBuild
from hq_core.vectors.read import Reader

CLOSES = [100.0, 101.0, 103.0, 102.0, 105.0, 101.0, 104.0]
COLUMNS = [("ts", "i8"), ("id", "i8"), ("avail_ts", "i8"), ("label", "i4"), ("vector", "f4x3")]
MADE = Making("close", "zscore", "15m", 2)


def built(tmp_path, **options):
    """A store of these closes as a file."""
    schema, rows = flat_bars(CLOSES)
    stage = VectorBuild(**{"length": 3, "horizon": 2, **options})
    path = tmp_path / "s.hqf"
    path.write_bytes(promises.run(stage, promises.stream([(schema, rows)])))
    return str(path)


def signal(store, vector):
    text = f'IF SIMILARITY(VEC_STORE("near"), {vector}, min=-1) THEN BUY'
    return Signal([("s", text, "s.hq")], stores={"near": store})


def run_over(stage):
    return read(promises.run(stage, promises.stream([flat_bars(CLOSES)]))).rows.get("order/BTCUSDT/15m", {})


def test_a_store_says_how_it_was_made(tmp_path, run):
    path = built(tmp_path)
    store = opened_store("near", path, timeless=False)
    assert store.made == MADE
    assert described(store)["made"] == {"column": "close", "normalize": "zscore", "period": "15m", "horizon": 2}
    assert "3 vectors of 3  of close, 15m bars, zscore, horizon 2  labels" in run("hq-vector list " + path).text
    again = tmp_path / "again.hqf"
    again.write_bytes(run(f"hq-vector load {path}").stdout)
    assert opened_store("near", str(again), timeless=False).made == MADE


@pytest.mark.parametrize(
    ("options", "vector", "told"),
    [
        (
            {},
            'NORMALIZE(close, 3, method="minmax")',
            "this vector is normalised by minmax, those of 'near' are normalised by zscore; say method=\"zscore\"",
        ),
        ({"column": "high"}, "NORMALIZE(close, 3)", "this vector is of close, those of 'near' are of high"),
        (
            {},
            "NORMALIZE(close@4h, 3)",
            "this vector is of 4h bars, those of 'near' are of 15m bars; read close@15m, or run on",
        ),
    ],
)
def test_a_vector_that_is_made_otherwise_is_refused(tmp_path, options, vector, told):
    path = built(tmp_path, **options)
    with pytest.raises(HqError, match="s.hq:1:34: ") as raised:
        signal(opened_store("near", path, timeless=False), vector)
    assert told in str(raised.value)


def test_the_period_of_the_strategy_s_own_rows_is_compared_too(tmp_path):
    path = built(tmp_path)
    store = opened_store("near", path, timeless=False)
    assert run_over(signal(store, "NORMALIZE(close, 3)"))["ts"]
    store.made = store.made._replace(period="4h")
    with pytest.raises(
        HqError, match="those of 'near' are of 4h bars; read close@4h, or run on those bars: --period 4h"
    ):
        run_over(signal(store, "NORMALIZE(close, 3)"))


def test_what_is_not_known_is_taken(tmp_path):
    path = built(tmp_path)
    store = opened_store("near", path, timeless=False)
    assert run_over(signal(store, "NORMALIZE(SMA(close, 1), 3)")) == run_over(signal(store, "NORMALIZE(close, 3)"))
    plain = store_of([(10, 1, 20, 1, [1, 2, 4])])
    assert plain.made == UNKNOWN
    signal(plain, 'NORMALIZE(high@1d, 3, method="minmax")')


def test_a_store_is_made_in_one_way():
    def series(symbol, **more):
        return Schema("vector", symbol, "15m", COLUMNS, MADE._replace(**more).extra())

    with pytest.raises(HqError, match="x: vectors normalised by zscore and normalised by l2; those of"):
        Reader("x", timeless=False).read([series("A"), series("B", normalize="l2")])
    rows = Reader("x", timeless=False).read([series("A"), series("B", horizon=9)])
    assert rows.made == MADE._replace(horizon=0)


def test_what_is_said_of_vectors_may_be_another_s_words():
    cols = [("ts", "i8")]
    assert making_of(Schema("vector", "X", "1m", cols, {"made": "by hand"})) == UNKNOWN
    said = {"column": 3, "normalize": "l2", "horizon": "long", "by": "hand"}
    assert making_of(Schema("vector", "X", "1m", cols, {"made": said})) == Making(normalize="l2")


@pytest.mark.parametrize("first", ["vectors", "bars"])
def test_vectors_of_the_stream_are_compared_whichever_is_announced_first(first):
    vectors = Schema("vector", "BTCUSDT", "15m", COLUMNS, MADE.extra()), []
    both = [vectors, flat_bars(CLOSES)]
    stage = signal(Growing("near", "BTCUSDT", "15m"), 'NORMALIZE(close, 3, method="l2")')
    with pytest.raises(HqError, match="normalised by zscore"):
        promises.run(stage, frames(*(both if first == "vectors" else both[::-1])))


def test_a_threshold_that_no_outcome_reaches_is_told_once():
    told = {}
    for threshold in (0.0, 0.039, 0.05):
        stage = VectorBuild(length=3, horizon=2, threshold=threshold)
        promises.run(stage, promises.stream([flat_bars(CLOSES), flat_bars(CLOSES, symbol="ETHUSDT")]))
        told[threshold] = {what: n for what, n in stage.notices.items() if "threshold" in what}
    largest = max(abs(CLOSES[i + 2] / CLOSES[i] - 1) for i in range(2, 5))
    what = f"no outcome reached the threshold of 0.05, the largest was {largest:.6g}, so every label is 0"
    assert told == {0.0: {}, 0.039: {} if largest >= 0.039 else told[0.039], 0.05: {what: 6}}
