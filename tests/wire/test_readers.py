"""The example readers, which know nothing of hq, over the conformance vectors."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys

import frames
import pytest
import vector_files
from places import ROOT

READERS = ROOT / "examples" / "readers"
REFUSED = ("bad-no-end", "bad-end-more", "bad-end-silent", "bad-head-again", "bad-rows-too-few", "bad-cut-columns")


@pytest.fixture(scope="session")
def node(tmp_path_factory):
    """A folder in which the Node reader has its one dependency."""
    if not shutil.which("node"):
        pytest.skip("node is not installed")
    if not shutil.which("npm"):
        pytest.skip("npm is not installed, so @msgpack/msgpack cannot be had")
    folder = tmp_path_factory.mktemp("node")
    for name in ("package.json", "read_frames.mjs"):
        shutil.copy(READERS / name, folder)
    try:
        ended = subprocess.run(
            ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
        )
    except subprocess.TimeoutExpired:
        pytest.skip("npm install took more than two minutes")
    if ended.returncode:
        pytest.skip(f"npm install failed: {ended.stderr.strip().splitlines()[-1:]}")
    return folder


@pytest.fixture(params=["python", "node"])
def reader(request):
    """A command line that reads a stream and prints its summary, and the folder it runs in."""
    if request.param == "python":
        return [sys.executable, READERS / "read_frames.py"], READERS
    return ["node", "read_frames.mjs"], request.getfixturevalue("node")


def read(reader, data):
    line, folder = reader
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C", "TZ": "UTC"}
    return subprocess.run(line, cwd=folder, input=data, capture_output=True, env=env, timeout=60)


def wanted(name):
    """The summary that follows from a vector's .json: rows and SHA-256 of each column, a series' parts together."""
    found = {}
    for series in vector_files.expected(name)["series"]:
        types = dict(series["cols"])
        for column, values in series["columns"].items():
            if values:
                count, digest = found.setdefault(series["key"], {}).setdefault(column, [0, hashlib.sha256()])
                found[series["key"]][column][0] = count + len(values)
                digest.update(frames.pack(types[column], values))
    return {
        key: {name: {"rows": n, "sha256": digest.hexdigest()} for name, (n, digest) in columns.items()}
        for key, columns in found.items()
    }


@pytest.mark.parametrize("name", vector_files.GOOD)
def test_readers_get_every_bit_of_every_vector(reader, name):
    ended = read(reader, vector_files.stream(name))
    assert ended.returncode == 0, ended.stderr.decode()
    assert json.loads(ended.stdout) == wanted(name)


@pytest.mark.parametrize("name", REFUSED)
def test_readers_refuse_a_stream_that_is_not_whole(reader, name):
    assert read(reader, vector_files.stream(name)).returncode != 0


def test_readers_take_what_hq_writes_in_frames_larger_than_a_read(reader):
    schema, rows = frames.trades([(i, i / 7, 1.0) for i in range(50_000)])
    ended = read(reader, frames.frames((schema, rows), frames.flat_bars([1.0, 2.0])))
    assert ended.returncode == 0, ended.stderr.decode()
    found = json.loads(ended.stdout)
    assert found["trade/BTCUSDT/"]["price"] == {
        "rows": 50_000,
        "sha256": hashlib.sha256(frames.pack("f8", [i / 7 for i in range(50_000)])).hexdigest(),
    }
    assert found["bar/BTCUSDT/15m"]["close"]["rows"] == 2


def test_the_node_reader_is_a_module_of_typed_arrays(node):
    code = """
    import { batches } from "./read_frames.mjs";
    for await (const { schema, columns } of batches(process.stdin)) {
      const { ts, f, i, s, t, b, v, w } = columns;
      console.log(schema.key, [ts, f, i, s, t, b, v, w].map((one) => one.constructor.name).join(" "));
      console.log(String(ts[2]), f[0], v.length, schema.strings.s[1]);
    }
    """
    line = ["node", "--input-type=module", "-e", code]
    ended = read((line, node), vector_files.stream("good-every-type"))
    assert ended.stderr == b""
    assert ended.stdout.decode().splitlines() == [
        "mixed// BigInt64Array Float64Array Int32Array Int32Array Int8Array Int8Array Float32Array BigInt64Array",
        "9223372036854775807 0.1 9 a\u00e9\u4e16\U0001f600",
    ]


def test_the_python_reader_is_a_module_of_columns(monkeypatch):
    import io

    import numpy as np

    monkeypatch.syspath_prepend(READERS)
    import read_frames

    (batch,) = read_frames.batches(io.BytesIO(vector_files.stream("good-every-type")))
    columns = batch["columns"]
    assert columns["ts"].tolist() == [-(2**63), 0, 2**63 - 1]
    assert batch["schema"]["strings"] == {"s": ["", "a\u00e9\u4e16\U0001f600"]}
    assert all(np.shares_memory(np.asarray(one), np.frombuffer(columns["f"].obj, "u1")) for one in columns.values())
    assert np.asarray(columns["v"]).shape == (3, 3)


def test_readers_stay_short():
    for name in ("read_frames.py", "read_frames.mjs"):
        assert len((READERS / name).read_text().splitlines()) <= 100
