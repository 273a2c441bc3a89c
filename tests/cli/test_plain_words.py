"""Command lines without click: the same values as click gives, or left to it."""

from __future__ import annotations

import os
import random
import re

import click
import pytest

from hq_cli import _commands
from hq_cli._command import Command, plain
from hq_core.errors import HqError
from hq_core.options import Option, options_of

CASES = 20_000 if os.environ.get("HQ_TRIALS") == "full" else 600
ODD = [
    "",
    "-",
    "--",
    "-1",
    "1e9",
    "nan",
    "inf",
    "x",
    "0",
    "7",
    "1_0",
    " 3",
    "--help",
    "a=b",
    "0.5",
    "--quiet",
    "-q",
    "é",
]


def by_click(command: Command, words: list[str]) -> dict[str, object] | str:
    """What click would give the function; or what it says of the words."""
    given: list[dict[str, object]] = []
    made = command.clicked()
    made.callback = lambda **said: given.append(said)
    try:
        made.main(args=words, prog_name=command.name, standalone_mode=False)
    except click.exceptions.Exit:
        return "ended"
    except (click.ClickException, click.Abort) as error:
        return type(error).__name__
    return given[0] if given else "ended"


def value(option: Option, draw: random.Random) -> str:
    if option.choices and draw.random() < 0.8:
        return draw.choice(option.choices)
    if draw.random() < 0.4:
        return draw.choice(ODD)
    if option.kind in (int, float):
        low = 0 if option.least is None else int(option.least)
        return str(draw.choice([low, low + 1, option.default, draw.randrange(-9, 200), round(draw.uniform(0, 9), 2)]))
    return str(option.default) if option.default not in (None, "", ()) else draw.choice(["close", "1d", "UTC", "3"])


def words_of(command: Command, draw: random.Random) -> list[str]:
    found: list[str] = []
    for argument in command.arguments:
        n = draw.choice([0, 1, 1, 2]) if argument.many else draw.choice([1, 1, 1, 0])
        known = argument.choices or ("csv", "rsi:14", "a.hqf", "1m:5m", "-")
        found += [draw.choice(known) for _ in range(n)]
    options = [option for one in command.options for option in options_of(one).values()]
    drawn = draw.sample(options, min(len(options), draw.choice([0, 1, 1, 2, 3])))
    for option in [*drawn, *(one for one in options if one.required and one not in drawn)]:
        flag = f"-{option.short}" if option.short and draw.random() < 0.5 else option.flag
        if draw.random() < 0.05:
            flag = flag[: draw.randrange(1, len(flag))]
        if option.kind is bool:
            said = [flag]
        else:
            text = value(option, draw)
            said = [f"{flag}={text}"] if draw.random() < 0.3 else [flag, text]
        at = draw.randrange(len(found) + 1)
        found[at:at] = said
        if draw.random() < 0.05:
            found += said
    if draw.random() < 0.1:
        found.insert(draw.randrange(len(found) + 1), draw.choice(ODD))
    return found


@pytest.mark.parametrize("name", [*_commands.NAMES, *_commands.OWN])
def test_plain_words_mean_what_click_makes_of_them(name: str) -> None:
    command = _commands.declared(name)
    draw = random.Random(f"plain {name}")
    alone = 0
    for _ in range(CASES):
        words = words_of(command, draw)
        try:
            found = plain(command, words)
        except HqError as error:
            with pytest.raises(HqError, match=re.escape(str(error))):
                by_click(command, words)
            continue
        if found is None:
            continue
        alone += 1
        wanted = by_click(command, words)
        assert isinstance(wanted, dict), (words, wanted)
        assert {key: repr(one) for key, one in found.items()} == {key: repr(one) for key, one in wanted.items()}, words
    assert alone > CASES // 20


@pytest.mark.parametrize(
    "words", [["--help"], ["-q", "1m"], ["--debug", "1m"], ["--fill"], [], ["1m", "2m"], ["--", "1m"]]
)
def test_what_is_not_plain_is_left_to_click(words: list[str]) -> None:
    assert plain(_commands.declared("aggregate"), words) is None


def test_a_shell_that_asks_for_completions_is_answered_by_click(monkeypatch) -> None:
    command = _commands.declared("aggregate")
    assert plain(command, ["1m"]) is not None
    monkeypatch.setenv("_HQ_AGGREGATE_COMPLETE", "bash_complete")
    assert plain(command, ["1m"]) is None


def test_hq_itself_is_clicks() -> None:
    from hq_cli.hq import main

    assert plain(main, ["gen"]) is None
    assert main.clicked().name == "hq"
