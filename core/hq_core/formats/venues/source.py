"""A capture of a venue's messages as a source: a line each, as they come, from any place on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson

from hq_core.errors import DATA, HqError
from hq_core.formats.byte_stream import READ, ByteStream
from hq_core.formats.foreign import Foreign
from hq_core.formats.options import SourceOptions
from hq_core.formats.told_columns import check_options
from hq_core.formats.venues.binance import Binance
from hq_core.formats.venues.bybit import Bybit
from hq_core.formats.venues.hyperliquid import Hyperliquid
from hq_core.formats.venues.lines import CaptureForm, Odd, check_columns
from hq_core.formats.venues.numbers import numbers
from hq_core.formats.venues.rows import NEVER, ROWS
from hq_core.options.imports import CHANNELS, LEAST_LATENCY, SaidOptions
from hq_core.roles import IDLE, End
from hq_core.saved import Count
from hq_core.say import SECOND

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hq_core.formats.venues.venue import Venue
    from hq_core.jit import Kernel
    from hq_core.roles import Item

VENUES: dict[str, type[Venue]] = {one.NAME: one for one in (Binance, Bybit, Hyperliquid)}
READS = {"book": CHANNELS, "trade": ("trade",), "quote": ("bbo",)}  # channels of which rows of a kind are made
TAKEN = "venue", "channels", "clock_correction", "kind", "symbol", "columns", "time_unit", "order"
UNREAD = object()
# what a message of another form gives
WRONG = KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError
MOST_PASSED = 64  # names of what is passed over
LONGEST = 16 << 20  # bytes of one line


class VenueSource(Foreign):
    """Lines of a capture.

    position  bytes of the (unpacked) stream up to the end of the last line that was read
    passed    messages that give no rows, by what they are
    """

    goes_on = True  # sequences go on from one capture to the next

    SHAPE = {
        "number": Count,
        "passed": {str: Count},
        "digits": Count,
        "series": [(str, str)],
        "venue": object,
        "early": Count,
        "least": int,
        "own": bool,
        "behind": Count,
    }

    def __init__(self, stream: ByteStream, options: SourceOptions) -> None:
        super().__init__(options)
        check_options(options, TAKEN, "messages of a venue")
        check_columns(options)
        self.stream = stream
        self.position = 0
        self.passed: dict[str, int] = {}
        self._number = 0  # lines that were read
        self._ended = False
        self._form = CaptureForm(options)
        self._shift = options.clock_shift
        kind = options.kind or "book"
        if kind not in READS:
            raise _no_kind(kind)
        if options.capture is None:
            channels = options.channels or READS[kind]
            rows = ROWS[kind]()
            options.capture = rows, VENUES[options.venue](rows, channels, options.symbol)
        self.rows, self.venue = options.capture  # the next file goes on where the one before has ended
        self.rows.pass_by = self._pass_by
        self.SHAPE = {**self.SHAPE, "venue": self.venue.SHAPE}

    def kernels(self) -> list[Kernel]:
        return [numbers]

    def __iter__(self) -> Iterator[Item]:
        yield from self._blocks()
        self._remarks()
        self._ended = True
        if self.passed:
            yield End(kind="end", dropped=dict(self.passed))

    def _blocks(self) -> Iterator[Item]:
        if self.options.clock_correction == LEAST_LATENCY:
            self.stream, self._shift = _measured(self.stream, self.options)
        left = b""
        view = memoryview(bytearray(READ))
        while True:
            got = self.stream.readinto(view)
            data = left + view[:got]
            if not got:
                if data.strip() and not self.stream.whole:
                    raise HqError(
                        f"line {self._number + 1}: the input ends inside it: its writer may have died; if the line is "
                        "whole, end it, as in: { cat FILE; echo; } | hq-import",
                        DATA,
                    )
                yield from self._block([data] if data else [], len(data))
                return
            end = data.rfind(b"\n") + 1
            if not end:
                if len(data) > LONGEST:
                    raise HqError(f"line {self._number + 1} has more than {LONGEST >> 20} MiB", DATA)
                left = data
                continue
            left = data[end:]
            yield from self._block(data[: end - 1].split(b"\n"), end)
            if not self.stream.pending:
                yield IDLE

    def _block(self, lines: list[bytes], size: int) -> Iterator[Item]:
        wrong = self._read(lines)
        items, bad = self.rows.taken()
        self.position += size
        yield from items
        if bad or wrong:
            raise HqError(bad or wrong, DATA)

    def _read(self, lines: list[bytes]) -> str:
        """Let the venue make rows of lines; what is wrong with the one that it stopped at."""
        form, take, shift, loads, rows = self._form, self.venue.take, self._shift, orjson.loads, self.rows
        firsts, ts = rows.firsts, rows.ts
        rows.begin(self._number + 1)
        message: Any = UNREAD
        for line in lines:
            firsts.append(len(ts))
            try:
                cut = form.digits
                if cut and line[cut : cut + 1] == b" " and line[:cut].isdigit():  # as all others, most likely
                    message = UNREAD
                    message = loads(line[cut + 1 :])
                    take(message, int(line[:cut]) * form.times + shift, "")
                    continue
                message = UNREAD
                found = form.split(line)
                if found.what:
                    self._pass_by(found.what)
                    continue
                message = loads(found.text)
                received = found.received
                if not received:
                    received, message = form.opened(message)
                for one in message if type(message) is list else (message,):
                    take(one, received + shift if received else 0, found.symbol)
            except Exception as error:  # noqa: BLE001  what a message may lack or have otherwise no list holds
                if not line.strip():
                    continue
                rows.cut(firsts[-1])
                return f"line {self._number + len(firsts)}: {self._why(error, message)}"
        self._number += len(lines)
        return ""

    def _why(self, error: Exception, message: Any) -> str:
        """What is wrong with a line, in words.  Raises what is no fault of a line's."""
        if isinstance(error, Odd):
            return str(error)
        if isinstance(error, orjson.JSONDecodeError):
            return f"the JSON cannot be read: {error}"
        if message is UNREAD or not isinstance(error, WRONG):
            raise error
        what = f"this is no message of {self.options.venue}'s"
        if isinstance(error, KeyError):
            return f"{what}: '{error.args[0]!s:.40}' is missing"
        if isinstance(error, OverflowError):
            return "a time is out of bounds"
        return f"{what}: {str(error)[:120]}"

    def _pass_by(self, what: str) -> None:
        if what not in self.passed and len(self.passed) >= MOST_PASSED:
            what = "others"
        self.passed[what] = self.passed.get(what, 0) + 1

    def _remarks(self) -> None:
        """What is known of the clocks and the sequences, now that all has come."""
        rows, venue, remark = self.rows, self.venue, self.options.remark
        if venue.own:
            remark("no receive times: ts is the time that the venue says of each message")
        if rows.holes:
            lost = f"{rows.holes} sequence gap{'s' * (rows.holes != 1)}"
            remark(f"{lost}: books are unknown from there to the next snapshot, as rows of kind finding say")
        if venue.behind:
            remark(f"messages of an earlier time than one before, which stand at that one's: {venue.behind}")
        if self._shift:
            remark(f"receive times are moved by {self._shift} ns")
        if rows.early and not venue.own:
            how = f"{SaidOptions.clock_correction.flag} {LEAST_LATENCY}, or {-rows.least}ns, moves them"
            early = f"{rows.early} message{'s' * (rows.early != 1)} received before the exchange's own time of it"
            remark(f"{early}, by up to {-rows.least / SECOND:.9f} s: the receiver's clock is behind; {how}")
        rows.holes, rows.early, rows.least, venue.own, venue.behind = 0, 0, NEVER, False, 0

    # -- state -------------------------------------------------------------------------------------------
    def save(self) -> dict[str, Any]:
        going = not self._ended
        return {
            "number": self._number if going else 0,
            "passed": self.passed if going else {},
            "digits": self._form.digits if going else 0,
            "series": self.rows.save(),
            "venue": self.venue.save(),
            "early": self.rows.early,
            "least": self.rows.least,
            "own": self.venue.own,
            "behind": self.venue.behind,
        }

    def load(self, saved: dict[str, Any]) -> Iterator[Item]:
        self._number, self.passed = saved["number"], dict(saved["passed"])
        self._form.know(saved["digits"])
        self.venue.load(saved["venue"])
        self.venue.own, self.venue.behind = saved["own"], saved["behind"]
        self.rows.early, self.rows.least = saved["early"], saved["least"]
        yield from self.rows.load(saved["series"])


def _no_kind(kind: str) -> HqError:
    from hq_core.errors import USAGE

    return HqError(f"messages of a venue are rows of kind {', '.join(READS)}, not {kind}", USAGE)


def _measured(stream: ByteStream, options: SourceOptions) -> tuple[ByteStream, int]:
    """All of a stream, put down and read once: by how much receive times lie before the exchange's, and it again."""
    from contextlib import suppress
    from copy import copy

    from hq_core.formats.spool import laid

    file = laid(stream)
    first = ByteStream(file.fileno())
    first.whole = stream.whole
    said = copy(options)
    taken = {name: getattr(options, name) for name in TAKEN}
    vars(said).update(vars(SourceOptions()) | taken | {"clock_correction": ""})
    source = VenueSource(first, said)
    with suppress(HqError):  # told where the rows before it have been given
        for _ in source._blocks():
            pass
    file.seek(0)
    again = ByteStream(file.fileno())
    again.whole = stream.whole
    again.kept = file  # type: ignore[attr-defined]
    return again, max(0, -source.rows.least)
