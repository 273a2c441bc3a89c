"""A state goes on with files of the same content wherever they lie, and with no others."""

from __future__ import annotations

STORE = 'printf \'[{"label": 1, "vector": [1, 2, 4], "ts": 1, "avail_ts": 1}]\' | hq-vector load > one.hqf'
STRATEGY = 'IF SIMILARITY(VEC_STORE("x"), NORMALIZE(close, 3)) THEN BUY'
PYTHON = (
    "class Own:\n    def next(self, row): return 'BUY'\n    def save(self): return 0\n    def load(self, saved): pass\n"
)


def test_content_decides_and_not_the_path(run, tmp_path):
    assert run(STORE).code == 0
    (tmp_path / "s.hq").write_text(STRATEGY)
    (tmp_path / "s.py").write_text(PYTHON)
    assert (
        run("mkdir other; cp one.hqf other/two.hqf; cp s.hq s.py other; hq-gen bars --rows 9 --seed 1 > b.hqf").code
        == 0
    )
    line = "hq-signal --state s.state --store x={} {} --python {}:Own < b.hqf"
    assert run(line.format("one.hqf", "s.hq", "s.py")).code == 0
    again = "hq-gen bars --rows 9 --seed 2 --start 2025-01-01 > b.hqf; "
    ran = run(again + line.format("other/two.hqf", "./other/s.hq", "other/s.py"))
    assert (ran.code, ran.stderr) == (0, "")
    ran = run(line.format("usearch+one.hqf", "s.hq", "s.py"))
    assert ran.code in (69, 78)  # 69: usearch is not there
    (tmp_path / "s.hq").write_text(STRATEGY + "\n")
    ran = run(line.format("one.hqf", "s.hq", "s.py"))
    assert ran.code == 78
    assert "file of option s was" in ran.stderr
