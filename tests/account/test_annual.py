"""Annual figures: how many rows make a year, what a short run may say, and closing at the end of the input."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta

import frames
import numpy as np
import pytest

from hq_core.futures.calendar import DAY_NS, periods_per_year

HEADER = "open_time,open,high,low,close,volume,open_long,close_long"


def told(
    run, opens: list[datetime], period: timedelta, options: str = "", orders: dict[int, str] | None = None
) -> dict:
    """The report over bars that open at these times; prices rise by 1 in 1000 a bar."""
    lines = [HEADER]
    for i, time in enumerate(opens):
        price = 100.0 * 1.001**i
        order = (orders or {}).get(i, ",")
        lines.append(f"{time.isoformat().replace('+00:00', 'Z')},{price},{price},{price},{price},1,{order}")
    name = {86400: "1d", 3600: "1h", 300: "5m", 604800: "1w"}[int(period.total_seconds())]
    ran = run(
        f"hq-import --symbol X --period {name} | hq-backtest --leverage 1 --taker-fee 0 --json {options}",
        ("\n".join(lines) + "\n").encode(),
    )
    assert ran.code == 0, ran.stderr
    return json.loads(ran.text)


def days(start: datetime, n: int, weekend: bool) -> list[datetime]:
    found = []
    while len(found) < n:
        if weekend or start.weekday() < 5:
            found.append(start)
        start += timedelta(days=1)
    return found


START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.mark.parametrize("hours", [0, 5, 15])  # days of London, New York and Tokyo, in UTC
def test_a_stock_exchange_has_252_days(run, hours: int) -> None:
    report = told(run, days(START + timedelta(hours=hours), 260, weekend=False), DAY)
    assert (report["periods_per_year"], report["periods_per_year_from"]) == (
        252.0,
        "252 days: no rows on two days of the week",
    )


def test_a_market_that_never_closes_has_365(run) -> None:
    report = told(run, days(START, 100, weekend=True), DAY)
    assert (report["periods_per_year"], report["periods_per_year_from"]) == (365.0, "period 1d, open all days")


def test_sessions_of_a_stock_exchange_are_counted(run) -> None:
    opens = [day + timedelta(hours=14, minutes=30 + 5 * i) for day in days(START, 30, weekend=False) for i in range(78)]
    report = told(run, opens, timedelta(minutes=5))
    assert report["periods_per_year"] == 252 * 78
    assert report["periods_per_year_from"] == "252 days of 78 rows, none on two days of the week"


def test_years_are_those_of_the_calendar(run) -> None:
    """Two years of a stock's days, 2 in 1000 a week: the annual return is of two years, not of 522 / 365 of one."""
    opens = days(START, 522, weekend=False)
    report = told(run, opens, DAY, orders={0: "inf,"})
    span = (opens[-1] - opens[0]).total_seconds() / 86400 / 365.25
    assert report["return_ann"] == pytest.approx((report["final_equity"] / 1000.0) ** (1 / span) - 1, rel=1e-12)
    assert span == pytest.approx(2.0, abs=0.01)


def test_a_short_run_has_no_annual_return_and_three_digits(run) -> None:
    opens = [START + timedelta(hours=i) for i in range(200)]
    report = told(run, opens, timedelta(hours=1), orders={0: "1,", 100: ",1"})
    assert report["return_ann"] is None
    for name in ("vol_ann", "sharpe_ann", "sortino_ann"):
        assert report[name] is None or report[name] == float(f"{report[name]:.3g}")
    assert any("under 30 days" in note for note in report["notes"])


def test_what_the_user_knows_holds(run) -> None:
    opens = days(START, 100, weekend=True)
    plain, given = (
        told(run, opens, DAY, options, {0: "1,", 50: ",1", 60: "0.5,"}) for options in ("", "--periods-per-year 252")
    )
    assert (given["periods_per_year"], given["periods_per_year_from"]) == (252.0, "given")
    assert given["vol_ann"] == pytest.approx(plain["vol_ann"] * math.sqrt(252 / 365), rel=1e-12)


@pytest.mark.parametrize(
    ("period", "rows", "span", "seen_days", "weekdays", "wanted"),
    [
        ("1w", 52, 51 * 7 * DAY_NS, 52, 1, 365 / 7),
        ("1h", 49, 2 * DAY_NS, 3, 0b111, 365 * 24),  # under a week nobody can tell
        ("1h", 33, 2 * DAY_NS, 3, 0b111, 16 * 365.25),  # a row at most hours: those there are
        ("1h", 14, 2 * DAY_NS, 3, 0b111, None),  # as few as an exchange of sessions has
        ("", 11, 10 * DAY_NS, 11, 0b1111111, 365.25),
        ("", 1, 0, 1, 1, None),
        ("1h", 1, 0, 1, 1, 365 * 24),
        ("1h", 721, 30 * DAY_NS, 26, 0b111111, 720 / 30 * 365.25),  # six days: foreign exchange
        ("1m", 100_001, 100 * DAY_NS, 100, 0b1111111, 1000 * 365.25),  # minutes without trades are not there
        ("1d", 13, 365 * DAY_NS, 13, 0b11111, 12 / 365 * 365.25),  # business month ends are no 252 days
        ("1d", 13, 365 * DAY_NS, 13, 0b1111111, 12 / 365 * 365.25),  # nor month starts 365
        ("4w", 14, 13 * 31 * DAY_NS, 14, 0b1111111, 365.25 / 31),  # months are no 4w
    ],
)
def test_rows_a_year(period, rows, span, seen_days, weekdays, wanted) -> None:
    got, why = periods_per_year(period, rows, 0, span, seen_days, weekdays)
    assert got == (None if wanted is None else pytest.approx(wanted, rel=1e-12))
    assert why


def test_close_at_end_leaves_nothing_open(run) -> None:
    opens = days(START, 40, weekend=True)
    held, closed = (told(run, opens, DAY, options, {3: "2,"}) for options in ("", "--close-at-end"))
    assert [one["quantity"] for one in held["open_positions"]] == [2.0]
    assert closed["open_positions"] == []
    assert (held["trades"], closed["trades"]) == (0, 1)
    assert closed["final_equity"] == pytest.approx(held["final_equity"], rel=1e-12)  # no fee here


def test_the_fill_at_the_end_says_why(run) -> None:
    bars = [HEADER, *(f"2024-01-{d:02d}T00:00Z,10,10,10,10,1,{'5' if d == 2 else ''}," for d in range(1, 11))]
    line = "hq-import --symbol X --period 1d | hq-backtest --close-at-end | tee out.hqf | hq-export jsonl --kind fill"
    ran = run(line, ("\n".join(bars) + "\n").encode())
    first, last = map(json.loads, ran.text.splitlines())
    assert (first["action"], first["reason"]) == ("open_long", "signal")
    assert (last["action"], last["reason"]) == ("close_long", "end of input")
    assert (last["price"], last["quantity"]) == (10.0, 5.0)
    assert last["ts"] == "2024-01-11T00:00:00Z"
    rows = [json.loads(line) for line in run("hq-export jsonl --kind equity < out.hqf").text.splitlines()]
    assert rows[-1]["long"] == 0.0
    fees = first["fee"] + last["fee"]
    assert rows[-1]["equity"] == pytest.approx(1000.0 - fees, rel=1e-12)


def test_a_report_is_shown_as_text_where_it_is_asked_for(run) -> None:
    made = "hq-gen bars --rows 3000 --seed 1 | hq-signal s.hq | hq-backtest"
    run("printf 'IF RSI(14) < 30 THEN BUY()\\nIF RSI(14) > 70 THEN SELL()\\n' > s.hq")
    text = run(f"{made} --text")
    assert text.text.startswith("market            BTCUSDT 1m usdm")
    assert run(f"{made} > saved.hqf; hq-export report < saved.hqf").text == text.text
    assert run("hq-gen bars --rows 3 --seed 1 | hq-export report").code == 65
    assert run(f"{made} --text --json").code == 2


def test_leverage_goes_to_150(run) -> None:
    made = "hq-gen bars --rows 300 --seed 1 | hq-signal s.hq | hq-backtest --json --leverage"
    run("printf 'IF RSI(14) < 30 THEN BUY()\\n' > s.hq")
    assert run(f"{made} 150").code == 0
    assert "must be 1 to 150" in run(f"{made} 151").stderr


def wave(rows: int, partial: tuple[int, ...] = ()) -> bytes:
    """Daily bars up and down by 1 in 100, long from the third on; those of `partial` are forming bars."""
    lines = [HEADER + ",complete"]
    for i in range(rows):
        price = 100.0 + i % 3
        lines.append(
            f"{START.timestamp() + 86400 * i:.0f}000,{price},{price + 2},{price - 2},{price + 1},1,"
            f"{'5' if i == 2 else ''},,{int(i not in partial)}"
        )
    return ("\n".join(lines) + "\n").encode()


@pytest.mark.parametrize("options", ["", "--fill close", "--maintenance 0.9 --leverage 1 --size 9"])
@pytest.mark.parametrize("partial", [(), (59,), (30, 57, 58, 59)])
def test_the_statistics_are_those_of_the_equity_rows_when_all_is_closed(run, options: str, partial) -> None:
    """The fee of the closing fill, 5 % here, was in the final equity and in no statistic."""
    line = (
        "hq-import --symbol X --period 1d | hq-backtest --leverage 1 --taker-fee 0.05 --close-at-end "
        f"{options} > out.hqf; hq-export jsonl < out.hqf"
    )
    said = [json.loads(line) for line in run(line, wave(60, partial)).text.splitlines()]
    report = said[-1]
    curve = np.array([1000.0, *(row["equity"] for row in said if row["kind"] == "equity")])
    returns = curve[1:] / curve[:-1] - 1.0
    peak = np.maximum.accumulate(curve)
    assert len(returns) == report["rows"] == 60 - len(partial)
    assert curve[-1] == report["final_equity"]
    assert report["open_positions"] == []
    assert report["max_drawdown"]["frac"] == pytest.approx(((peak - curve) / peak).max(), rel=1e-12)
    scale = math.sqrt(report["periods_per_year"])
    assert report["vol_ann"] == pytest.approx(returns.std(ddof=1) * scale, rel=1e-12)
    assert report["sharpe_ann"] == pytest.approx(returns.mean() / returns.std(ddof=1) * scale, rel=1e-12)
    downside = math.sqrt((np.minimum(returns, 0.0) ** 2).mean())
    assert report["sortino_ann"] == pytest.approx(returns.mean() / downside * scale, rel=1e-12)
    assert report["orders"]["total"] == 1  # the end is no order of the strategy


def test_closing_at_the_end_changes_nothing_before_the_last_row(run) -> None:
    line = "hq-import --symbol X --period 1d | hq-backtest --leverage 1 {} | hq-export csv --kind equity"
    held, closed = (run(line.format(options), wave(60)).text.splitlines() for options in ("", "--close-at-end"))
    assert closed[:-1] == held[:-1]
    assert closed[-1] != held[-1]


def test_a_bar_that_is_wrong_is_named_by_its_row_when_the_last_one_waits(run) -> None:
    lines = wave(60, (55, 56)).split(b"\n")
    lines[58] = lines[58].replace(b",1,,,1", b",1,3,3,1")
    for options in ("", "--close-at-end"):
        ran = run(f"hq-import --symbol X --period 1d | hq-backtest --conflict error {options} > out", b"\n".join(lines))
        assert ran.code == 65
        assert "row 57 (" in ran.stderr


def test_a_run_that_goes_on_closes_nothing_and_says_so(run) -> None:
    """With --state the option was passed over without a word."""
    ran = run("hq-gen bars --rows 9 --seed 1 | hq-backtest --close-at-end --state s", b"")
    assert (ran.code, ran.stdout) == (2, b"")
    assert "hq-backtest: --close-at-end: with --state the run goes on, so nothing is closed at its end" in ran.stderr


def test_a_mark_does_not_pass_the_row_that_waits(run) -> None:
    """Else rows came after a mark that says none of their ts comes any more."""
    schema = frames.bars([])[0].with_columns([("open_long", "f8")])
    rows = [
        ((i + 1) * 10**9, i * 10**9, 1.0, 1.0, 1.0, 1.0, 1.0, 1, math.inf if i == 0 else math.nan) for i in range(2)
    ]
    sent = frames.frames(
        (schema, rows[:1]), {"kind": "mark", "ts": 10**9 + 5}, (schema, rows[1:]), {"kind": "mark", "ts": 10**15}
    )
    marked = 0
    for kind, item in frames.items(run("hq-backtest --close-at-end", sent).stdout):
        if kind == "mark":
            marked = item
        elif kind == "rows":
            assert item.view("ts")[0] >= marked
    assert marked == 2 * 10**9
