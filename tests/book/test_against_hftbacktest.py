"""Best bid and ask after every event, and the book at the end, as hftbacktest has them (tests/oracles)."""

from __future__ import annotations

import csv
import gzip
import json
from array import array
from hashlib import blake2b

import pytest
from book_runs import START, Event, Market, Passed
from outside_events import made
from places import ROOT

ORACLES = ROOT / "tests" / "oracles"
KNOWN = json.loads((ORACLES / "hftbacktest.json").read_text())
CLEAR = 3
CAPTURE = "data/l2/btcusdt_usdm_20240808"


def judged(rows, known):
    assert len(rows) == known["events"]
    bids, asks = (array("q", [row[at] for row in rows if row[0] != CLEAR]) for at in (7, 8))
    for i, shown in enumerate(known.get("every 1000th", ())):
        assert [bids[1000 * i], asks[1000 * i]] == shown, f"event {1000 * i}"
    assert blake2b(bids.tobytes() + asks.tobytes(), digest_size=16).hexdigest() == known["digest"]


def test_the_best_of_events_as_messages_bring_them():
    events = [Event(START, ev, START, tick / 10.0, lots / 1000.0) for ev, tick, lots in made()]
    passed = Passed(Market("0.1", "0.001"))
    rows = passed.rows(events)
    judged(rows, KNOWN["made"])
    assert {row[-1] for row in rows} >= {0, 4}  # sides met


@pytest.fixture(scope="module")
def capture(shared):
    numpy = pytest.importorskip("numpy")
    path = shared / f"{CAPTURE}_hftbacktest.npz"
    if not path.exists():
        pytest.skip(f"needs {path}")
    data = numpy.load(path)["data"]
    data = data[numpy.argsort(data["local_ts"], kind="stable")]
    columns = ["local_ts", "ev", "exch_ts", "px", "qty", "order_id", "ival", "fval"]
    passed = Passed(Market("0.1", "0.001"))
    return passed, passed.rows([Event(*row) for row in zip(*(data[name].tolist() for name in columns))])


def test_the_best_of_a_real_capture(capture):
    judged(capture[1], KNOWN["capture"])


def test_the_book_at_the_end_of_a_real_capture_is_that_of_create_last_snapshot(capture, shared):
    book = capture[0].book
    with gzip.open(shared / f"{CAPTURE}_eod_snapshot.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    ours = [(tick, qty) for side in (0, 1) for tick, qty in zip(*book.levels(side))]
    assert ours == [(round(float(row["px"]) * 10), float(row["qty"])) for row in rows]
    assert book.counts() == (5019, 4578)


@pytest.mark.parametrize(
    "read",
    [
        "hq-import --venue binance --channels depth,trade {shared}/{name}_raw.gz",
        "hq-import --symbol BTCUSDT {shared}/{name}_hftbacktest.npz",
    ],
    ids=["messages", "npz"],
)
def test_the_book_at_the_end_through_the_commands(read, run, shared):
    with gzip.open(shared / f"{CAPTURE}_eod_snapshot.csv.gz", "rt") as file:
        wanted = [(int(row["ev"]), round(float(row["px"]) * 10), float(row["qty"])) for row in csv.DictReader(file)]
    line = read.format(shared=shared, name=CAPTURE)
    ran = run(f"{line} | hq-book --tick 0.1 --lot 0.001 --emit snapshot-every:end | hq-export csv")
    assert ran.code == 0, ran.stderr
    rows = csv.DictReader(ran.text.splitlines())
    assert [(int(row["ev"]), round(float(row["px"]) * 10), float(row["qty"])) for row in rows] == wanted
