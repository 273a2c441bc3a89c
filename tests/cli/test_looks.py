"""What reviewers found in finished work, each as it was found."""

from __future__ import annotations

import io
import json

import msgpack
import numpy as np
import pytest


def test_an_input_whose_state_holds_all_of_it_can_be_ended(run) -> None:
    """A filter killed after its last save had nothing to read any more: 66, and its output never got its end."""
    for made, how in (
        ("hq-gen trades --rows 3000 --seed 5 | hq-export csv", "csv"),
        ("hq-gen trades --rows 3000 --seed 5 | hq-export jsonl", "jsonl"),
        ("hq-gen trades --rows 3000 --seed 5", "hqf"),
    ):
        run(f"{made} > in.{how}; rm -f st; hq-aggregate 1m < in.{how} > whole.hqf")
        size = run(f"wc -c < in.{how}").text.strip()
        filter_ = "(echo $BASHPID > pid; exec hq-aggregate 1m --state st --state-every 1 > out.hqf)"
        read = f'test -e st && test "$(hq-state --input-bytes st)" = {size}'
        run(
            f"((cat in.{how}; sleep 9) | {filter_}) > /dev/null 2>&1 &"
            f" for i in $(seq 80); do sleep 0.1; {read} && break; done; kill -9 $(cat pid)"
        )
        assert run("hq-state --input-bytes st").text.strip() == size
        run("truncate -s $(hq-state --output-bytes st) out.hqf")
        ran = run("hq-aggregate 1m --state st < /dev/null >> out.hqf")
        assert ran.code == 0, (how, ran.stderr)
        run("hq-aggregate 1m --state other < in." + how + " > whole.hqf; rm other")
        assert run("hq-diff out.hqf whole.hqf") == (b"", "", 0)


def test_repeats_are_seen_where_a_series_comes_with_other_columns(run) -> None:
    run("hq-gen bars --rows 50 --seed 1 > b.hqf; (cat b.hqf; hq-indicators sma:2 < b.hqf) > both.hqf")
    for how in ("exact", "last"):
        assert run(f"hq-import --dedupe {how} < both.hqf > d.hqf").code == 65


@pytest.mark.parametrize(("kind", "bits"), [("f2", 11), ("f4", 24), ("f8", 53)])
def test_floats_of_any_width_are_no_ids_beyond_their_digits(run, kind: str, bits: int) -> None:
    for top, code in ((2**bits - 2, 0), (2**bits, 65)):
        file = io.BytesIO()
        np.savez(
            file,
            ts_s=np.arange(3) + 1_600_000_000,
            price=np.ones(3),
            qty=np.ones(3),
            id=np.array([1, 2, top], dtype=kind),
        )
        assert run("hq-import --symbol X | hq-export csv", file.getvalue()).code == (code and 65), (kind, top)
    file = io.BytesIO()
    np.savez(file, ts_s=(np.arange(3) * 3600 + 1_700_000_000).astype("f4"), price=np.ones(3), qty=np.ones(3))
    assert run("hq-import --symbol X", file.getvalue()).code == 65


@pytest.mark.parametrize("values", [5, {"a": 1}, [b"x"], [{}], None])
def test_strings_that_are_no_texts_are_bad_data(run, values) -> None:
    head = msgpack.packb({"kind": "head", "hq": 1, "made_by": []})
    data = head + msgpack.packb({"kind": "strings", "of": "trade/X/", "col": "who", "values": values})
    (ran,) = [run("tee a.hqf | hq-diff - a.hqf", data)]
    assert ran.code == 65
    assert "bug" not in ran.stderr


def test_columns_that_nothing_is_made_of_are_told(run) -> None:
    text = b"ts,close,oi,note\n1700000000000,1,null,a\n1700000060000,2,7,b\n"
    ran = run("hq-import --stamp close --time-unit ms | hq-export csv", text)
    assert ran.text.splitlines()[0] == "ts,open_time,close,oi"  # null in row 1 is a missing number
    assert "hq-import: column not read: note\n" in ran.stderr
    trades = b"ts,price,qty,x\n1700000000000,1,2,5\n"
    assert "hq-import: column not read: x\n" in run("hq-import --kind trade --time-unit ms", trades).stderr


@pytest.mark.parametrize("kind", ["decimal128(20, 4)", "string", "float64"])
def test_a_numeric_column_is_kept_whatever_the_format_says_of_its_type(run, tmp_path, kind: str) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    made = pa.array(["1.5", "2.5", "3.5"]).cast(eval(f"pa.{kind if '(' in kind else kind + '()'}", {"pa": pa}))
    times = [1_700_000_000_000 + 60_000 * i for i in range(3)]
    table = pa.table({"ts": times, "close": [1.0, 2.0, 3.0], "funding": made})
    parquet.write_table(table, tmp_path / "a.parquet")
    ran = run("hq-import --stamp close --time-unit ms --period 1m a.parquet | hq-export csv --columns funding")
    assert ran.text.split() == ["funding", "1.5", "2.5", "3.5"]
    assert ran.stderr == ""


def test_a_month_is_no_period_of_weeks(run) -> None:
    rows = "ts,close\n" + "".join(f"2005-{m:02d}-{d}T00:00Z,{m}\n" for m, d in ((1, 31), (2, 28), (3, 31), (4, 30)))
    ran = run("hq-import --stamp close", rows.encode())
    assert ran.code == 65
    assert "28d apart, which may be a month: pass --period to hq-import (30d for months)" in ran.stderr


def test_a_name_in_brackets_is_the_indicator_where_the_rows_have_no_such_column(run) -> None:
    made = "hq-gen bars --rows 50 --seed 1 | hq-export jsonl | sed 's/,\"vwap\":[^,}]*//'"
    plain = run(f"{made} | hq-indicators 'sma:3(vwap)' | hq-export csv --columns sma_3_vwap --tail 1")
    assert plain.code == 0, plain.stderr
    assert float(plain.text.split(",")[-1]) > 0


def test_a_slack_that_is_cut_is_told(run) -> None:
    made = "hq-gen trades --rows 20000 --seed 1 | hq-aggregate 1h"
    said = run(f"{made} --slack-start 2h > /dev/null").stderr
    assert "hq-aggregate: slack-start: 2h is cut to 1 % of the period: 36s of 1h\n" in said
    assert "is cut" not in run(f"{made} --slack-start 36s > /dev/null").stderr
    assert "is cut" not in run("hq-gen trades --rows 20000 --seed 1 | hq-aggregate 1m > /dev/null").stderr


def test_a_command_that_fails_on_a_terminal_says_so_once(on_terminal, tmp_path) -> None:
    """Its table said first that no input came."""
    (tmp_path / "bad.csv").write_text("a,b\n1,x\n")
    ran = on_terminal("hq-import bad.csv")
    said = ran.stderr.splitlines()
    assert ran.code == 65
    assert [line.split(":")[0] for line in said] == ["hq-import"] * len(said)
    assert "no input" not in ran.stderr


def test_help_of_help_is_help(run) -> None:
    assert run("hq help help") == run("hq help")


def test_a_json_number_too_large_is_refused_wherever_it_stands(run) -> None:
    rows = [{"ts": 1_700_000_000_000 + 60_000 * i, "close": 1, "x": x} for i, x in enumerate(["1", "1e400", "3"])]
    text = "\n".join(map(json.dumps, rows)).encode()
    ran = run("hq-import --stamp close --time-unit ms", text)
    assert ran.code == 65
    assert "beyond what a 64-bit float holds" in ran.stderr


def test_a_column_is_missing_also_where_there_are_no_rows(run) -> None:
    run("hq-gen bars --rows 0 --seed 1 > a.hqf; hq-indicators rsi:14 < a.hqf > b.hqf")
    ran = run("hq-diff a.hqf b.hqf")
    assert (ran.code, "rsi_14" in ran.text) == (1, True)


def test_equal_is_not_said_of_columns_that_nothing_is_made_of(run) -> None:
    for name, note in (("a", "x"), ("b", "y")):
        run(f"printf 'ts_ms,close,note\\n60000000000000,1,{note}\\n60000000060000,2,z\\n' > {name}")
    read = "hq-import --stamp close --any-year"
    assert run("hq-diff a b").code == 65  # which end of the bar is open, too
    run(f"{read} a > a.hqf; {read} b > b.hqf")
    rows = "ts_ms,price,qty,x\\n1700000000000,1,2,{}\\n"
    run(f"printf '{rows.format(5)}' > c; printf '{rows.format(6)}' > d")
    ran = run("hq-diff c d")
    assert (ran.code, ran.stdout) == (65, b"")
    assert "hq-diff: c: nothing is made of its x" in ran.stderr
    assert run("hq-diff --columns price c d").code == 0


@pytest.mark.parametrize("option", ["--rtol nan", "--atol inf"])
def test_a_tolerance_is_a_number(run, option: str) -> None:
    assert run(f"hq-gen bars --rows 1 --seed 1 > a; hq-diff {option} a a").code == 2


def test_a_table_on_a_terminal_leaves_its_head_on_the_screen(on_terminal) -> None:
    ran = on_terminal("hq-gen bars --rows 90 --seed 1", lines=30)
    assert ran.code == 0, ran.stderr
    shown = ran.text.splitlines()
    assert shown[0].startswith("bar BTCUSDT 1m")
    assert "close" in shown[1]
    assert 20 < len(shown) < 29
