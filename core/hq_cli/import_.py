"""hq-import: CSV, JSON, NumPy, Parquet, Arrow and messages of venues to frames, with options for what is left open."""

from __future__ import annotations

from typing import Any

from hq_cli._command import Argument
from hq_cli._filter import Run, filter_command
from hq_core.options.imports import LEAST_LATENCY, SORT, SaidOptions

EXAMPLES = """
hq-gen bars --rows 100 --seed 1 | hq-export csv | hq-import | hq-export table
hq-import --time-unit ms --stamp open --period 1h bars.csv | hq-indicators rsi:14
hq-import --columns ts=Date,close=Last --tz America/New_York --stamp open --period 1d < index.csv > index.hqf
hq-import --time-unit ms --stamp open --period 1h --order sort --dedupe exact bars.csv > sorted.hqf
hq-import --kind funding --symbol BTCUSDT funding.csv > funding.hqf
hq-import --kind quote quotes.csv > quotes.hqf
hq-import --venue binance --channels depth,trade capture.log | hq-export hftbacktest -o events.npz
"""


@filter_command("hq-import", EXAMPLES, Argument("files", "[FILE]...", many=True, required=False), SaidOptions)
def main(files: tuple[str, ...], state: str | None, **said: Any) -> Run:
    """Read data of any format and write frames.

    Reads stdin, or files one after the other (- is stdin).  The format is found by the first bytes: CSV with or
    without a header, JSON lines and arrays, .npy, .npz, Parquet, Arrow, each also in gzip, bzip2, xz, zstd or zip.
    Kline, aggTrades and trades files of the exchange and candles of six as ccxt writes them need no option, here and
    in every other filter, nor does the JSON that hq itself writes.  What a file leaves open is asked for: nothing is
    guessed.  The files of a zip must be one series, by their names and by how far apart the first rows of each are; so
    must files named here that would become one.  The last line of a pipe must be ended, for a writer may have
    died in it; a file's need not.  Bars still forming (complete is 0) are exempt from --dedupe and
    --invalid, and a bar's price that is missing breaks no rule.

    A file with a column of symbols is a panel: one series of all of them, by ts and symbol.  Rows of one ts may come
    in any order, as they wait for a later ts (with --state those of the last ts wait for the next run); where ts goes
    back, as in a file of one symbol behind the other, --order sort makes the panel.  It takes 1 KB of memory a symbol,
    of which 1,048,576 are read at most, and the rows of one ts.  Text that hq-export wrote of series (symbol stands
    before ts) and messages of an exchange stay series; hq-merge makes panels of series and takes them apart.

    --kind vector reads labelled vectors of CSV and JSON: columns ts, id, avail_ts and label, and the values as v0, v1
    and so on or as a list in `vector`; whole numbers of --time-unit, or ISO 8601 with a zone.  Values are rounded to
    float32.  What hq-export wrote of vectors needs no option and gives the same bits.

    --kind funding reads an exchange's history of funding, CSV or JSON: Binance's files (calc_time, last_funding_rate)
    and its answer of fundingRate, Bybit's answer of funding/history (newest first: --order sort), or columns ts, rate
    and perhaps mark_price.  Times stay as they are to the millisecond; a rate must be there, a mark price may be empty.
    A symbol that stands behind the time is a panel, one before it series, as hq-export has them.
    --kind mark_price and --kind index_price read klines of such a price as rows with open, high, low and close, and
    files of times and prices (price, markPrice) as its values at instants.

    --kind quote reads best bids and asks with their sizes: Binance's messages of bookTicker as they were captured (T,
    else E, in ms; those of spot have no time, so write down yours as ts) and its files, columns bid_price, bid_amount,
    ask_price, ask_amount and timestamp as tardis has them (--time-unit us), or hq's own bid, bid_qty, ask, ask_qty.
    Rows of funding and of quotes are read from Parquet, Arrow and NumPy too.

    --venue reads what the websockets of binance (USDS-M, spot), bybit (v5) or hyperliquid sent, a message a line, as it
    was captured: `<time> <json>` as hftbacktest's collector writes (19, 16, 13 or 10 digits tell ns, us, ms, s),
    `<time>: <json>` as cryptofeed does, or JSON alone, of which --columns ts=NAME says which key is the time; without
    one ts is the venue's own time, and said.  ts is when a message was received, exch_ts when it happened.  Rows are of
    kind book: the levels that changed, trades and best bids and asks, of which --channels chooses, as events of
    hftbacktest (hq-frames(5)); --kind trade and --kind quote give those alone.  Every symbol is a series; --symbol
    reads one, and says whose a REST snapshot of Binance is where more than one symbol came.

    Sequences are followed: Binance's pu, which must be the u before (of spot U - 1), from a snapshot with U <=
    lastUpdateId <= u on; Bybit's u, which rises by one; Hyperliquid's books, which are whole, come as what changed.
    A hole is a row of kind finding (rule `sequence gap`) and a CLEAR with ival 1: the book is not known until the next
    snapshot, nor is it where a capture begins with changes.  Changes that came before their snapshot and are newer come
    once more behind it, for LOCAL alone.  What repeats or is older is passed over, as are other messages, counted by
    name on stderr and in the stream's end.  Trades of before the capture, with which Hyperliquid begins, are the
    exchange's alone (no LOCAL).  Receive times before the exchange's own are told, and moved by --clock-correction.
    With --state sequences go on from one capture to the next, as they do from file to file.

    hftbacktest's .npz of events is rows of kind book, too; --symbol says whose they are.  They lie by ts, its local_ts:
    what its exchange alone sees (EXCH without LOCAL) waits for its ts, and hq-export hftbacktest puts it back.

    Files of columns (.npy, .npz, Parquet, Arrow) are first put down in TMPDIR.  Values come exactly or are refused
    with row and column: whole prices that are no float64, ids in floats of 2^53 and more, times outside 1678 to 2261.
    They take at most 200 MB beyond what an empty file takes, or four times the file's own size where that is more;
    what would unpack to more at once is refused.
    """
    from hq_core.errors import USAGE, HqError
    from hq_core.stages.imports import Import, options_said

    options = options_said(said)
    if state:
        if options.order == SORT:
            raise HqError("--order sort needs the whole input, so it goes without --state", USAGE)
        if options.clock_correction == LEAST_LATENCY:
            raise HqError("--clock-correction min-latency needs the whole input, so it goes without --state", USAGE)
        if files:
            raise HqError("--state goes on within stdin, so it goes without file arguments", USAGE)
    stage = Import(options, files)
    return Run(stage, stage.source, options, files=files)


if __name__ == "__main__":
    main()
