"""Vectors as csv and as JSON lines: what hq-export wrote comes back to the bit, and others' columns are taken."""

from __future__ import annotations

import json
import random
import struct

import pytest
from frames import read

from hq_core.errors import DATA, USAGE

BUILT = "hq-gen bars --rows 300 --seed 4 --period 4h | hq-vector build --length 5 --horizon 3 > v.hqf"


COLUMNS = "--columns ts,id,avail_ts,label,outcome,vector"


@pytest.mark.parametrize("form", ["csv", "jsonl", "csv --time ns"])
def test_what_was_exported_reads_back_to_the_same_bits(run, form):
    assert run(BUILT).code == 0
    ran = run(f"hq-export {form} < v.hqf > v.txt && hq-import < v.txt > w.hqf && hq-vector list --json w.hqf v.hqf")
    assert (ran.code, ran.stderr) == (0, "")
    mine, theirs = json.loads(ran.text)
    assert not any(mine["made"].values())  # text has no place for how a store was made
    assert mine | {"file": "", "made": {}} == theirs | {"file": "", "made": {}}
    if form == "jsonl":  # which names the period too
        assert run(f"hq-diff {COLUMNS} w.hqf v.hqf").code == 0
    assert run("hq-vector load v.txt | hq-vector list").text.split()[-1] == theirs["digest"]


def test_a_panel_reads_back(run):
    lines = [f"hq-gen bars --rows 90 --seed {i} --period 4h --symbol {s} > {s}.hqf" for i, s in enumerate("AB")]
    lines += ["hq-merge A.hqf B.hqf | hq-vector build --length 4 --horizon 2 --take 0.001 --stop 0.001 > v.hqf"]
    assert run(" && ".join(lines)).code == 0
    ran = run(f"hq-export jsonl < v.hqf > v.txt && hq-import < v.txt | hq-diff {COLUMNS} - v.hqf")
    assert (ran.code, ran.stderr) == (0, "")
    ran = run("hq-export csv < v.hqf | hq-import | hq-vector list; hq-vector list v.hqf")
    one, other = ran.text.splitlines()
    assert one.split()[-1] == other.split()[-1]


def test_any_float32_comes_back(run, tmp_path):
    rng = random.Random(1)
    raw = [struct.unpack("<f", rng.randbytes(4))[0] for _ in range(3000)]
    values = [value for value in raw if value == value and abs(value) != float("inf")][:2700]
    rows = [values[i : i + 9] for i in range(0, 2700, 9)]
    told = [{"ts": i, "avail_ts": i, "id": i, "label": 1, "vector": row} for i, row in enumerate(rows)]
    (tmp_path / "v.json").write_text(json.dumps(told))
    ran = run("hq-vector load --time-unit ns v.json > v.hqf && hq-export csv < v.hqf | hq-import")
    assert [list(row) for row in read(ran.stdout).rows["vector//"]["vector"]] == rows


ROWS = [(1_700_000_000_000 + i, i + 1, 1_700_000_000_500 + i, i % 3 - 1, [0.1 * i, -2.5, 1e-3]) for i in range(9)]


def objects(known="avail_ts", spread=True):
    for ts, id_, avail, label, vector in ROWS:
        values = {f"v{i}": value for i, value in enumerate(vector)} if spread else {"vector": vector}
        yield {**values, "id": id_, "ts": ts, known: avail, "label": label}


def csv_of(rows):
    lines = [",".join(rows[0])]
    return "\n".join([*lines, *(",".join(str(value) for value in row.values()) for row in rows)]) + "\n"


SAID = "hq-import --kind vector --time-unit ms --symbol X --period 4h"


@pytest.mark.parametrize("spread", [True, False])
def test_values_stand_one_a_column_or_in_a_list(run, tmp_path, spread):
    lines = [json.dumps(one) for one in objects(spread=spread)]
    (tmp_path / "v.jsonl").write_text("\n".join(lines) + "\n")
    rows = [
        {key: " ".join(map(str, one)) if key == "vector" else one for key, one in row.items()}
        for row in objects(spread=spread)
    ]
    (tmp_path / "v.csv").write_text(csv_of(rows))
    lists = [{key: f"[{one}]" if key == "vector" else one for key, one in row.items()} for row in rows]
    (tmp_path / "lists.csv").write_text(csv_of(lists))
    for file in ("v.jsonl", "v.csv", "lists.csv"):
        ran = run(f"{SAID} < {file}")
        assert (ran.code, ran.stderr) == (0, "")
        (found,) = read(ran.stdout).rows.values()
        assert list(read(ran.stdout).rows) == ["vector/X/4h"]
        assert found["ts"] == [row[0] * 10**6 for row in ROWS]
        assert found["avail_ts"] == [row[2] * 10**6 for row in ROWS]
        assert (found["id"], found["label"]) == ([row[1] for row in ROWS], [row[3] for row in ROWS])
        single = [[struct.unpack("<f", struct.pack("<f", v))[0] for v in row[4]] for row in ROWS]
        assert [list(row) for row in found["vector"]] == single


def test_names_of_others_and_rows_in_any_order(run, tmp_path):
    rows = list(objects("known"))
    (tmp_path / "v.csv").write_text(csv_of(rows))
    (tmp_path / "back.csv").write_text(csv_of(rows[::-1]))
    line = f"{SAID} --columns avail_ts=known"
    ran = run(f"{line} < v.csv > v.hqf && {line} --order sort < back.csv | hq-diff - v.hqf")
    assert (ran.code, ran.stderr) == (0, "")
    ran = run(f"{line} < back.csv > /dev/null")
    assert ran.code == DATA
    ran = run(f"{SAID} < v.csv > v.hqf")  # without avail_ts they can be a store of nobody who does not say so
    assert ran.code == 0
    ran = run("hq-vector list v.hqf")
    assert ran.code == DATA
    assert "has no avail_ts, so nobody knows from when on its labels were known" in ran.stderr


@pytest.mark.parametrize(
    ("text", "told", "code"),
    [
        ("ts,id,label,v0,v2\n1,1,1,1,2\n", "column 'v1' is missing: the values of a vector are v0, v1 and so on", DATA),
        ("ts,id,v0\n1,1,1\n", "column 'label' is missing; there are ts, id, v0; pass --columns label=NAME", DATA),
        ("ts,id,label\n1,1,1\n", "column 'vector' is missing; there are ts, id, label", DATA),
        ("ts,id,label,v0\n1,1,1,x\n", "row 1: 'vector': ", DATA),
        ("ts,id,label,vector\n1,1,1,1 2\n2,2,1,1\n", "row 2: 'vector': '1' has 1 values, the first one has 2", DATA),
        ("ts,id,label,vector\n1,1,1,1 1e39\n", "has a number that float32 cannot hold", DATA),
        ("ts,id,label,vector\n1,1,0.5,1 2\n", "row 1: 'label': '0.5' is not a whole number", DATA),
        ("ts,id,label,vector\n1,1,1,\n", "row 1: 'vector': '' has 0 values, must have 1 to 4096", DATA),
        ('{"ts":1,"id":1,"label":1,"v0":null}\n', "'vector': '[None]' is no list of numbers", DATA),
        ('{"ts":1,"id":1,"label":1,"vector":3}\n', "is no list of numbers", DATA),
    ],
)
def test_what_is_no_vector_is_told(run, text, told, code):
    ran = run("hq-import --kind vector --time-unit ms > /dev/null", stdin=text.encode())
    assert ran.code == code
    assert told in ran.stderr
    assert len(ran.stderr.splitlines()) == 1


def test_options_that_do_not_go_with_vectors(run):
    text = b"ts,id,label,symbol,vector\n1,1,1,A,1 2\n"
    ran = run("hq-import --kind vector --stamp open", stdin=text)
    assert (ran.code, ran.stderr) == (USAGE, "hq-import: --stamp does not go with --kind vector\n")
    ran = run("hq-import --kind vector --symbol B --time-unit ms", stdin=text)
    assert ran.code == USAGE
    ran = run("hq-import --kind vector", stdin=b"ts,id,label,vector\n1700000000000,1,1,1 2\n")
    assert ran.code == DATA
    assert "--time-unit" in ran.stderr
    ran = run("hq-import --kind vector", stdin=b"PAR1 and so on")
    assert (ran.code, ran.stderr.split(";")[0]) == (DATA, "hq-import: vectors of others are read from csv and JSON")
