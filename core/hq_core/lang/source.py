"""Where a piece of a strategy came from, and the error that points at it."""

from __future__ import annotations

from hq_core.errors import DATA, HqError

_SHOWN = 80  # characters of a long line on either side of the place
_CALLS = 3  # functions inside of each other that an error names: the innermost, and the outermost one


class StrategyText:
    """A strategy's text and the name its errors show.

    name   what stands before the line number, e.g. rsi.hq
    text   the whole file
    """

    __slots__ = ("name", "text")

    def __init__(self, text: str, name: str) -> None:
        self.text = text
        self.name = name

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both from 1; a column counts characters."""
        line_start = self.text.rfind("\n", 0, offset) + 1
        return self.text.count("\n", 0, line_start) + 1, offset - line_start + 1

    def where(self, start: int) -> str:
        line, column = self.position(start)
        return f"{self.name}:{line}:{column}"

    def caret(self, start: int, end: int) -> str:
        """The source line of `start`, and under it carets for the part of start..end on that line."""
        line_start = self.text.rfind("\n", 0, start) + 1
        line_end = self.text.find("\n", start)
        if line_end < 0:
            line_end = len(self.text)
        line_end = min(line_end, start + _SHOWN)
        cut = "" if start - line_start <= _SHOWN else "..."
        line_start = max(line_start, start - _SHOWN)
        shown = self.text[line_start:line_end].rstrip("\r")
        line = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in shown)  # one cell, as it had
        before = "".join(c if c == "\t" else " " * _cells(c) for c in line[: start - line_start])
        width = sum(_cells(c) for c in line[start - line_start : end - line_start])
        return f"  {cut}{line}\n  {' ' * len(cut)}{before}{'^' * max(width, 1)}"


class LangError(HqError):
    """A strategy is wrong at one place of its source.

    start, end   offsets of the place in the source text
    reason       the rule it breaks, one line
    calls        of the functions that it is inside of, the innermost first: name, and where it is called
    """

    def __init__(
        self,
        source: StrategyText,
        start: int,
        end: int,
        reason: str,
        calls: tuple[tuple[str, StrategyText, int], ...] = (),
    ) -> None:
        inside = [f"in {name}(...), called at {_called(source, file, at)}" for name, file, at in calls]
        if len(inside) > _CALLS:
            inside = [*inside[: _CALLS - 1], "...", inside[-1]]
        told = f"{reason}; {', '.join(inside)}" if inside else reason
        super().__init__(f"{source.where(start)}: {told}", DATA, "\n" + source.caret(start, end))
        self.source = source
        self.start = start
        self.end = end
        self.reason = reason
        self.calls = calls

    def inside(self, function: str, source: StrategyText, start: int) -> LangError:
        """The same error inside of a function that is called there."""
        return type(self)(self.source, self.start, self.end, self.reason, (*self.calls, (function, source, start)))


class UnknownName(LangError):
    """A name that the file has not defined and that is no standard column; the stream may still have it."""


def nearest(word: str, known: list[str]) -> str:
    """ ", did you mean 'x'?" with the nearest known names (at most three), or nothing."""
    from difflib import get_close_matches  # only an error pays for it

    lower: dict[str, str] = {}
    for name in known:
        lower.setdefault(name.lower(), name)
    found = [lower[k] for k in get_close_matches(word.lower(), list(lower), n=3, cutoff=0.6)]
    for name in known:  # hit -> hit_4h, hit_15m: too far for a ratio, and yet what was meant
        if len(found) < 3 and name not in found and name.lower().startswith(word.lower() + "_"):
            found.append(name)
    return ", did you mean " + " or ".join(f"'{name}'" for name in found) + "?" if found else ""


def _called(here: StrategyText, file: StrategyText, start: int) -> str:
    """Where a function is called, without the name of the file that an error names already."""
    line, column = file.position(start)
    return f"{line}:{column}" if file is here else file.where(start)


def _cells(character: str) -> int:
    """Terminal cells a character takes: 2 for wide East Asian ones, 0 for combining ones."""
    if character < "\u0300":
        return 1
    from unicodedata import category, east_asian_width

    return 0 if category(character) in ("Mn", "Me") else 2 if east_asian_width(character) in "WF" else 1
