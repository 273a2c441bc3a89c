"""What a user may say about data that does not say it itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_core.errors import USAGE, HqError
from hq_core.options import Declared, Option

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from hq_core.errors import Phrase

ERROR, DROP, KEEP = "error", "drop", "keep"  # what becomes of rows whose values cannot be
SORT = "sort"  # rows come in any order and leave in that of time
# kinds that are read with hq's own columns, others' names for them understood: what rows of them are called
AS_OWN = {"vector": "vectors", "funding": "rows of funding", "quote": "quotes"}
AS_BARS = ("mark_price", "index_price")  # kinds that are read as bars, or as AS_OWN where rows are instants
CHANNELS = ("depth", "trade", "bbo")  # of a venue: changes of books, trades, best bids and asks
LEAST_LATENCY = "min-latency"
EXACT, LAST = "exact", "last"  # which of rows with one key go


def names(text: str) -> tuple[str, ...]:
    """The names of a,b,c."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def renamed(text: str) -> dict[str, str]:
    """hq's name -> the file's of close=Last,ts=Date."""
    named: dict[str, str] = {}
    for pair in filter(None, text.split(",")):
        ours, equals, theirs = (part.strip() for part in pair.partition("="))
        if not equals or not ours or not theirs:
            raise HqError(f"'{pair}' is not of the form close=Last", USAGE, subject=SaidOptions.columns)
        if ours in named:
            what = f"{ours} is given twice, as '{named[ours]}' and '{theirs}'"
            raise HqError(what, USAGE, subject=SaidOptions.columns)
        twice = next((role for role, name in named.items() if name == theirs), "")
        if twice:
            what = f"'{theirs}' is given twice, as {twice} and {ours}"
            raise HqError(what, USAGE, subject=SaidOptions.columns)
        named[ours] = theirs
    return named


class SaidOptions(Declared):
    """Answers to what a file leaves open; empty means: the file must say it."""

    kind = Option("", "What the rows are.", choices=("trade", "bar", *AS_OWN, *AS_BARS))
    symbol = Option("", "The symbol of all rows.")
    period = Option("", "The bars' period; otherwise the first two rows tell it.")
    columns: Option[dict[str, str]] = Option(
        {},
        "Which column of the file is which: name or number.  date= and time= for a date and its time of day.",
        kind=renamed,
        unit="HQ=FILE,…",
    )
    drop: Option[Sequence[str]] = Option(
        (), "Columns that are not read: names or numbers.", kind=names, unit="COLUMN,…"
    )
    skip_lines = Option(0, "Lines before the header.", least=0, unit="N")
    time_unit = Option("", "Of times in numbers.", choices=("s", "ms", "us", "ns"))
    time_format = Option("", "How times are written, in strptime's letters: %d/%m/%Y %H:%M:%S.", unit="FORMAT")
    tz = Option("", "IANA zone of times that have none, such as UTC.", unit="ZONE")
    stamp = Option("", "Which end of a bar its time names.", choices=("open", "close"))
    any_year = Option(False, "Years outside 1900 to 2199 are meant, and so is 1970.")
    order = Option(
        ERROR,
        "Rows whose time goes back.  sort reads to the end, 16 MiB of rows in memory and the rest in TMPDIR.",
        choices=(ERROR, SORT),
    )
    dedupe = Option(
        ERROR,
        "A bar's open_time or a trade's id that repeats.  exact drops equal rows; last keeps the last one.",
        choices=(ERROR, EXACT, LAST),
    )
    invalid = Option(
        ERROR,
        "Prices not above 0, high below low, open or close outside, volumes below 0, bars that overlap.",
        choices=(ERROR, DROP, KEEP),
    )
    venue = Option(
        "",
        "The input is a capture of this venue's messages: rows of kind book, or of --kind trade or quote.",
        choices=("binance", "bybit", "hyperliquid"),
    )
    channels: Option[Sequence[str]] = Option(
        (), "With --venue: only these of depth, trade and bbo.", kind=names, unit="A,B"
    )
    clock_correction = Option(
        "",
        "With --venue: move receive times later, by a duration, or with min-latency by what leaves none before the "
        "exchange's own, which reads the input twice.",
        unit="DURATION",
    )
    delimiter = Option("", "Between fields: one character, or tab.", unit="CHAR")
    decimal = Option(".", "Before decimals.", choices=(".", ","))


class _Door:
    """Where these options are given, as a message names it: an argument of read, an option of hq-import."""

    name = "read"
    flag = "hq-import"


def ask(option: Option[Any], such: str = "") -> Phrase:
    """What to do about something that a file leaves open; `such`: behind the option, as it is typed."""
    return "pass ", option, such, " to ", _Door


def said_by(given: Mapping[str, Any]) -> dict[str, Any]:
    """The options as a program gives them: a mapping or names, or the text that a command takes for them."""
    found = dict(given)
    listed: tuple[tuple[Option[Any], str], ...] = (
        (SaidOptions.columns, "items"),
        (SaidOptions.drop, "__iter__"),
        (SaidOptions.channels, "__iter__"),
    )
    for option, right in listed:
        value = found.get(option.name, option.default)
        if isinstance(value, str):
            found[option.name] = option.kind(value)
        elif not hasattr(value, right):
            rule = (
                "must be names of the file by hq's, such as {'close': 'Last'}" if right == "items" else "must be names"
            )
            raise HqError(subject=option, value=value, rule=rule, code=USAGE)
    return found
