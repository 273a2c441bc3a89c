"""A state goes on with files of the same content wherever they lie, and with no others."""

from __future__ import annotations

import json

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
    assert "content of s was" in ran.stderr


def test_a_used_file_is_known_by_its_content(run, tmp_path):
    """As are the files that it uses itself: each may lie in another folder, and none may say something else."""
    (tmp_path / "a" / "lib").mkdir(parents=True)
    (tmp_path / "a/s.hq").write_text('USE "lib/f.hq"\nIF f(close) > 1 THEN BUY\n')
    (tmp_path / "a/lib/f.hq").write_text('USE "g/f.hq"\nDEF f(x) = g(x)\n')
    (tmp_path / "a/lib/g").mkdir()
    (tmp_path / "a/lib/g/f.hq").write_text("DEF g(x) = x\n")
    line = "hq-gen bars --rows 9 --seed {0} --start 202{0}-01-01 | hq-signal --state s.state {1}/s.hq > out"
    assert run(line.format(1, "a")).code == 0
    moved = run("mv a b; " + line.format(2, "b"))
    assert (moved.code, moved.stderr) == (0, "")
    told = json.loads(run("hq-state s.state").text)["inputs"]
    assert list(told) == ["s", "s USE f.hq", "s USE f.hq (2)"]
    run("mv b/lib/g/f.hq b/f.hq; mv b/lib/f.hq b/g.hq; mv b/f.hq b/lib; mv b/g.hq b/f.hq")
    (tmp_path / "b/s.hq").write_text('USE "f.hq"\nIF f(close) > 1 THEN BUY\n')
    (tmp_path / "b/f.hq").write_text('USE "lib/f.hq"\nDEF f(x) = g(x)\n')
    moved = run(line.format(3, "b"))
    assert (moved.code, moved.stderr) == (0, "")
    (tmp_path / "b/lib/f.hq").write_text("DEF g(x) = x + 1\n")
    changed = run(line.format(4, "b"))
    assert changed.code == 78
    assert "state s.state: content of s USE f.hq (2) was " in changed.stderr
    assert changed.stderr.endswith("; go on with what it was, or use another state file\n")
