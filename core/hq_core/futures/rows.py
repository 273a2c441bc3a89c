"""From the log of what happened to the rows of each kind."""

from __future__ import annotations

from hq_core.futures.blocks import (
    FILLED,
    L_KIND,
    L_SIDE,
    L_SYMBOL,
    L_TIME,
    L_TS,
    L_VALUES,
    LIQUIDATED,
    LOG_WIDTH,
    PAID,
    POSITION,
)
from hq_core.futures.blocks import STATE as STATED
from hq_core.jit import F8, I1, I4, I8, State, bits_of, kernel


@kernel(state="rows:i8 id:i8")
def fills(
    log: F8,
    logged: int,
    s: State,
    ts: I8,
    fill_time: I8,
    symbol: I4,
    id: I8,
    order: I8,
    side: I1,
    action: I1,
    price: F8,
    quantity: F8,
    fee: F8,
    realised: F8,
    position: F8,
    liquidity: I1,
    reason: I1,
) -> None:
    """s.rows: how many there are; s.id counts them."""
    k = 0
    for i in range(logged):
        row = i * LOG_WIDTH
        if log[row + L_KIND] != FILLED:
            continue
        v = row + L_VALUES
        ts[k] = bits_of(log[row + L_TS])
        fill_time[k] = bits_of(log[row + L_TIME])
        symbol[k] = int(log[row + L_SYMBOL])
        side[k] = int(log[row + L_SIDE])
        action[k] = int(log[v])
        price[k] = log[v + 1]
        quantity[k] = log[v + 2]
        fee[k] = log[v + 3]
        realised[k] = log[v + 4]
        position[k] = log[v + 5]
        liquidity[k] = int(log[v + 6])
        reason[k] = int(log[v + 7])
        order[k] = int(log[v + 8])
        s.id += 1
        id[k] = s.id
        k += 1
    s.rows = k


@kernel(state="rows:i8")
def states(
    log: F8,
    logged: int,
    s: State,
    ts: I8,
    symbol: I4,
    order: I8,
    state: I1,
    filled: F8,
    remaining: F8,
    price: F8,
    reason: I1,
) -> None:
    """s.rows: how many there are."""
    k = 0
    for i in range(logged):
        row = i * LOG_WIDTH
        if log[row + L_KIND] != STATED:
            continue
        v = row + L_VALUES
        ts[k] = bits_of(log[row + L_TS])
        symbol[k] = int(log[row + L_SYMBOL])
        order[k] = int(log[v])
        state[k] = int(log[v + 1])
        filled[k] = log[v + 2]
        remaining[k] = log[v + 3]
        price[k] = log[v + 4]
        reason[k] = int(log[v + 5])
        k += 1
    s.rows = k


@kernel(state="rows:i8")
def liquidations(
    log: F8,
    logged: int,
    s: State,
    ts: I8,
    symbol: I4,
    side: I1,
    mark: F8,
    liquidation_price: F8,
    price: F8,
    quantity: F8,
    loss: F8,
    insurance: F8,
    row: I8,
) -> None:
    """s.rows: how many there are."""
    k = 0
    for i in range(logged):
        at = i * LOG_WIDTH
        if log[at + L_KIND] != LIQUIDATED:
            continue
        v = at + L_VALUES
        ts[k] = bits_of(log[at + L_TS])
        symbol[k] = int(log[at + L_SYMBOL])
        side[k] = int(log[at + L_SIDE])
        mark[k] = log[v]
        liquidation_price[k] = log[v + 1]
        price[k] = log[v + 2]
        quantity[k] = log[v + 3]
        loss[k] = log[v + 4]
        insurance[k] = log[v + 5]
        row[k] = int(log[v + 6])
        k += 1
    s.rows = k


@kernel(state="rows:i8")
def payments(log: F8, logged: int, s: State, ts: I8, symbol: I4, rate: F8, quantity: F8, amount: F8) -> None:
    """s.rows: how many there are."""
    k = 0
    for i in range(logged):
        row = i * LOG_WIDTH
        if log[row + L_KIND] != PAID:
            continue
        v = row + L_VALUES
        ts[k] = bits_of(log[row + L_TIME])
        symbol[k] = int(log[row + L_SYMBOL])
        rate[k] = log[v]
        quantity[k] = log[v + 1]
        amount[k] = log[v + 2]
        k += 1
    s.rows = k


@kernel(state="rows:i8")
def positions(
    log: F8,
    logged: int,
    s: State,
    ts: I8,
    symbol: I4,
    side: I1,
    quantity: F8,
    entry: F8,
    mark_price: F8,
    unrealised: F8,
    margin: F8,
    leverage: F8,
    liquidation_price: F8,
) -> None:
    """s.rows: how many there are."""
    k = 0
    for i in range(logged):
        row = i * LOG_WIDTH
        if log[row + L_KIND] != POSITION:
            continue
        v = row + L_VALUES
        ts[k] = bits_of(log[row + L_TS])
        symbol[k] = int(log[row + L_SYMBOL])
        side[k] = int(log[row + L_SIDE])
        quantity[k] = log[v]
        entry[k] = log[v + 1]
        mark_price[k] = log[v + 2]
        unrealised[k] = log[v + 3]
        margin[k] = log[v + 4]
        leverage[k] = log[v + 5]
        liquidation_price[k] = log[v + 6]
        k += 1
    s.rows = k
