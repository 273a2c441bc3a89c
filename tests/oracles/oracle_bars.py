"""Bars the slow way: a dict of rows by the bar's open time, exact sums by math.fsum.  Shares no code with hq_core."""

from __future__ import annotations

import math
from fractions import Fraction


def bar_open(ts, period):
    """The grid of UTC; weeks begin on Mondays, and 1970-01-05 was one."""
    week = 7 * 86400 * 10**9
    shift = 4 * 86400 * 10**9 if period == week else 0
    return ts - (ts - shift) % period


def bars_of_trades(trades, period):
    """trades: (ts, price, qty, side, count) in order.  open_time -> dict of the bar's columns, also of partial bars."""
    groups = {}
    for trade in trades:
        groups.setdefault(bar_open(trade[0], period), []).append(trade)
    found = {}
    for begin, rows in sorted(groups.items()):
        value = [p * q for _, p, q, _, _ in rows]
        bar = {
            "ts": begin + period,
            "open": rows[0][1],
            "high": max(p for _, p, _, _, _ in rows),
            "low": min(p for _, p, _, _, _ in rows),
            "close": rows[-1][1],
            "volume": math.fsum(q for _, _, q, _, _ in rows),
            "quote_volume": math.fsum(value),
            "trades": sum(n for _, _, _, _, n in rows),
        }
        for name, sign in (("buy", 1), ("sell", -1)):
            bar[f"{name}_volume"] = math.fsum(q for _, _, q, s, _ in rows if s == sign)
            bar[f"{name}_quote_volume"] = math.fsum(p * q for _, p, q, s, _ in rows if s == sign)
        bar["vwap"] = bar["quote_volume"] / bar["volume"] if bar["volume"] > 0 else math.nan
        found[begin] = bar
    return found


def bars_of_bars(bars, period, sums):
    """bars: dicts with open_time; open_time -> dict of the coarser bar, sums exactly rounded (through Fraction)."""
    groups = {}
    for bar in bars:
        groups.setdefault(bar_open(bar["open_time"], period), []).append(bar)
    found = {}
    for begin, rows in sorted(groups.items()):
        made = {
            "open": rows[0]["open"],
            "high": max(r["high"] for r in rows),
            "low": min(r["low"] for r in rows),
            "close": rows[-1]["close"],
        }
        for name in sums:
            made[name] = float(sum(Fraction(r[name]) for r in rows))
        found[begin] = made
    return found


def holes_of_bars(bars, period, base, whole_from):
    """open_time -> how many rows of `base` ns lack, for the bars from `whole_from` on of which any lack."""
    counts = {}
    for bar in bars:
        begin = bar_open(bar["open_time"], period)
        counts[begin] = counts.get(begin, 0) + 1
    return {begin: period // base - n for begin, n in counts.items() if begin >= whole_from and n < period // base}


def first_is_whole(first, period, slack):
    """Whether the bar of the first trade counts as whole: it comes within the slack, and within a hundredth of it."""
    return Fraction(first - bar_open(first, period)) <= min(slack, Fraction(period, 100))
