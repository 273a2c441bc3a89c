"""A flow of flows.py through the account: what came of it, as the slow account says it."""

from __future__ import annotations

import math
from array import array
from typing import Any

from flows import Flow

from hq_core.futures.blocks import (  # the prices of an order
    CAP,
    LEVERAGE,
    O_ACTION,
    O_EXPIRE,
    O_GROUP,
    O_ID,
    O_LIMIT,
    O_POST,
    O_QUANTITY,
    O_REDUCE,
    O_REF,
    O_SIDE,
    O_STOP,
    O_SYMBOL,
    O_TAKE,
    O_TIF,
    O_TRAIL,
    O_TRAIL_FRAC,
    O_TRIGGER,
    O_TYPE,
    O_UNIT,
    ORDER_SAID,
    SYMBOL_WIDTH,
)
from hq_core.futures.brackets import Brackets
from hq_core.futures.engine import Account
from hq_core.futures.terms import Terms
from hq_core.jit import float_of
from hq_core.kinds import ACTIONS, ORDER, ORDER_STATE, REASONS

CODES = {name: {word: int(code) for code, word in codes.items()} for name, codes in ORDER.codes.items()}
STATES = {int(code): word for code, word in ORDER_STATE.codes["state"].items()}
WORDS = list(REASONS)
PRICES = {
    "limit": O_LIMIT,
    "trigger": O_TRIGGER,
    "stop": O_STOP,
    "take": O_TAKE,
    "trail": O_TRAIL,
    "trail_frac": O_TRAIL_FRAC,
}
EQUITY = ("equity", "wallet", "unrealised", "realised", "fees", "funding", "insurance", "margin_used", "gross", "net")
LOGGED = {
    "fill": "fills",
    "order_state": "states",
    "liquidation": "liquidations",
    "payment": "payments",
    "position": "positions",
}
Row = dict[str, Any]


def account_of(flow: Flow) -> Account:
    """An account under the flow's terms, with its symbols."""
    options = {name: value for name, value in flow.options.items() if name != "latency"}
    terms = Terms(**{"maintenance": 0.0} | options)
    terms.latency_ns = flow.options.get("latency", 0)
    account = Account(terms)
    for name in sorted(flow.symbols):
        given = flow.symbols[name]
        tiers = given.get("brackets")
        table = (
            Brackets(name, *zip(*((rate, cum, cap) for _, cap, rate, cum in tiers)), [150] * len(tiers))
            if tiers
            else None
        )
        at = account.add(name, table) * SYMBOL_WIDTH
        account._p[at + LEVERAGE] = float(given.get("leverage") or terms.leverage)
    set_caps(account, flow)
    return account


def set_caps(account: Account, flow: Flow) -> None:
    """The largest notionals, which a flow gives apart from the tiers."""
    for number, name in enumerate(sorted(flow.symbols)):
        cap = flow.symbols[name].get("cap")
        account._p[number * SYMBOL_WIDTH + CAP] = math.inf if cap is None else cap


def columns_of(flow: Flow) -> dict[str, array]:
    """The bars as columns; those that no bar has are absent."""
    numbers = {name: number for number, name in enumerate(sorted(flow.symbols))}
    found = {"ts": array("q", [bar["ts"] for bar in flow.bars])}
    if flow.bars[0].get("open_time") is not None:
        found["open_time"] = array("q", [bar["open_time"] for bar in flow.bars])
    if len(numbers) > 1:
        found["symbol"] = array("i", [numbers[bar["symbol"]] for bar in flow.bars])
    for name in ("open", "high", "low", "close", "volume", "mark_high", "mark_low", "mark_close"):
        if name in flow.bars[0]:
            found[name] = array("d", [bar[name] for bar in flow.bars])
    return found


def order_row(order: Row, number: int) -> list[float]:
    """An order as blocks.py has it; a replacing one leaves what it does not name."""
    replaces = order["action"] == "replace"
    row = [0.0] * ORDER_SAID
    for name, place in PRICES.items():
        row[place] = math.nan if order.get(name) is None else order[name]
    row[O_ID], row[O_SYMBOL], row[O_SIDE] = order["order"], number, order["side"]
    row[O_ACTION], row[O_TYPE] = CODES["action"][order["action"]], CODES["type"][order.get("type", "market")]
    row[O_QUANTITY] = order.get("quantity", math.nan if replaces else math.inf)
    row[O_UNIT] = CODES["unit"][order["unit"]] if "unit" in order else -1.0
    row[O_TIF] = -1.0 if replaces else CODES["tif"][order.get("tif", "gtc")]
    row[O_EXPIRE] = float_of(order.get("expire") or 0)
    row[O_REDUCE], row[O_POST] = bool(order.get("reduce_only")), bool(order.get("post_only"))
    row[O_GROUP], row[O_REF] = order.get("group") or 0, order.get("ref") or 0
    return row


def run_fast(flow: Flow, cuts: tuple[int, ...] = (), again: bool = False) -> Row:
    """All that happened, as SlowAccount.run has it, and `account`.

    cuts    rows before which one call ends and the next begins; orders and funding come with the bars of their time
    again   a new account takes up what the one before saved at each cut
    """
    account, columns = account_of(flow), columns_of(flow)
    numbers = {name: number for number, name in enumerate(sorted(flow.symbols))}
    out: Row = {name: [] for name in (*LOGGED.values(), "equity")}
    edges = sorted({0, *cuts, len(flow.bars)})
    until = -1
    waiting: list[Row] = []
    due: list[Row] = []
    seen: list[Row] = []
    for start, stop in zip(edges, edges[1:]):
        if again and start:
            saved = account.save()
            account = account_of(flow)
            account.load(saved)
            set_caps(account, flow)
        before, until = until, flow.bars[stop - 1]["ts"]
        whole = stop == len(flow.bars)
        waiting += [order for order in flow.orders if before < order["ts"] <= until or (whole and order["ts"] > until)]
        due += [row for row in flow.funding if before < row["ts"] <= until or (whole and row["ts"] > until)]
        seen += [row for row in flow.quotes if before < row["ts"] <= until or (whole and row["ts"] > until)]
        account.bind({k: c.buffer_info()[0] + start * c.itemsize for k, c in columns.items()}, stop - start)
        n = stop - start
        first = 0
        while first < n:
            ots = array("q", [order["ts"] for order in waiting])
            said = array("d", [x for order in waiting for x in order_row(order, numbers[order["symbol"]])])
            account.orders(ots, said)
            funding = (
                array("q", [row["ts"] for row in due]),
                array("i", [numbers[row["symbol"]] for row in due]),
                array("d", [row["rate"] for row in due]),
                array("d", [row.get("mark_price", math.nan) for row in due]),
            )
            account.funding(*funding)
            quotes = (
                array("q", [row["ts"] for row in seen]),
                array("i", [numbers[row["symbol"]] for row in seen]),
                array("d", [row[name] for row in seen for name in ("bid", "bid_qty", "ask", "ask_qty")]),
            )
            account.quotes(*quotes)
            e_ts, e = array("q", bytes(8 * n)), array("d", bytes(8 * n * len(EQUITY)))
            last = n - 1 if whole and flow.close_at_end else -1
            first = account.run(first, e_ts.buffer_info()[0], e.buffer_info()[0], n, len(EQUITY), n, last)
            if account.state.error:
                raise account.complaint(start + first, first)
            del waiting[: account.state.taken], due[: account.state.paid], seen[: account.state.seen]
            for row in range(account.equities):
                out["equity"].append({"ts": e_ts[row]} | {name: e[k * n + row] for k, name in enumerate(EQUITY)})
            for kind, rows in account.written():
                found = rows.columns()
                out[LOGGED[kind]] += [
                    told({key: column[row] for key, column in found.items()}, account) for row in range(rows.n)
                ]
    out["account"] = account
    out["bankrupt"] = out["equity"][-1]["ts"] if account.state.bankrupt else None
    return out


def told(row: Row, account: Account) -> Row:
    """A row with words for its codes."""
    row["symbol"] = account.symbols[row["symbol"]]
    if "reason" in row:
        row["reason"] = WORDS[row["reason"]]
    if "state" in row:
        row["state"] = STATES[row["state"]]
    if "action" in row:
        row["action"] = ACTIONS[row["action"]]
        row["liquidity"] = ("maker", "taker")[row["liquidity"]]
    return row
