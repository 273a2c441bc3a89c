"""The one kind of error that reaches a user, and the exit codes it may carry."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeAlias

    class Named(Protocol):
        """An option, as far as a message is concerned."""

        name: str
        flag: str

    Phrase: TypeAlias = "str | Named | tuple[Phrase, ...]"

CHECK, USAGE = 1, 2
DATA, NOINPUT, SERVICE, BUG, MEMORY, IO, TEMP, PERM, CONFIG = 65, 66, 69, 70, 71, 74, 75, 77, 78
HANGUP, INTERRUPT, PIPE, TERMINATED = 129, 130, 141, 143

# what a command's exit status means: help, pages and README have it from here
EXITS = (
    ("0", "fine"),
    (f"{CHECK}", "a check said no: hq-diff, hq-backtest --fail-on-liquidation, hq-indicators --test"),
    (f"{USAGE}", "usage"),
    (f"{DATA}", "bad data; what was good before it has been written"),
    (f"{NOINPUT}", "no input"),
    (f"{SERVICE}", "a service or an extra is missing; the line says what to install"),
    (f"{BUG}", "a bug in hq"),
    (f"{MEMORY}", "out of memory"),
    (f"{IO}", "reading or writing failed"),
    (f"{TEMP}", "not now: try again (another process holds the state)"),
    (f"{PERM}", "not permitted"),
    (f"{CONFIG}", "a state or another file does not fit the command line, or others own it"),
    (f"{INTERRUPT}, {TERMINATED}, {HANGUP}", "ended by SIGINT, SIGTERM, SIGHUP, the state written"),
    (f"{PIPE}", "the reader of stdout went away; nothing is said"),
)


def printable(text: str) -> str:
    r"""Text of anyone's making in one line that a terminal takes for text: the rest becomes \x1b, \n, \u202e.

    >>> printable("BTC\x1b[2J")
    'BTC\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)


class HqError(Exception):
    """What is wrong, where, and what to do, in one line; `code` is the process's exit status.

    message  what is wrong, where a value alone does not tell it
    subject  what it is about: an option, a place in a file;  value: of it, as it was given
    rule     what must hold;  hint: the nearest right thing
    below    further lines, printable already: a strategy's line and the caret under it

    Each but the value is a text, an option, or several of them: an option is called what the reader calls it, --max-gap
    by a command and max_gap by a program.  What they quote of files and arguments may hold anything: it is made
    printable here, once for all.

    >>> raise HqError(subject="leverage", value=200, rule="must be 1 to 150")
    Traceback (most recent call last):
    hq_core.errors.HqError: leverage: 200, must be 1 to 150
    """

    def __init__(
        self,
        message: Phrase = "",
        code: int = DATA,
        below: str = "",
        *,
        subject: Phrase = "",
        value: object = None,
        rule: Phrase = "",
        hint: Phrase = "",
    ) -> None:
        self.message, self.subject, self.value, self.rule, self.hint = message, subject, value, rule, hint
        self.code = code
        self.below = below
        super().__init__(self.worded(lambda option: option.name))

    def worded(self, word: Callable[[Named], str]) -> str:
        """The whole message, with the options as `word` calls them."""
        return _worded(self.phrase(), word) + self.below

    def phrase(self) -> tuple[Phrase, ...]:
        """The first line as its parts: subject: value, rule; hint."""
        what = self.message if self.value is None else _shown(self.value)
        parts: list[Phrase] = []
        for before, part in ((": ", what), (", ", self.rule), ("; ", self.hint)):
            if part:
                parts += [before, part]
        return (self.subject, *parts) if self.subject else tuple(parts[1:])

    def within(self, place: Phrase, code: int | None = None) -> HqError:
        """The same error, told of a place around it."""
        return HqError((place, ": ", *self.phrase()), self.code if code is None else code, self.below)


class Theirs(HqError):
    """An exception of code of the user's own, a plug-in or a strategy, wherever it ran."""


def _shown(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, int | float) else f"'{value}'"


def _worded(phrase: Phrase, word: Callable[[Named], str]) -> str:
    if isinstance(phrase, str):
        return printable(phrase)
    if isinstance(phrase, tuple):
        return "".join(_worded(part, word) for part in phrase)
    return word(phrase)


def nearest(word: str, known: list[str] | tuple[str, ...]) -> str:
    """The known word that a typing slip most likely meant, or ''."""
    from difflib import get_close_matches

    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else ""


def did_you_mean(word: str, known: list[str] | tuple[str, ...]) -> str:
    """'; did you mean X?' when something is near, else ''."""
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""
