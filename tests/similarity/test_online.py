"""A Qdrant service that is asked anew at every row: the hits are those of a file of its collection."""

from __future__ import annotations

import random

import pytest
from qdrant_service import serving
from stores import stream_of

from hq_core.errors import DATA, SERVICE, USAGE

MINUTE, START = 60 * 10**9, 1_700_000_040 * 10**9
TEXT = 'hit = SIMILARITY(VEC_STORE("x"), NORMALIZE(close, 3{norm}), method="{method}", k={k}, min={least})\n'
TEXT += "score = hit.score\nlabel = hit.label\nid = hit.id\nn = hit.count\nIF hit THEN BUY(META(ts=hit.ts))\n"


@pytest.fixture(name="service")
def served():
    with serving() as service:
        yield service


def rows_of(n, seed):
    """Vectors that lie together and many that are the same, known one by one while the bars run."""
    rng = random.Random(seed)
    rows = []
    for i in range(n):
        vector = [rng.choice((-1.0, 0.5, 1.0, 2.0)) for _ in range(3)]
        ts = START + rng.randrange(40) * MINUTE
        rows.append((ts, i + 1, ts + rng.randrange(30 * MINUTE), rng.randrange(-1, 2), vector))
    return rows


def put(tmp_path, run, service, rows, distance):
    (tmp_path / "s.hqf").write_bytes(stream_of(rows, period="", symbol=""))
    line = f"hq-vector export --distance {distance} {service.url}/near < s.hqf"
    line += f" && hq-vector load {service.url}/near > held.hqf"  # as the service has them
    line += " && hq-gen bars --rows 60 --seed 3 --period 1m --start 2023-11-14T22:14:00Z > b.hqf"
    ran = run(line)
    assert (ran.code, ran.stderr) == (0, "")
    return service.url.replace("qdrant+", "qdrant-online+") + "/near"


@pytest.mark.parametrize(
    ("method", "distance", "norm", "k", "least"),
    [
        ("cosine", "cosine", "", 1, -1),
        ("cosine", "cosine", "", 5, 0.9),
        ("euclid", "euclid", "", 3, 0),
        ("dot", "dot", ', "zscore"', 30, -9),
    ],
)
def test_hits_are_those_of_a_file_of_the_collection(service, run, tmp_path, method, distance, norm, k, least):
    online = put(tmp_path, run, service, rows_of(120, k), distance)
    (tmp_path / "s.hq").write_text(TEXT.format(norm=norm, method=method, k=k, least=least))
    keep = "hq-signal --keep score,label,id,n s.hq"
    ran = run(f"{keep} --store x=held.hqf < b.hqf > one.hqf && {keep} --store x={online} < b.hqf | hq-diff - one.hqf")
    assert (ran.code, ran.stderr) == (0, "")
    assert len(service.asked) >= 58
    seen = run("hq-export csv --kind order --columns meta.ts < one.hqf | sort -u")
    assert len(seen.text.splitlines()) > 5


def test_a_point_is_seen_from_the_nanosecond_on_at_which_it_was_known(service, run, tmp_path):
    """A service keeps microseconds: what it lets through beyond that is put aside here, and more is asked for."""
    rows = [(START, i + 1, START + 20 * MINUTE + (1 if i else 0), i, [1.0, 2.0, 4.0]) for i in range(40)]
    online = put(tmp_path, run, service, rows, "euclid")
    (tmp_path / "s.hq").write_text(TEXT.format(norm="", method="euclid", k=2, least=0))
    ran = run(f"hq-signal --keep n,id --store x={online} s.hq < b.hqf | hq-export csv --kind bar --columns ts,n,id")
    counts = [line.rsplit(",", 2)[1:] for line in ran.text.splitlines()[1:]]
    assert counts == [["0.0", ""]] * 19 + [["1.0", "1.0"]] + [["2.0", "1.0"]] * 40


def test_a_service_that_goes_away_in_the_run_is_69_and_no_miss(service, run, tmp_path):
    online = put(tmp_path, run, service, rows_of(20, 1), "cosine")
    (tmp_path / "s.hq").write_text(TEXT.format(norm="", method="cosine", k=1, least=-1))
    service.patience = 7
    ran = run(f"hq-signal --store x={online} s.hq < b.hqf > out.hqf")
    assert ran.code == SERVICE
    assert ran.stderr.startswith(f"hq-signal: {online}: the service does not answer: ")
    ran = run(f"hq-signal --store x={online.replace('/near', '/broken')} s.hq < b.hqf > out.hqf")
    assert ran.code == SERVICE


def test_a_collection_that_would_look_ahead_or_is_searched_otherwise_is_refused(service, run, tmp_path):
    online = put(tmp_path, run, service, rows_of(5, 1), "dot")
    (tmp_path / "s.hq").write_text(TEXT.format(norm="", method="cosine", k=1, least=-1))
    ran = run(f"hq-signal --store x={online} s.hq < b.hqf")
    told = (
        f"hq-signal: {online} is searched by dot, not by cosine; hq-vector export --distance cosine makes such a one\n"
    )
    assert (ran.code, ran.stderr) == (USAGE, told)
    from qdrant_client import models

    some = [
        models.PointStruct(id=90 + i, vector=[1, 2, 4], payload={"label": 1, **more}) for i, more in enumerate(LATE)
    ]
    service.local.upsert("near", some)
    (tmp_path / "s.hq").write_text(TEXT.format(norm="", method="dot", k=1, least=-9))
    ran = run(f"hq-signal --store x={online} s.hq < b.hqf")
    assert ran.code == DATA
    assert ran.stderr.startswith(f"hq-signal: {online}: 2 points have no avail_ts that is a time, so nobody knows")
    assert "--allow-timeless" in ran.stderr


LATE = ({}, {"ts": 1, "avail_ts": "yesterday"}, {"ts": 1, "avail_ts": 2})


def test_times_in_milliseconds_as_others_write_them(service, run, tmp_path):
    online = put(tmp_path, run, service, rows_of(1, 1), "euclid")
    from qdrant_client import models

    known = START // 10**6 + 10 * 60_000
    payload = {"label": 7, "ts": known - 1, "avail_ts": known, "id": 77}
    service.local.delete("near", models.PointIdsList(points=[0]))
    service.local.upsert("near", [models.PointStruct(id=5, vector=[1, 2, 4], payload=payload)])
    (tmp_path / "s.hq").write_text(TEXT.format(norm="", method="euclid", k=1, least=0))
    ran = run(f"hq-signal --keep id --store x={online} s.hq < b.hqf | hq-export csv --kind bar --columns id")
    assert [line.rpartition(",")[2] for line in ran.text.splitlines()[1:]] == [""] * 9 + ["77.0"] * 51
