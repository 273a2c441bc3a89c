"""A Qdrant service: its client talks to a thin server over its own local mode, as no service is to be had here."""

from __future__ import annotations

import pytest
from qdrant_service import serving
from stores import stream_of

from hq_core.errors import NOINPUT, SERVICE, USAGE

ROWS = [(10 * 10**9, 1, 20 * 10**9 + 1, 1, [1, 2, 4]), (5 * 10**9, 9, 30 * 10**9, -1, [4, 2, 0.1])]


@pytest.fixture(name="service")
def served():
    with serving() as service:
        yield service.url


def test_a_store_goes_to_a_service_and_comes_back(service, run, tmp_path):
    (tmp_path / "s.hqf").write_bytes(stream_of(ROWS, period=""))
    line = f"hq-vector export {service}/near < s.hqf && hq-vector load {service}/near | hq-diff - s.hqf"
    ran = run(f"{line} && hq-vector list s.hqf | wc -l", cwd=tmp_path)
    assert (ran.code, ran.text.strip(), ran.stderr) == (0, "1", "")


def test_a_strategy_takes_a_collection_as_it_is_at_the_start(service, run, tmp_path):
    (tmp_path / "s.hqf").write_bytes(stream_of(ROWS, period=""))
    (tmp_path / "s.hq").write_text('IF SIMILARITY(VEC_STORE("x"), NORMALIZE(close, 3), min=-1) THEN BUY\n')
    lines = [f"hq-vector export {service}/near < s.hqf", "hq-gen bars --rows 50 --seed 1 > b.hqf"]
    lines += ["hq-signal --store x=s.hqf s.hq < b.hqf > one.hqf"]
    lines += [f"hq-signal --store x={service}/near s.hq < b.hqf | hq-diff - one.hqf"]
    ran = run(" && ".join(lines), cwd=tmp_path)
    assert (ran.code, ran.stderr) == (0, "")
    ran = run("hq-signal --store x=qdrant+http://127.0.0.1:1/near s.hq < b.hqf > /dev/null", cwd=tmp_path)
    assert ran.code == SERVICE


def test_what_a_service_says_is_never_an_empty_store(service, run):
    ran = run(f"hq-vector load {service}/nowhere > /dev/null")
    assert (ran.code, ran.stderr) == (NOINPUT, f"hq-vector: {service}/nowhere: there is no such collection\n")
    ran = run(f"hq-vector load {service}/broken > /dev/null")
    told = f"hq-vector: {service}/broken: the service answers 500 Internal Server Error\n"
    assert (ran.code, ran.stderr) == (SERVICE, told)
    away = service.rpartition(":")[0] + ":1/near"
    ran = run(f"hq-vector load {away} > /dev/null")
    assert ran.code == SERVICE
    assert ran.stderr.startswith(f"hq-vector: {away}: the service does not answer: ")


def test_a_url_that_names_no_collection(run):
    for url in ("qdrant+http://localhost:6333", "qdrant+ftp://localhost/x", "qdrant+http://localhost/a/b"):
        ran = run(f"hq-vector load {url}")
        assert (ran.code, ran.stderr) == (USAGE, f"hq-vector: {url}: must be qdrant+http://HOST:PORT/COLLECTION\n")


def test_without_the_client_it_says_what_to_install(run, tmp_path):
    (tmp_path / "qdrant_client.py").write_text("raise ImportError\n")
    ran = run("hq-vector load qdrant+http://localhost:6333/near", env={"PYTHONPATH": str(tmp_path)})
    assert (ran.code, ran.stderr) == (SERVICE, "hq-vector: qdrant-client is missing; pip install 'hq[qdrant]'\n")
