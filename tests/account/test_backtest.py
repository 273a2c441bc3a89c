"""hq-backtest as a filter and as a command, and the account as a library."""

from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys

import panel_runs
import promises
import pytest
from frames import frames
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from places import ROOT

from hq_cli._report import readable, wrapped
from hq_core.api.backtest import Backtest as Ledger
from hq_core.batch import Schema
from hq_core.errors import CONFIG, DATA, IO, NOINPUT, USAGE, HqError
from hq_core.futures.terms import Terms
from hq_core.say import iso_text
from hq_core.stages.backtest import BacktestStage
from hq_core.stages.signal import Signal

MINUTE = 60_000_000_000
START = 1_700_000_040_000_000_000 // MINUTE * MINUTE
VERBS = ("open_long", "close_long", "open_short", "close_short")
BARS = (
    ("ts", "i8"),
    ("open_time", "i8"),
    ("open", "f8"),
    ("high", "f8"),
    ("low", "f8"),
    ("close", "f8"),
    ("volume", "f8"),
    ("complete", "b1"),
)
NAN, INF = math.nan, math.inf


def columns(*prefixes):
    return (*BARS, *((prefix + verb, "f8") for prefix in prefixes for verb in VERBS))


SIGNALS = Schema("bar", "BTCUSDT", "1m", columns(""))


def row(i, open, high, low, close, orders=(NAN,) * 4, complete=1):
    return (START + (i + 1) * MINUTE, START + i * MINUTE, open, high, low, close, 1.0, complete, *orders)


def flat(i, price, *orders):
    return row(i, price, price, price, price, orders or (NAN,) * 4)


def rows(seed, n):
    """Bars with orders; some of them forming."""
    chance = random.Random(seed)
    price, made = 100.0, []
    for i in range(n):
        close = round(max(1.0, price * (1 + chance.gauss(0, 0.02))), 2)
        high, low = max(price, close) + chance.random(), min(price, close) * (1 - 0.03 * chance.random())
        orders = [chance.choice((INF, 2.5)) if chance.random() < 0.2 else NAN for _ in VERBS]
        if chance.random() < 0.1:
            made.append(row(i, price, high, low, price, orders, 0))
        made.append(row(i, price, high, low, close, orders))
        price = close
    return made


def stage(**terms):
    return BacktestStage(Terms(position_mode="hedge", margin="cross", pyramid=2, **terms))


def report_of(data):
    reports = [frame for frame in promises.said(data)[1] if frame["kind"] == "report"]
    return reports[-1] if reports else None


def table(data, kind):
    """The rows of one kind of output, as dicts."""
    found = []
    for what, item in promises.items(data):
        if what == "rows" and item.schema.of == kind:
            views = [(name, item.view(name)) for name in item.schema.names]
            found += [{name: view[i] for name, view in views} for i in range(item.n)]
    return found


# -- the filter's promises -----------------------------------------------------------------------------------
HERE = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
sizes = st.lists(st.integers(1, 40), min_size=1, max_size=4)


@HERE
@given(st.integers(0, 999), st.integers(0, 150), sizes, sizes, st.lists(st.integers(1, 900), min_size=1))
def test_how_the_input_is_cut_changes_nothing(seed, n, first, second, chunks):
    whole = promises.run(stage(), promises.stream(promises.cut(SIGNALS, rows(seed, n), first)))
    again = promises.run(stage(), promises.stream(promises.cut(SIGNALS, rows(seed, n), second)), chunks=chunks)
    assert promises.said(whole) == promises.said(again)


@HERE
@given(st.integers(0, 999), st.integers(0, 150), st.floats(0, 1))
def test_two_runs_with_a_state_file_are_one_run(tmp_path_factory, seed, n, share):
    made, state = rows(seed, n), tmp_path_factory.mktemp("state") / "s"
    k = int(len(made) * share)
    parts = [promises.stream(promises.cut(SIGNALS, part, [17])) for part in (made[:k], made[k:])]
    one = promises.run(stage(), promises.stream(promises.cut(SIGNALS, made, [13])), state.with_name("other"))
    two = b"".join(promises.run(stage(), part, state) for part in parts)
    assert promises.said(one) == promises.said(two)


def test_an_account_before_1970_goes_on_with_its_state(tmp_path):
    made = [(one[0] - 2 * START, one[1] - 2 * START, *one[2:]) for one in rows(3, 60)]
    parts = [promises.stream([(SIGNALS, part)]) for part in (made, made[:40], made[40:])]
    one = promises.run(stage(), parts[0], tmp_path / "one")
    two = b"".join(promises.run(stage(), part, tmp_path / "two") for part in parts[1:])
    assert promises.said(one) == promises.said(two)


def test_a_latency_beyond_the_last_ns_there_is_never_ends():
    last = (1 << 63) - 1 - START - 10 * MINUTE
    made = [
        (one[0] + last, one[1] + last, *one[2:])
        for one in (flat(0, 100.0, 1.0, NAN, NAN, NAN), flat(1, 100.0), flat(2, 100.0))
    ]
    assert table(promises.run(stage(), promises.stream([(SIGNALS, made)])), "fill")
    assert not table(promises.run(stage(latency="36500d"), promises.stream([(SIGNALS, made)])), "fill")


KINDS = ("order_state", "fill", "payment", "liquidation", "position", "equity")


def test_the_digest_tells_the_same_results_apart_as_the_rows_do():
    chance, seen, digests = random.Random(2), {}, set()
    for _ in range(150):
        made = rows(7, 40)
        at, place = chance.randrange(len(made)), chance.choice((2, 3, 4, 5, 8, 9, 10, 11))
        one = list(made[at])
        one[place] = 2.501 if place > 7 else {3: one[3] + 0.01, 4: one[4] - 0.01}.get(place, (one[4] + one[5]) / 2)
        made[at] = tuple(one)
        out = promises.run(stage(), promises.stream([(SIGNALS, made)]))
        said = repr([table(out, kind) for kind in KINDS])
        digest = report_of(out)["card"]["digest"]
        assert seen.setdefault(said, digest) == digest
        digests.add(digest)
    assert len(digests) == len(seen) > 50


@HERE
@given(st.integers(0, 999), st.integers(1, 150), st.floats(0, 1))
def test_the_output_of_a_prefix_is_a_prefix_of_the_output(seed, n, share):
    made = rows(seed, n)
    part = promises.run(stage(), promises.stream(promises.cut(SIGNALS, made[: int(len(made) * share)], [7])))
    whole = promises.run(stage(), promises.stream(promises.cut(SIGNALS, made, [11])))
    assert promises.is_prefix(promises.said(part), promises.said(whole))


def test_long_input_goes_through_in_pieces():
    made = [flat(i, 100.0, *((INF, NAN, NAN, NAN) if i % 2 else (NAN, INF, NAN, NAN))) for i in range(5000)]
    out = promises.run(BacktestStage(Terms(taker_fee=0.0)), promises.stream([(SIGNALS, made)]))
    assert len(table(out, "equity")) == 5000
    assert len(table(out, "fill")) == report_of(out)["orders"]["filled"] == 4998
    assert table(out, "equity")[-1]["equity"] == 1000.0


# -- which series is traded ----------------------------------------------------------------------------------
def test_bars_without_orders_are_read_past_and_other_kinds_pass():
    coarse = Schema("bar", "BTCUSDT", "4h", BARS)
    funding = Schema("funding", "BTCUSDT", "", (("ts", "i8"), ("rate", "f8")))
    data = promises.stream(
        [
            (coarse, [row(0, 1, 1, 1, 1)[:8]]),
            (funding, [(START, 0.0001)]),
            ({"kind": "note", "text": "x"}, []),
            (SIGNALS, [flat(0, 100.0, 1.0, NAN, NAN, NAN), flat(1, 101.0)]),
        ]
    )
    out = promises.run(BacktestStage(Terms()), data)
    said = promises.said(out)
    ours = {f"{kind}/BTCUSDT/1m" for kind in ("bar", "fill", "order_state", "position", "equity")}
    assert set(said[0]) == {"funding/BTCUSDT/", "bar/BTCUSDT/4h", *ours}
    assert [frame["kind"] for frame in said[1]] == ["note", "report"]
    assert [fill["price"] for fill in table(out, "fill")] == [101.0]


def test_forming_rows_are_counted_and_leave_no_trace():
    made = [flat(0, 100.0, 1.0, NAN, NAN, NAN), row(1, 101.0, 101.0, 1.0, 1.0, complete=0), flat(1, 101.0)]
    out = promises.run(BacktestStage(Terms()), promises.stream([(SIGNALS, made)]))
    assert promises.said(out)[2] == {"provisional": 1}
    assert len(table(out, "equity")) == 2
    assert report_of(out)["liquidated"] == 0


@pytest.mark.parametrize("whole", [1, 2, -1, -128])
def test_whether_a_bar_is_complete_may_be_told_in_an_i1(whole):
    at = SIGNALS.index("complete")
    made = rows(5, 60)
    assert any(not one[at] for one in made)
    cols = [(name, "i1" if name == "complete" else kind) for name, kind in SIGNALS.cols]
    told = [(*one[:at], one[at] * whole, *one[at + 1 :]) for one in made]
    want = promises.run(stage(), promises.stream([(SIGNALS, made)]))
    found = promises.run(stage(), promises.stream([(Schema("bar", "BTCUSDT", "1m", cols), told)]))
    assert made_of(found) == made_of(want)


def made_of(out):
    """What is said of a stream but for the bars that it passes."""
    said, maps, *rest = promises.said(out)
    maps = [{key: value for key, value in one.items() if key != "card"} for one in maps]
    return {key: rows for key, rows in said.items() if not key.startswith("bar/")}, maps, *rest


def refused(data, **options):
    terms = options.pop("terms", {})
    with pytest.raises(HqError) as error:
        promises.run(BacktestStage(Terms(**terms), **options), data)
    return error.value.code, str(error.value)


def idle(symbol, n):
    """Bars of a symbol that has columns of orders, and no orders."""
    return Schema("bar", symbol, "1m", columns("")), [flat(i, 5.0 + i % 3) for i in range(n)]


@HERE
@given(st.integers(0, 999), st.integers(1, 90), st.sampled_from(["AAA", "ZZZ"]), sizes, st.integers(0, 12))
def test_a_symbol_of_a_panel_is_traded_as_its_series_is(tmp_path, seed, n, other, cuts, quiet):
    """By itself with --symbol; and the panel's account has its money where the other symbol is never traded."""
    mine = [flat(i, 100.0) for i in range(quiet)]
    mine += [(values[0] + quiet * MINUTE, values[1] + quiet * MINUTE, *values[2:]) for values in rows(seed, n)]
    mine.append(row(n + quiet + 1, 100.0, 100.0, 100.0, 100.0, (1.0, NAN, NAN, NAN)))
    alone = promises.run(stage(), promises.stream(promises.cut(SIGNALS, mine, cuts)))
    pieces = [promises.stream([one]) for one in (idle(other, len(mine)), (SIGNALS, mine))]
    panel = panel_runs.merged(*pieces)
    named = promises.run(BacktestStage(stage().terms, symbol="BTCUSDT"), panel)
    assert made_of(named)[:2] == made_of(alone)[:2]
    found = promises.run(stage(), panel)
    wealth = {one["ts"]: one["equity"] for one in table(found, "equity")}
    for one in table(alone, "equity"):
        assert wealth[one["ts"]] == one["equity"]
    state = tmp_path / "s"
    state.unlink(missing_ok=True)
    small = panel_runs.recut(panel, range(1, 2 * len(mine)))
    broken = promises.run_until_it_breaks(stage(), small[: len(small) * 2 // 3], state, 1)
    assert promises.is_prefix((promises.said_before_it_breaks(broken),), promises.said(found))


def test_a_panel_without_an_order_has_its_report_all_the_same(tmp_path):
    panel = panel_runs.merged(*(promises.stream([idle(symbol, 9)]) for symbol in ("ETHUSDT", "BTCUSDT")))
    report = report_of(promises.run(stage(), panel))
    assert (report["symbol"], report["rows"], report["trades"]) == ("", 9, 0)


def test_what_is_refused_and_why():
    plain = Schema("bar", "BTCUSDT", "1m", BARS)
    bare = promises.stream([(plain, [row(0, 1, 1, 1, 1)[:8]])])
    code, text = refused(bare)
    assert code == DATA
    assert text == (
        "no orders came: bar/BTCUSDT/1m has no column 'open_long' and no rows of kind order are beside it; "
        "hq-backtest STRATEGY.hq runs a strategy, or hq-signal STRATEGY.hq goes before"
    )
    other = Schema("bar", "ETHUSDT", "1m", columns(""))
    both = promises.stream([(SIGNALS, [flat(0, 1.0, 1.0, NAN, NAN, NAN)]), (other, [flat(0, 1.0, 1.0, NAN, NAN, NAN)])])
    what = "bar/ETHUSDT/1m was announced when bar/BTCUSDT/1m was traded already; hq-merge lays them together, or choose"
    assert refused(both) == (DATA, f"{what} one with symbol")
    assert "there are those of BTCUSDT, ETHUSDT" in refused(both, symbol="ETH")[1]
    bad = promises.stream([(SIGNALS, [flat(0, 1.0), row(1, 1.0, 2.0, 1.5, 1.0)])])
    when = iso_text(START + 2 * MINUTE)
    assert refused(bad)[1].startswith(f"row 1 ({when}): open 1.0, high 2.0, low 1.5, close 1.0: must")
    back = promises.stream([(SIGNALS, [flat(1, 1.0), flat(0, 1.0)])])
    assert refused(back)[0] == DATA
    assert refused(back)[1].startswith("bar/BTCUSDT/1m row 2: ts ")
    fight = promises.stream([(SIGNALS, [flat(0, 1.0, 1.0, NAN, 1.0, NAN)])])
    assert "row 0" in refused(fight, terms={"conflict": "error"})[1]
    odd = Schema("bar", "B", "1m", (*BARS, ("open_long", "i8")))
    assert (
        refused(promises.stream([(odd, [(*row(0, 1.0, 1.0, 1.0, 1.0)[:8], 1)])]))[1]
        == "column 'open_long' of bar/B/1m is i8, must be f8"
    )


def test_rows_before_the_wrong_one_are_written():
    data = promises.stream([(SIGNALS, [flat(0, 1.0), flat(1, 1.0), row(2, 1.0, 2.0, 1.5, 1.0), flat(3, 1.0)])])
    broken = promises.run(BacktestStage(Terms()), data, break_ok=True)
    assert len(promises.said_before_it_breaks(broken)["equity/BTCUSDT/1m"]["ts"]) == 2 * 8


def test_one_of_several_strategies():
    schema = Schema("bar", "BTCUSDT", "1m", columns("up.", "down."))
    made = [
        (*row(0, 100.0, 100.0, 100.0, 100.0)[:8], 1.0, NAN, NAN, NAN, NAN, NAN, 2.0, NAN),
        (*row(1, 100.0, 100.0, 100.0, 100.0)[:8], *(NAN,) * 8),
    ]
    data = promises.stream([(schema, made)])
    for name, fills in (("up", [(1, 1.0)]), ("down", [(-1, 2.0)])):
        out = promises.run(BacktestStage(Terms(), strategy=name), data)
        assert [(fill["side"], fill["quantity"]) for fill in table(out, "fill")] == fills
    both = promises.run(BacktestStage(Terms()), data)
    assert [(fill["account"], fill["side"], fill["quantity"]) for fill in table(both, "fill")] == [
        (0, 1, 1.0),
        (1, -1, 2.0),
    ]
    assert [one["account"] for one in promises.said(both)[1]] == ["up", "down"]
    assert refused(data, strategy="upp") == (
        USAGE,
        "strategy: 'upp' has no orders in bar/BTCUSDT/1m; there are up, down; did you mean up?",
    )


def test_mark_columns_decide_liquidations():
    marks = (("mark_high", "f8"), ("mark_low", "f8"), ("mark_close", "f8"))
    schema = Schema("bar", "BTCUSDT", "1m", (*columns(""), *marks))
    made = [(*flat(0, 10_000.0, 0.9, NAN, NAN, NAN), NAN, NAN, NAN), (*flat(1, 10_000.0), 10_000.0, 9_000.0, 9_990.0)]
    out = promises.run(BacktestStage(Terms(fill="close")), promises.stream([(schema, made)]))
    (node,) = table(out, "liquidation")
    assert (node["mark"], node["liquidation_price"], node["row"]) == (9000.0, pytest.approx(9036.144578313253), 1)
    told = {name: value for name, value in node.items() if name != "account"}
    assert report_of(out)["liquidations"][0] == {**told, "symbol": "BTCUSDT", "side": "long"}


# -- brackets ------------------------------------------------------------------------------------------------
def bracket(symbol, rate, since=None):
    rows = [
        {
            "bracket": 1,
            "initialLeverage": 20,
            "notionalFloor": 0,
            "notionalCap": 5000,
            "maintMarginRatio": rate,
            "cum": 0,
        }
    ]
    return {"symbol": symbol, "brackets": rows, **({"valid_from": since} if since else {})}


def test_brackets_change_when_their_time_comes(tmp_path):
    # START is 2023-11-14 22:14: the second version holds from the third bar on
    file = tmp_path / "b.json"
    file.write_text(json.dumps([bracket("BTCUSDT", 0.01), bracket("BTCUSDT", 0.02, "2023-11-14T22:17:00")]))
    data = [flat(0, 100.0, 10.0, NAN, NAN, NAN), *(flat(i, 100.0) for i in range(1, 6))]
    for framing in ([6], [1], [4, 2]):
        out = promises.run(
            BacktestStage(Terms(taker_fee=0.0, fill="close"), brackets=str(file)),
            promises.stream(promises.cut(SIGNALS, data, framing)),
        )
        prices = [r["long_liquidation"] for r in table(out, "equity")]
        assert prices[:2] == [pytest.approx(90 / 0.99)] * 2
        assert prices[2:] == [pytest.approx(90 / 0.98)] * 4
        assert report_of(out)["orders"]["cut"]["bracket"] == 0
    file.write_text(json.dumps([bracket("BTCUSDT", 0.01, "2024-01-01")]))
    code, text = refused(promises.stream([(SIGNALS, data)]), brackets=str(file))
    assert code == CONFIG
    assert "is valid from 2024-01-01T00:00:00Z, the data begins at" in text


def test_a_symbol_without_brackets_is_never_given_a_default(tmp_path):
    file = tmp_path / "b.json"
    file.write_text(json.dumps([bracket("ETHUSDT", 0.01)]))
    code, text = refused(promises.stream([(SIGNALS, [flat(0, 1.0)])]), brackets=str(file))
    assert (code, "no entry for symbol 'BTCUSDT'" in text) == (CONFIG, True)
    file.write_text(json.dumps([bracket("BTCUSDT", 0.01)]))
    code, text = refused(promises.stream([(SIGNALS, [flat(0, 1.0)])]), brackets=str(file), terms={"leverage": 50})
    assert (code, text) == (CONFIG, "leverage: BTCUSDT: 50, must be 1 to 20 by its first bracket")
    with pytest.raises(HqError) as error:
        BacktestStage(Terms(), brackets=str(tmp_path / "none"))
    assert error.value.code == NOINPUT


# -- the command ---------------------------------------------------------------------------------------------
def command(data, *args, stdout=subprocess.PIPE):
    env = {**os.environ, "PYTHONPATH": str(ROOT / "core")}
    done = subprocess.run(
        [sys.executable, "-m", "hq_cli.backtest", *args],
        input=data,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=env,
        timeout=120,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr.decode()


CRASH = [
    flat(0, 10_000.0, INF, NAN, NAN, NAN),
    flat(1, 10_000.0),
    row(2, 10_000.0, 10_000.0, 8_000.0, 9_900.0),
    flat(3, 9_900.0),
]


def test_json_is_one_object_and_nothing_else():
    code, out, err = command(promises.stream([(SIGNALS, CRASH)]), "--json")
    assert (code, err) == (0, "")
    assert out.count(b"\n") == 1
    report = json.loads(out, parse_constant=lambda name: pytest.fail(f"{name} in the report"))
    assert report["kind"] == "report"
    assert report["liquidated"] == 1
    assert report["liquidations"][0]["row"] == 2
    assert report["periods_per_year"] == 525_600
    assert "sqrt(periods_per_year)" in report["definitions"]["sharpe_ann"]
    ledger = report["initial_margin"] + report["realised"] - report["fees"] + report["insurance"]
    assert report["final_equity"] == pytest.approx(ledger + report["unrealised"], abs=1e-9)


def test_liquidation_fails_only_where_asked():
    data = promises.stream([(SIGNALS, CRASH)])
    assert command(data)[0] == 0
    assert command(data, "--fail-on-liquidation")[0] == 1
    assert command(data, "--json", "--fail-on-liquidation")[0] == 1
    assert command(data, "--fail-on-liquidation", "--leverage", "1")[0] == 0


def test_frames_and_json_tell_the_same_report():
    data = promises.stream([(SIGNALS, CRASH)])
    code, out, _ = command(data)
    assert code == 0
    assert without_card(report_of(out)) == without_card(json.loads(command(data, "--json")[1]))


def without_card(report):
    """A report but for what its command line was."""
    return {name: value for name, value in report.items() if name != "card"}


def test_errors_have_one_line_and_their_code(tmp_path):
    data = promises.stream([(Schema("bar", "X", "1m", BARS), [row(0, 1, 1, 1, 1)[:8]])])
    for args, input_, code, line in (
        (["--json"], data, DATA, "hq-backtest: no orders came: "),
        (["--json"], promises.stream([]), DATA, "hq-backtest: input has no bars, so there is nothing to report"),
        (["--leverage", "0"], data, USAGE, "hq-backtest: --leverage: 0, must be 1 to 150"),
        (["--lot", "a"], data, USAGE, "hq-backtest: --lot: 'a', must be a decimal number above 0"),
        (["--brackets", str(tmp_path / "x")], data, NOINPUT, "hq-backtest: --brackets: "),
        (
            ["--leverage", "100", "--maintenance", "0.02"],
            promises.stream([(SIGNALS, CRASH)]),
            CONFIG,
            "hq-backtest: --maintenance: rate 0.02, must be below 1/leverage = 0.01",
        ),
    ):
        got, out, err = command(input_, *args)
        assert (got, err.startswith(line), err.count("\n")) == (code, True, 1), err
        assert out == b"" or "--json" not in args


def test_a_full_disk_is_an_error_of_its_own():
    with open("/dev/full", "wb") as full:
        for args in (["--json"], []):
            code, _, err = command(promises.stream([(SIGNALS, CRASH)]), *args, stdout=full)
            assert (code, err) == (IO, "hq-backtest: cannot write: No space left on device\n")


def test_same_bar_fills_are_named():
    data = promises.stream([(SIGNALS, CRASH)])
    report = json.loads(command(data, "--json", "--fill", "close")[1])
    assert report["fill"] == "same-bar"
    assert "lookahead" in report["notes"][0]
    assert all("lookahead" not in note for note in json.loads(command(data, "--json")[1])["notes"])


def test_state_carries_the_account_and_json_tells_how_far_it_is(tmp_path):
    state = str(tmp_path / "s")
    whole = json.loads(command(promises.stream([(SIGNALS, rows(5, 200))]), "--json")[1])
    made = rows(5, 200)
    for part in (made[:90], made[90:]):
        code, out, err = command(promises.stream([(SIGNALS, part)]), "--json", "--state", state)
        assert code == 0, err
    assert without_card(json.loads(out)) == without_card(whole)
    code, out, err = command(promises.stream([(SIGNALS, made)]), "--state", state, "--leverage", "11")
    assert code == CONFIG, err


def test_a_terminal_shows_text_of_at_most_80_columns():
    import pty

    reading, writing = pty.openpty()
    code, _, err = command(promises.stream([(SIGNALS, CRASH)]), stdout=writing)
    os.close(writing)
    text = os.read(reading, 65536).decode()
    os.close(reading)
    assert code == 0, err
    lines = text.splitlines()
    assert all(line.isprintable() and len(line) <= 80 for line in lines)
    assert lines[0].split()[:4] == ["market", "BTCUSDT", "1m", "usdm,"]
    assert any(line.startswith("liquidations      1") for line in lines)


def test_readable_text_stays_in_its_columns_whatever_the_numbers():
    out = promises.run(stage(initial_margin=1e15, taker_fee=0.0), promises.stream([(SIGNALS, rows(1, 300))]))
    for line in readable(report_of(out)).splitlines():
        assert len(line) <= 80, line
    assert wrapped("a", "b " * 60)[1].startswith(" " * 18 + "b")


# -- the library ---------------------------------------------------------------------------------------------
def test_library_and_filter_keep_the_same_account():
    made = [
        flat(i, price, *orders)
        for i, (price, orders) in enumerate(
            [
                (100.0, (2.0, NAN, NAN, INF)),
                (103.0, (NAN,) * 4),
                (101.0, (NAN, INF, 3.0, NAN)),
                (99.0, (NAN,) * 4),
                (104.0, (2.5, NAN, NAN, INF)),
                (98.0, (NAN,) * 4),
            ]
        )
    ]
    report = report_of(promises.run(BacktestStage(Terms(fill="close", size="all")), promises.stream([(SIGNALS, made)])))
    ledger = Ledger(1000, 10, symbol="BTCUSDT", period="1m", size="all")
    for bar in made:
        ts, price, orders = bar[0], bar[2], bar[8:]
        if not math.isnan(orders[0]):  # BUY, as the documents write it: open the long, then close the short
            ledger.open_long(price, orders[0], ts)
            ledger.sell_short(price, orders[3], ts)
        if not math.isnan(orders[2]):
            ledger.buy_short(price, orders[2], ts)
            ledger.sell_long(price, orders[1], ts)
        ledger.mark(ts, price, price, price)
    result = ledger.backtest_result()
    for name in (
        "final_equity",
        "realised",
        "fees",
        "trades",
        "wins",
        "max_drawdown",
        "sharpe_ann",
        "turnover",
        "open_positions",
    ):
        assert result[name] == report[name], name
    assert report["trades"] == 2


def test_library_tells_the_node_of_a_liquidation():
    ledger = Ledger(initial_margin=1000, leverage=10, contract_size=1, maker_fee_rate=0.00044, taker_fee_rate=0.0)
    ledger.mark(MINUTE, 10_000.0, 10_000.0, 10_000.0)
    assert ledger.open_long(10_000.0, 100)[0]["quantity"] == 1.0  # cut to what the margin allows
    assert ledger.position("long") == 1.0
    (fill,) = ledger.mark(2 * MINUTE, 10_000.0, 9_000.0, 9_500.0)
    assert fill["price"] == 9036.144578313253
    result = ledger.backtest_result()
    (node,) = result["liquidations"]
    assert (node["side"], node["row"], node["ts"], node["quantity"]) == ("long", 1, 2 * MINUTE, 1.0)
    assert result["orders"]["cut"]["margin"] == 1
    assert ledger.position("long") == 0.0
    assert ledger.liquidation_price("long") is None
    assert ledger.equity == ledger.wallet == pytest.approx(36.144578313253)


def test_library_ends_at_bankruptcy_and_refuses_nonsense():
    ledger = Ledger(1000, 10, taker_fee_rate=0.0, margin="cross")
    ledger.open_short(100.0)
    ledger.mark(MINUTE, 300.0, 100.0, 200.0, open=200.0)
    assert ledger.bankrupt
    assert ledger.equity == 0.0
    assert ledger.open_long(100.0) == []
    assert ledger.backtest_result()["orders"]["ignored"]["bankrupt"] == 1
    fresh = Ledger()
    for call in (
        lambda: fresh.open_long(math.nan),
        lambda: fresh.open_long(1.0, math.nan),
        lambda: fresh.mark(5, 1.0, 2.0, 1.5),
    ):
        with pytest.raises(HqError):
            call()
    fresh.mark(5, 1.0, 1.0, 1.0)
    with pytest.raises(HqError, match="goes back"):
        fresh.mark(4, 1.0, 1.0, 1.0)
    assert fresh.backtest_result()["final_equity"] == 1000.0


def test_a_report_with_many_liquidations_lists_a_hundred_and_counts_all():
    # each pair of bars opens one contract of 100 at 10x, and falls through its liquidation price
    made = []
    for i in range(0, 500, 2):
        made += [flat(i, 100.0, 1.0, NAN, NAN, NAN), row(i + 1, 100.0, 100.0, 80.0, 100.0)]
    out = promises.run(BacktestStage(Terms(initial_margin=1e6, fill="close")), promises.stream([(SIGNALS, made)]))
    report = report_of(out)
    assert (report["liquidated"], len(report["liquidations"])) == (250, 100)
    assert [node["row"] for node in report["liquidations"][:3]] == [1, 3, 5]
    assert len(table(out, "liquidation")) == 250


def test_merged_funding_is_paid_for_what_was_held_at_its_time():
    """hq-merge gives many bars at once; funding of their time comes before them."""
    closes = {at: 100.0 + at % 3 for at in range(200)}
    rates = [(panel_runs.START + at * panel_runs.MINUTE, 0.001) for at in range(0, 200, 5)]
    funding = frames((Schema("funding", "BTC", "", (("ts", "i8"), ("rate", "f8"))), rates))
    data = panel_runs.merged(panel_runs.bars("BTC", closes), funding)
    orders = (
        "old = COUNT(close > 0, 150) == 150\nIF old THEN CLOSE\nIF COUNT(close > 0, 100) == 100 AND NOT old THEN BUY"
    )
    out = promises.run(BacktestStage(Terms()), promises.run(Signal([("s", orders, "s.hq")]), data))
    opened, closed = table(out, "fill")[:2]
    paid = [one["ts"] for one in table(out, "payment")]
    assert paid == [ts for ts, _ in rates if opened["fill_time"] < ts <= closed["fill_time"]] != []
