"""The one kind of error that reaches a user, and the exit codes it may carry."""
from __future__ import annotations

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

    What the message quotes of files and arguments may hold anything: it is made printable here, once for all.
    below   further lines, printable already: a strategy's line and the caret under it
    """

    def __init__(self, message: str, code: int = DATA, below: str = "") -> None:
        super().__init__(printable(message) + below)
        self.code = code


def as_arguments(message: str) -> str:
    """A command's message for a program, whose argument for --max-gap is max_gap.

    >>> as_arguments("longer than --max-gap 1d")
    'longer than max_gap 1d'
    """
    import re

    return re.sub(r"--([a-z][a-z-]+)", lambda found: found[1].replace("-", "_"), message)


def nearest(word: str, known: list[str] | tuple[str, ...]) -> str:
    """The known word that a typing slip most likely meant, or ''."""
    from difflib import get_close_matches

    found = get_close_matches(word, known, n=1, cutoff=0.6)
    return found[0] if found else ""


def did_you_mean(word: str, known: list[str] | tuple[str, ...]) -> str:
    """'; did you mean X?' when something is near, else ''."""
    near = nearest(word, known)
    return f"; did you mean {near}?" if near else ""
