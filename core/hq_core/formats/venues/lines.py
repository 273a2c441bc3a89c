"""The lines of a capture: when a message was received, and its text."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hq_core.errors import HqError
from hq_core.formats.times import UNITS, read_epoch, read_iso
from hq_core.options.imports import SaidOptions

if TYPE_CHECKING:
    from hq_core.formats.options import SourceOptions

DIGITS = {10: "s", 13: "ms", 16: "us", 19: "ns"}  # of whole numbers that are times of our days: their unit
INSIDE = ("msg", "message", "raw")  # keys under which a line of JSON may hold the message itself
TOLD = re.compile(rb"(\S+) (->|<-|<->) ([^: ]*)(?:: (.*))?", re.DOTALL)  # an address, what became of it, and when
ASKED = re.compile(rb"[?&]symbol=([A-Za-z0-9_]+)")  # whose book was asked for, in an address


class Odd(ValueError):
    """A message that cannot be what it says it is; who reads the line adds its number."""


class CaptureLine:
    """What is known of a line: `received` in ns, 0 where it does not say it; `text` is the message's JSON, or what
    stands there instead is `what`; `symbol` as an address has it."""

    __slots__ = ("received", "symbol", "text", "what")

    def __init__(self, received: int, text: bytes = b"", what: str = "", symbol: str = "") -> None:
        self.received = received
        self.text = text
        self.what = what
        self.symbol = symbol


class CaptureForm:
    """How the lines of one capture say when they were received; the first that does decides for all.

    `<time> <json>`      as the collector of hftbacktest writes: a whole number, whose digits tell its unit
    `<time>: <json>`     as cryptofeed writes, in seconds; before answers `<address> -> `
    `<json>`             the message itself; --columns ts=NAME says which of its keys is the time

    digits  how many the first time had, which all others have; 0 before it
    times   ns of the unit that they, or --time-unit, tell
    """

    def __init__(self, options: SourceOptions) -> None:
        self.digits = 0
        self.times = 0
        self._unit = options.time_unit
        self._key = options.columns.get("ts", "")

    def know(self, digits: int) -> None:
        """Times have so many digits."""
        self.digits = digits
        self.times = UNITS.get(self._unit or DIGITS.get(digits, ""), 0)

    def split(self, line: bytes) -> CaptureLine:
        """When a line was received, and its message.  Raises Odd."""
        first = line[:1]
        if first in (b"{", b"["):
            return CaptureLine(0, line)
        if first.isdigit():
            time, _, text = line.partition(b" ")
            if time.isdigit():
                return CaptureLine(self._whole(time.decode()), text)
            if time.endswith(b":"):
                return CaptureLine(_seconds(time[:-1].decode("ascii", "replace")), text)
        return self._cryptofeed(line)

    def _cryptofeed(self, line: bytes) -> CaptureLine:
        if line.startswith(b"configuration: "):
            return CaptureLine(0, what="lines of configuration")
        found = TOLD.match(line)
        if found is None or not found[3]:
            raise Odd(f"{line[:40].decode('utf-8', 'replace')!r} is neither a time and a message nor JSON")
        address, sign, time, text = found.groups()
        if sign != b"->":
            return CaptureLine(0, what="lines of connections" if sign == b"<->" else "messages that were sent")
        asked = ASKED.search(address)
        symbol = asked[1].decode().upper() if asked else ""
        return CaptureLine(_seconds(time.decode("ascii", "replace")), text or b"", symbol=symbol)

    def _whole(self, time: str) -> int:
        self.know(self.digits or len(time))
        if len(time) != self.digits or not self.times:
            first = f", the first has {self.digits}" if len(time) != self.digits else ""
            raise Odd(f"the time {time:.40} has {len(time)} digits{first}: is it in another unit?")
        return int(time) * self.times

    def opened(self, message: Any) -> tuple[int, Any]:
        """Of a line that is JSON alone: when it was received, 0 if it does not say so, and its message.  Raises Odd."""
        received = 0
        if type(message) is not dict:
            return 0, message
        if self._key:
            if self._key not in message:
                raise Odd(f"there is no '{self._key}', which is to be its time")
            received = self._told(message[self._key])
        inside = next((message[key] for key in INSIDE if key in message), None)
        return received, message if inside is None else inside

    def _told(self, value: object) -> int:
        if type(value) is int:
            return self._whole(str(value))
        if type(value) is float and self._unit:
            found = read_epoch(repr(value), UNITS[self._unit])
            if found is not None:
                return found
        if isinstance(value, str):
            if value.isascii() and value.isdigit():
                return self._whole(value)
            read = read_iso(value)
            if read is not None and read[1]:
                return read[0]
        raise Odd(f"'{self._key}' is {value!r:.60}, no time: whole numbers and ISO 8601 with a zone are read")


def _seconds(text: str) -> int:
    found = read_epoch(text, UNITS["s"]) if text.replace(".", "", 1).isdigit() else None
    if found is None:
        raise Odd(f"{text[:60]!r} is no time in seconds")
    return found


def check_columns(options: SourceOptions) -> None:
    """Raises HqError USAGE for --columns that name more than the time."""
    more = [name for name in options.columns if name != "ts"]
    if more:
        from hq_core.errors import USAGE

        raise HqError(f"of messages it says which key is ts, not {more[0]}", USAGE, subject=SaidOptions.columns)
