"""What made a fill: the note that the account took of it as it was made, in words and numbers.

What the account does not keep, as the liquidation price before its next use, comes from the account's own functions,
which are given what it was when the fill was made.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from hq_core.futures import blocks
from hq_core.futures.blocks import (
    ASK,
    BID,
    CEILING,
    ENTRY,
    FLOOR,
    HALF,
    LAST,
    LOG_VALUES,
    LOTS,
    LOWER,
    MARGIN,
    MARK,
    O_BEGAN,
    O_BEST,
    O_DONE,
    O_GROUP,
    O_LEFT,
    O_TS,
    ORDER_WIDTH,
    STANDS,
    SYMBOL_WIDTH,
    UPPER,
    VOLUME,
)
from hq_core.futures.fills import sure_price
from hq_core.futures.liquidation import set_levels
from hq_core.futures.orders import END, limit_of
from hq_core.futures.positions import contracts_of, gains, hold, margin_used, price_of, side_at
from hq_core.futures.resting import buys, follows, level
from hq_core.futures.terms import TRADES
from hq_core.jit import bits_of
from hq_core.kinds import FILL, ORDER, REASONS
from hq_core.options import options_of
from hq_core.options.account import FillOptions

if TYPE_CHECKING:
    from array import array
    from collections.abc import Mapping

    from hq_core.futures.engine import Account

# where each column of an order stands in its row
PLACES = {name: getattr(blocks, f"O_{name.removesuffix('_only').upper()}", -1) for name, _ in ORDER.cols}


def explanation(account: Account, name: str, fill: Mapping[str, Any]) -> dict[str, Any]:
    """What made a fill of the account's last run.

    name   the account's
    fill   the row of kind fill
    """
    note, s = account.noted, account.state
    met, leg, goal, had, had_entry, had_margin, had_wallet, wallet, sides, given = note[:LOG_VALUES]
    rest = note[LOG_VALUES:]
    width = ORDER_WIDTH if given else 0
    r, p = rest[:width], rest[width : width + SYMBOL_WIDTH * s.symbols]
    number, side = fill["symbol"], fill["side"]
    at = number * SYMBOL_WIDTH
    words = {column: FILL.codes[column][str(fill[column])] for column in FILL.codes}
    reason = REASONS.index(words["reason"])
    forced = words["reason"] == "liquidation"
    marks = STANDS if forced else MARK  # others go with it at the marks at which they stand
    found = {
        "account": name,
        "fill": {
            **{column: words.get(column, fill.get(column)) for column, _ in FILL.cols if column != "account"},
            "symbol": account.symbols[number],
        },
        "order": _order(r, name) if given else None,
        "bar": _bar(account, fill["ts"], number, p, at, marks),
        "where": {"step": _step(fill, r, reason, leg, account), **_leg(p, at, int(leg), goal)},
    }
    taken = words["liquidity"] == "taker" and bool(given)
    buy = words["action"] in ("open_long", "close_short")
    worst = limit_of(r, 0) if given else math.nan
    found["price"] = {
        "reached": met,
        "sure": sure_price(s, p, at, met, buy, worst) if taken else met,
        "given": fill["price"],
        **({"bid": p[at + BID], "ask": p[at + ASK], "half_spread_frac": p[at + HALF]} if taken and s.quotes else {}),
    }
    terms = account.terms
    found["options"] = {name: getattr(terms, name) for name in options_of(FillOptions)} if taken else {}
    found["fee_rate"] = s.taker + (s.liquidation_fee if forced else 0.0) if words["liquidity"] == "taker" else s.maker
    found |= _money(account, p, at, side, wallet, (had, had_entry, had_margin, had_wallet), sides, marks)
    return found


def _order(r: array[float], name: str) -> dict[str, Any]:
    """The order as it stood when it filled: what it says, then what had become of it."""
    found: dict[str, Any] = {}
    for column, kind in ORDER.cols:
        value = r[PLACES[column]]
        if column == "strategy":
            found[column] = name
        elif column in ORDER.codes:
            found[column] = ORDER.codes[column].get(str(int(value)))
        elif column == "ts" or (column == "expire" and value):
            found[column] = bits_of(value)
        elif kind == "f8" and not math.isnan(value):
            found[column] = value
        elif kind != "f8" and PLACES[column] >= 0 and value > 0.0:
            found[column] = True if kind == "b1" else int(value)
    if follows(r, 0):
        found |= {"best": r[O_BEST], "level": level(r, 0)}
    return found | {
        "of_entry": bool(r[O_GROUP] < 0.0),
        "buys": buys(r, 0),
        "began": bits_of(r[O_BEGAN]),
        "filled_before_lots": int(r[O_DONE]),
        "left_before_lots": int(r[O_LEFT]),
    }


def _bar(account: Account, ts: int, number: int, p: array[float], at: int, marks: int) -> dict[str, Any]:
    """The row of the input in which it filled: a bar, or with --path trades the trade."""
    if account.terms.finer == TRADES and p[at + FLOOR] == p[at + CEILING]:
        return {"ts": ts, "price": p[at + LAST], "qty": p[at + VOLUME], "mark": p[at + marks]}
    bar = account.bars(ts, number)[0]
    return {name: value for name, value in bar.items() if name != "complete"} | {"mark": p[at + marks]}


def _step(fill: Mapping[str, Any], r: array[float], reason: int, leg: float, account: Account) -> str:
    """Which of the account's steps it was."""
    if leg:
        return "path"
    if reason == END:
        return "end"
    if len(r) and bits_of(r[O_TS]) == fill["ts"]:
        return "close"
    if not len(r) and fill["fill_time"] == fill["ts"]:
        return "settle"
    return "open"


def _leg(p: array[float], at: int, leg: int, goal: float) -> dict[str, Any]:
    if not leg:
        return {}
    to = "close" if leg == 3 else "low" if goal == p[at + FLOOR] else "high"
    return {"leg": leg, "towards": to, "goal": goal}


def _money(
    account: Account,
    p: array[float],
    at: int,
    side: int,
    wallet: float,
    had: tuple[float, float, float, float],
    sides: float,
    marks: int,
) -> dict[str, Any]:
    """Position, margin, liquidation price, wallet and equity before the fill and after it.

    marks   the place of each symbol's mark
    """
    s = account.state
    lots, entry, margin, wallet_before = had
    kept = s.wallet, s.open
    h, line = side_at(at, side), at + (LOWER if side > 0 else UPPER)
    standing, after, before = p[line], p[:], p[:]
    s.open = int(sides)
    hold(s, before, at, side, int(lots), entry, margin)
    found: dict[str, Any] = {}
    for when, block, money in (("before", before, wallet_before), ("after", after, wallet)):
        s.wallet = money
        if when == "after":
            set_levels(s, block, at, *account.tiers)
        held = block[h + LOTS] > 0.0
        reached = standing if when == "before" else block[line]
        found[when] = {
            "position": contracts_of(block, at, int(block[h + LOTS])),
            "entry": price_of(s, block[h + ENTRY]) if held else None,
            "margin": block[h + MARGIN] if s.cross == 0 else margin_used(s, block),
            "liquidation_price": reached if held and math.isfinite(reached) else None,
            "wallet": money,
            "equity": money + gains(s, block, marks),
        }
    s.wallet, s.open = kept
    return found
