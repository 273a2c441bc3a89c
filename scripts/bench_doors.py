"""Reading and writing beside polars: the rows of scripts/bench about formats, each the same work by both.

polars is not hq's dependency: --peers names the Python of an environment that has it; without it its column is empty.
"""

from __future__ import annotations

from typing import NamedTuple

BARS = """
import polars as pl
d = {read}
bars = d.group_by_dynamic('ts', every='1m').agg(
    pl.col('price').first().alias('open'), pl.col('price').max().alias('high'), pl.col('price').min().alias('low'),
    pl.col('price').last().alias('close'), pl.col('qty').sum().alias('volume'))
assert len(bars)
"""
AGG_TRADES = BARS.format(
    read="pl.read_csv('agg.csv').with_columns(pl.from_epoch('transact_time', time_unit='ms').alias('ts'),"
    " pl.col('quantity').alias('qty'))"
)
SIX = "rsi:14 ema:20 macd bbands:20 atr:14 adx:14"
TALIB = """
import numpy, talib
d = numpy.load('b.npz')
high, low, close = d['high'], d['low'], d['close']
made = [talib.RSI(close, 14), talib.EMA(close, 20), *talib.MACD(close), *talib.BBANDS(close, 20),
        talib.ATR(high, low, close, 14), talib.ADX(high, low, close, 14)]
numpy.savez('out.npz', **d, **{str(i): column for i, column in enumerate(made)})
"""
TULIP = """
import numpy, tulipy
d = numpy.load('b.npz')
high, low, close = d['high'], d['low'], d['close']
made = [tulipy.rsi(close, 14), tulipy.ema(close, 20), *tulipy.macd(close, 12, 26, 9), *tulipy.bbands(close, 20, 2),
        tulipy.atr(high, low, close, 14), tulipy.adx(high, low, close, 14)]
numpy.savez('out.npz', **d, **{str(i): column for i, column in enumerate(made)})
"""
WRITE = "import polars as pl\npl.read_ipc('bars.arrow').{write}\n"


class Door(NamedTuple):
    """One way in or out.

    made   the line that makes what is read;  hq: the line that is measured;  stdin: what it reads
    peer   the same work by polars
    """

    name: str
    made: str
    hq: str
    stdin: str
    peer: str


def doors(trades: int, bars: int) -> list[Door]:
    """Every way in, over so many trades, and out, over so many bars of 15 columns."""
    csv = "'{}', schema_overrides=dict(ts=pl.Int64)).with_columns(pl.from_epoch('ts_ns', time_unit='ns').alias('ts'))"
    jsonl = "pl.read_ndjson('t.jsonl').with_columns(pl.from_epoch('ts_ns', time_unit='ns').alias('ts'))"
    few = trades // 10
    ways_in = [
        ("Parquet", trades, "parquet", "t.parquet", "pl.read_parquet('t.parquet')"),
        ("Arrow file", trades, "arrow", "t.arrow", "pl.read_ipc('t.arrow')"),
        ("CSV", trades // 4, "csv --time ns", "t.csv", "pl.read_csv(" + csv.format("t.csv")),
        ("gzipped CSV", trades // 4, "csv --time ns", "t.csv.gz", "pl.read_csv(" + csv.format("t.csv.gz")),
        ("JSON lines", few, "jsonl --time ns", "t.jsonl", jsonl),
    ]
    found = [
        Door(
            f"{name}, {rows / 1e6:.3g} M trades to 1m",
            f"hq-gen trades --rows {rows} --seed 1 | hq-export {form} {'| gzip ' * file.endswith('gz')}> {file}",
            f"hq-aggregate 1m < {file} > /dev/null 2> /dev/null",
            file,
            BARS.format(read=read),
        )
        for name, rows, form, file, read in ways_in
    ]
    make = f"hq-gen bars --rows {bars} --seed 1 | hq-indicators rsi:14 ema:20 > bars.hqf"
    make += "; hq-export arrow -o bars.arrow < bars.hqf"
    ways_out = [
        ("csv", "write_csv('out')"),
        ("jsonl", "write_ndjson('out')"),
        ("parquet", "write_parquet('out', compression='zstd')"),
        ("arrow", "write_ipc('out')"),
    ]
    for form, write in ways_out:
        name = f"hq-export {form}, {bars / 1e6:.3g} M bars of 15 columns"
        found.append(Door(name, make, f"hq-export {form} < bars.hqf > out", "bars.hqf", WRITE.format(write=write)))
    return found
