"""Synthetic rows from a seed: bars, trades and events of books that are the same, bit for bit, on every machine.

Everything random comes from SplitMix64 (Steele, Lea, Flood 2014) of seed + counter, in integers; prices are ticks and
quantities lots until one division makes them decimal.  No libm and no shared state, so the batch does not matter.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hq_core.batch import Batch, Schema, period_ns
from hq_core.book.flags import BUY, CLEAR, DEPTH, EXCH, LOCAL, SELL, SNAPSHOT
from hq_core.book.flags import TRADE as TRADED
from hq_core.errors import USAGE, HqError
from hq_core.jit import F8, I1, I8, Cell, State, inline, kernel
from hq_core.kernels.mix import mixed
from hq_core.kinds import BAR, BOOK, TRADE
from hq_core.memory import Memory
from hq_core.options.gen import GenOptions
from hq_core.roles import Source

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.roles import Item

FRAME = 8192  # rows of a frame
GAMMA = 0x9E3779B97F4A7C15 - (1 << 64)
LOW_53 = (1 << 53) - 1
SILENCE = 0x5851F42D4C957F2D  # sets the draws that make gaps apart from those that make rows
TICKS, LOTS = 10.0, 1000.0  # ticks a unit of the quote currency, lots a unit of the base currency
FIRST_PRICE = 300_000  # in ticks: 30,000.0
MINUTE, MS = 60_000_000_000, 1_000_000
LEVELS, DELAY = 10, 2 * MS  # of a whole book a side; how long its events are on their way
KINDS = ("bar", "trade", "book")
TRADES = tuple(col for col in TRADE.cols if col[0] not in ("id", "trades"))
BARS = tuple(col for col in BAR.cols if col[0] != "complete")


@inline
def draw(seed: int, counter: int) -> int:
    """64 random bits for a counter, those of SplitMix64."""
    return mixed(seed + (counter + 1) * GAMMA)


@inline
def silent(seed: int, slot: int, share: int) -> bool:
    """Whether a stretch of time stays empty; share is in units of 2^-53."""
    drawn: int = draw(seed ^ SILENCE, slot) & LOW_53
    return drawn < share


@kernel(state="done:i8 ts:i8 price:i8 minute:i8")
def trades(n: int, seed: int, share: int, ts: I8, price: F8, qty: F8, side: I1, s: State) -> None:
    """The next n trades.

    share  of the minutes that stay empty, in units of 2^-53
    ts     (n,)  ns, on whole milliseconds, 0 to 252 ms apart
    price  (n,)  a walk on ticks of 0.1; a step is the sum of four uniforms, -30 to 30 ticks, std 9.2; at least 0.1
    qty    (n,)  0.001 to 0.257, small ones more often
    side   (n,)  +1 or -1
    s      done: trades so far; ts, price: of the last one; minute: the last minute looked at
    """
    now, ticks, minute = s.ts, s.price, s.minute
    for i in range(n):
        r = draw(seed, s.done + i)
        gap = (r >> 1) & 127
        now += ((gap * gap) >> 6) * MS
        if now // MINUTE != minute:
            minute = now // MINUTE
            while silent(seed, minute, share):
                now += MINUTE
                minute += 1
        ticks += ((r >> 8) & 15) + ((r >> 12) & 15) + ((r >> 16) & 15) + ((r >> 20) & 15) - 30
        ticks = abs(ticks - 1) + 1
        lots = (((1 + ((r >> 24) & 63)) * (1 + ((r >> 30) & 63))) >> 4) + 1
        ts[i] = now
        price[i] = ticks / TICKS
        qty[i] = lots / LOTS
        side[i] = 1 - 2 * (r & 1)
    s.ts, s.price, s.minute = now, ticks, minute
    s.done += n


@kernel(state="slot:i8 price:i8")
def bars(
    n: int,
    seed: int,
    share: int,
    period: int,
    ts: I8,
    open_time: I8,
    open: F8,
    high: F8,
    low: F8,
    close: F8,
    volume: F8,
    quote_volume: F8,
    trades: I8,
    buy_volume: F8,
    buy_quote_volume: F8,
    sell_volume: F8,
    sell_quote_volume: F8,
    vwap: F8,
    s: State,
) -> None:
    """The next n bars; each opens at the last one's close, and low <= open, close, vwap <= high.

    share   of the bars that are left out, in units of 2^-53;  period: ns
    close   open plus the sum of four uniforms, -510 to 510 ticks of 0.1, std 148
    volume  0.001 to 65.536, small ones more often; buy and sell parts add up to it in lots
    s       slot: the next bar's open_time / period; price: the last close in ticks
    """
    for i in range(n):
        while silent(seed, s.slot, share):
            s.slot += 1
        r, q = draw(seed, 2 * s.slot), draw(seed, 2 * s.slot + 1)
        first = s.price
        last = first + (r & 255) + ((r >> 8) & 255) + ((r >> 16) & 255) + ((r >> 24) & 255) - 510
        last = abs(last - 1) + 1
        top = max(first, last) + ((r >> 32) & 127)
        bottom = max(min(first, last) - ((r >> 40) & 127), 1)
        lots = (1 + (q & 255)) * (1 + ((q >> 8) & 255))
        bought = (lots * ((q >> 16) & 255)) >> 8
        mean = bottom + (((top - bottom) * ((q >> 24) & 255)) >> 8)
        open_time[i] = s.slot * period
        ts[i] = (s.slot + 1) * period
        open[i], high[i], low[i], close[i] = first / TICKS, top / TICKS, bottom / TICKS, last / TICKS
        vwap[i] = mean / TICKS
        volume[i], buy_volume[i], sell_volume[i] = lots / LOTS, bought / LOTS, (lots - bought) / LOTS
        quote_volume[i] = (lots * mean) / (TICKS * LOTS)
        buy_quote_volume[i] = (bought * mean) / (TICKS * LOTS)
        sell_quote_volume[i] = ((lots - bought) * mean) / (TICKS * LOTS)
        trades[i] = min(lots, 1 + ((q >> 32) & 1023))
        s.slot += 1
        s.price = last


@inline
def lots_of(bits: int) -> int:
    """1 to 257, small ones more often, of twelve bits."""
    return (((1 + (bits & 63)) * (1 + ((bits >> 6) & 63))) >> 4) + 1


@kernel(state="done:i8 ts:i8 price:i8 minute:i8 event:i8 phase:i8")
def books(
    n: int,
    seed: int,
    share: int,
    ts: I8,
    ev: I8,
    exch_ts: I8,
    px: F8,
    qty: F8,
    order_id: I8,
    ival: I8,
    fval: F8,
    s: State,
) -> None:
    """The next n events of a book whose best ask is a tick above its best bid.

    It begins with a whole book of LEVELS a side.  Of sixteen events twelve change a level up to 12 ticks behind the
    best one, a quarter of them to nothing; three are trades, each with what is left of its level behind it; one moves
    the best prices by a tick, in three rows.

    share    of the minutes that stay empty, in units of 2^-53
    ts       (n,)  ns, on whole milliseconds, 0 to 63 ms apart;  exch_ts: DELAY before it
    px, qty  (n,)  on ticks of 0.1; 0.001 to 0.257, small ones more often, 0 of a level that is gone
    s        done: rows so far; ts: of the last one; minute: the last minute looked at; price: best bid in ticks;
             event: events so far, phase: rows of the one that has begun
    """
    now, bid, minute, event, phase = s.ts, s.price, s.minute, s.event, s.phase
    for i in range(n):
        lots = 0
        tick = 0
        flags = CLEAR
        row = s.done + i
        if row <= 2 * LEVELS:
            r = draw(seed ^ SILENCE, -1 - row)
            if row > 0:
                deep = (row - 1) % LEVELS
                flags = SNAPSHOT | (BUY if row <= LEVELS else SELL)
                tick = max(bid - deep, 1) if row <= LEVELS else bid + 1 + deep
                lots = lots_of(r)
        else:
            r = draw(seed, event)
            what = r & 15
            up = (r >> 4) & 1 == 1
            best = bid + 1 if up else bid  # on the side that is taken from
            if phase == 0:
                gap = (r >> 16) & 127
                now += ((gap * gap) >> 8) * MS
                if now // MINUTE != minute:
                    minute = now // MINUTE
                    while silent(seed, minute, share):
                        now += MINUTE
                        minute += 1
            last = 1
            lots = lots_of(r >> 24) if phase != 1 else lots_of(r >> 36)
            if what < 3:
                flags = DEPTH | (SELL if up else BUY) if phase == 1 else TRADED | (BUY if up else SELL)
                tick = best
            elif what == 3 and (up or bid > 1):
                last = 2
                tick = best if phase < 2 else (bid + 2 if up else bid - 1)
                flags = DEPTH | (BUY if up == (phase == 1) else SELL)
                lots = 0 if phase == 0 else lots
            else:
                last = 0
                deep = (((r >> 5) & 7) * ((r >> 8) & 7)) >> 2
                flags = DEPTH | (SELL if up else BUY)
                tick = bid + 1 + deep if up else bid - deep
                tick = max(tick, 1)
                lots = 0 if deep > 0 and (r >> 12) & 3 == 0 and tick != bid else lots
            phase += 1
            if phase > last:
                if last == 2:
                    bid += 1 if up else -1
                event += 1
                phase = 0
        ts[i] = now
        ev[i] = LOCAL | EXCH | flags
        exch_ts[i] = now - DELAY
        px[i] = tick / TICKS
        qty[i] = lots / LOTS
        order_id[i] = 0
        ival[i] = 0
        fval[i] = 0.0
    s.ts, s.price, s.minute, s.event, s.phase = now, bid, minute, event, phase
    s.done += n


def _whole(number: Any) -> Any:
    """A whole number of any make, numpy's too, as Python's."""
    return int(number) if hasattr(number, "__index__") else number


class Generator(Source):
    """Gives `rows` rows of a kind, bar, trade or book, as one series.

    start  ns; the first row comes at or after it;  gaps: share of bars, or of minutes without others, left out
    frame  rows of a batch at the most
    """

    def __init__(
        self,
        kind: str,
        rows: int,
        seed: int,
        start: int,
        symbol: str = GenOptions.symbol.default,
        period: str = GenOptions.period.default,
        gaps: float = GenOptions.gaps.default,
        frame: int = FRAME,
    ) -> None:
        for option, value in (
            (GenOptions.rows, _whole(rows)),
            (GenOptions.seed, _whole(seed)),
            (GenOptions.symbol, symbol),
            (GenOptions.period, period),
            (GenOptions.gaps, gaps),
        ):
            option.check(value)
        if kind not in KINDS:
            raise HqError(subject="kind", value=kind, rule=f"must be one of {', '.join(KINDS)}", code=USAGE)
        self.rows = rows
        self.frame = frame
        share = int(gaps * (LOW_53 + 1))
        if kind == "bar":
            try:
                step = period_ns(period)
            except HqError as error:
                raise HqError(str(error), USAGE) from None
            if not step:
                raise HqError((GenOptions.period, " is empty: bars have one, such as 1m or 4h"), USAGE)
            self.schema = Schema("bar", symbol, period, BARS)
            cell = Cell(bars)
            cell.set(seed=seed, share=share, period=step)
            cell.state.slot = -(-start // step)
        else:
            self.schema = Schema(kind, symbol, "", TRADES if kind == "trade" else BOOK.cols)
            cell = Cell(trades if kind == "trade" else books)
            cell.set(seed=seed, share=share)
            cell.state.ts, cell.state.minute = -(-start // MS) * MS, -1
        cell.state.price = FIRST_PRICE
        self._cell = cell

    def __iter__(self) -> Iterator[Item]:
        """The series and all its rows."""
        yield self.schema
        cell, schema = self._cell, self.schema
        memory = Memory(schema.blob(self.frame))
        left = self.rows
        while left > 0:
            n = min(left, self.frame)
            addresses = schema.places(memory.address, n)
            for name, address in zip(schema.names, addresses):
                cell.column(name, address, n)
            cell.set(n=n)
            cell.run()
            yield Batch(schema, n, addresses, memory)
            left -= n
