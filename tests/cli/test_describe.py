"""hq describe tells all that hq is, in the form that its schema says, and in brief in no more than a page."""

from __future__ import annotations

import io
import json
import subprocess
from typing import Any

import msgpack
import pytest
from documents import COMMANDS, LINES, furnished, options  # noqa: F401  the fixture desk

from hq_cli import _commands
from hq_cli._effects import EFFECTS, EVERY
from hq_cli._help import ENVIRONMENT
from hq_core import VERSION, registry
from hq_core.errors import EXITS
from hq_core.kinds import KINDS, MAPS
from hq_core.lang.builtins import BUILTINS
from hq_core.lang.words import ACTIONS, VECTORS

TYPES = {
    "object": [dict],
    "array": [list],
    "string": [str],
    "boolean": [bool],
    "integer": [int],
    "number": [int, float],
    "null": [type(None)],
}
BY_NAME = {name: command for name, command in COMMANDS.items() if name != "hq"}


@pytest.fixture(scope="module")
def said(command_env) -> dict[str, Any]:
    ran = subprocess.run(["hq", "describe"], env=command_env, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def fits(value: Any, schema: dict[str, Any], whole: dict[str, Any], at: str = "") -> None:
    """What of JSON Schema the file uses; anything else in it is an error."""
    known = {"$ref", "type", "const", "enum", "required", "properties", "additionalProperties", "items", "description"}
    assert schema.keys() <= known | {"$schema", "$id", "$defs", "title"}, at
    if "$ref" in schema:
        fits(value, whole["$defs"][schema["$ref"].removeprefix("#/$defs/")], whole, at)
    assert "const" not in schema or value == schema["const"], at
    assert "enum" not in schema or value in schema["enum"], at
    if "type" in schema:
        names = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        assert any(type(value) in TYPES[name] for name in names), at
    for one in schema.get("required", ()):
        assert one in value, f"{at} lacks {one}"
    if "properties" in schema:
        assert schema.get("additionalProperties", True) or value.keys() <= schema["properties"].keys(), at
        for name, inner in schema["properties"].items():
            if name in value:
                fits(value[name], inner, whole, f"{at}.{name}")
    for i, one in enumerate(value if "items" in schema else ()):
        fits(one, schema["items"], whole, f"{at}[{i}]")


def test_it_fits_its_schema_and_the_schema_can_refuse(said, run) -> None:
    schema = json.loads(run("hq describe --schema").text)
    assert said["$schema"] == schema["$id"]
    fits(said, schema, schema)
    for wrong in (
        {**said, "more": 1},
        {**said, "maps": [1]},
        {**said, "version": None},
        {**said, "commands": [{**said["commands"][0], "options": [{}]}]},
    ):
        with pytest.raises(AssertionError):
            fits(wrong, schema, schema)


def test_every_command_and_option_is_in_it(said) -> None:
    told = {one["name"]: one for one in said["commands"]}
    assert list(told) == [*(f"hq-{name}" for name in _commands.NAMES), *(f"hq {word}" for word in _commands.OWN)]
    for name, command in BY_NAME.items():
        words = [word for option in told[name]["options"] for word in option["words"]]
        assert words == options(command)
        assert all(option["help"] or option["name"] == "symbol" for option in told[name]["options"])
    pyramid = next(one for one in told["hq-backtest"]["options"] if one["name"] == "pyramid")
    assert (pyramid["type"], pyramid["default"], pyramid["least"], pyramid["most"]) == ("integer", 0, 0, 1_000_000)
    since = next(one for one in told["hq-export"]["options"] if one["name"] == "since")
    assert since["words"] == ["--from"]


def test_kinds_indicators_codes_and_language_are_whole(said) -> None:
    assert {one["name"]: [(column["name"], column["type"]) for column in one["columns"]] for one in said["kinds"]} == {
        name: [(column.name, column.type) for column in kind.columns] for name, kind in KINDS.items()
    }
    assert said["maps"] == list(MAPS)
    assert [one["name"] for one in said["indicators"]] == registry.names()
    assert [(one["codes"], one["meaning"]) for one in said["exit_codes"]] == [
        ([int(code) for code in codes.split(",")], meaning) for codes, meaning in EXITS
    ]
    assert [one["name"] for one in said["environment"]] == [name for name, _ in ENVIRONMENT]
    language = said["language"]
    assert [one["name"] for one in language["functions"]] == [*BUILTINS, *VECTORS]
    assert [one["name"] for one in language["actions"]] == list(ACTIONS)
    assert 'rule        = "IF" expression "THEN" actions [ "ELSE" actions ] ;' in language["grammar"]
    assert said["version"] == VERSION


def test_in_brief_it_is_a_page_with_every_name(said, run) -> None:
    page = run("hq describe --brief").text
    assert len(page) <= 12_000
    assert max(map(len, page.splitlines())) <= 130
    words = set(page.replace(":", " ").replace("=", " ").split())
    for one in said["commands"]:
        assert f"\n{one['name']}" in page
        assert one["about"] in page
        shared = {"--quiet", "--log-json", "--debug", "--version", "--completion"}
        assert {option["words"][-1] for option in one["options"]} - shared <= words
    for what in ("kinds", "indicators"):
        assert {one["name"] for one in said[what]} <= words
    assert {one["name"] for kind in said["kinds"] if not kind["planned"] for one in kind["columns"]} <= words
    for one in said["exit_codes"]:
        assert f"{', '.join(map(str, one['codes']))}  {one['meaning']}\n" in page
    assert 'rule = "IF" expression "THEN" actions [ "ELSE" actions ] ;' in page
    assert "operators, the loosest first: OR; AND; NOT; IN; < <= > >= == !=; + -; * / %; -; ^\n" in page


def test_the_strategy_of_the_page_is_one_and_shows_what_the_heads_leave_open(run, tmp_path) -> None:
    text = run("hq describe --brief").text.partition("\nparam ")[2].partition("\n\n")[0]
    (tmp_path / "s.hq").write_text(f"param {text}\n")
    checked = run("hq-signal --check s.hq")
    assert (checked.code, checked.stderr) == (0, "")
    assert all(form in text for form in ("@4h", "@ETHUSDT", "[1]", "size=", "META(", ").hist"))


def test_indicators_that_cannot_be_used_are_named_and_all_else_is_told(run, tmp_path) -> None:
    (tmp_path / "own").mkdir(mode=0o700)
    (tmp_path / "own" / "aside.py").write_text("x = (")
    (tmp_path / "own" / "rsi.py").write_text("")
    for option in ("", " --brief"):
        ran = run(f"HQ_PATH=own hq describe{option}")
        assert (ran.code, "own/rsi.py is not used: hq has rsi" in ran.stderr) == (65, True), ran.stderr
        assert "own/aside.py, line 1: SyntaxError" in ran.stderr
        assert "hq-signal" in ran.text


def test_one_of_brief_and_schema(run) -> None:
    ran = run("hq describe --brief --schema")
    assert (ran.stdout, ran.code, ran.stderr) == (b"", 2, "hq describe: --brief and --schema: choose one\n")


def kinds_of(data: bytes) -> tuple[dict[str, set[str]], set[str]]:
    """The kinds of a stream's series, with their columns, and of its maps."""
    rows: dict[str, set[str]] = {}
    maps = set()
    for frame in msgpack.Unpacker(io.BytesIO(data), max_buffer_size=1 << 30):
        if isinstance(frame, dict) and frame["kind"] == "schema":
            rows.setdefault(frame["of"], set()).update(name for name, _ in frame["cols"])
        elif isinstance(frame, dict) and frame["kind"] in MAPS:
            maps.add(frame["kind"])
    return rows, maps


def test_the_table_names_every_command_and_known_kinds() -> None:
    assert list(EFFECTS) == list(_commands.NAMES)
    for effect in EFFECTS.values():
        for kinds in effect[:4]:
            assert kinds == EVERY or set(kinds) <= {*KINDS, *MAPS}
        assert effect.reads == EVERY or {*effect.adds, *effect.replaces} <= set(effect.reads)


MORE = {
    "book": ("--emit depth:1", "--emit updates --tick 0.2", "--emit snapshot-every:end"),
    "factors": ("--tick 0.2",),
}  # what else it writes


@pytest.mark.parametrize("name", [name for name, effect in EFFECTS.items() if effect.passes])
def test_filters_do_to_kinds_what_the_table_says(name: str, run, desk) -> None:
    """Bars, orders, trades, fills, a report and events go in; the table says what comes out."""
    effect = EFFECTS[name]
    line = "hq-import" if name == "import" else LINES[f"hq-{name}"].partition("<")[0]
    later = "hq-gen bars --rows 1500 --seed 3 --start 2024-01-02T01:00Z"
    if name != "signal":  # whose bars have no orders yet
        later += " | hq-signal examples/rsi.hq"
    made = (
        f"hq-signal examples/rsi.hq < first.hqf | hq-backtest > all.hqf; {later} >> all.hqf; "
        "hq-gen trades --rows 3000 --seed 1 --symbol OTHER >> all.hqf; "
        "sed s/BTCUSDT/THIRD/ examples/events.csv | hq-import >> all.hqf"
    )
    if name in ("pairs", "aggregate"):  # of what another filter makes
        made += "; cat mids.hqf >> all.hqf"
    assert run(made, cwd=desk).code == 0
    ran = run(f"{line} < all.hqf", cwd=desk)
    assert ran.code == 0, ran.stderr
    came, came_maps = kinds_of((desk / "all.hqf").read_bytes())
    left, left_maps = kinds_of(ran.stdout)
    for more in MORE.get(name, ()):
        left |= kinds_of(run(f"{line} {more} < all.hqf", cwd=desk).stdout)[0]
    assert {"bar", "trade", "fill", "equity", "book"} <= came.keys()
    assert "report" in came_maps
    writes = set(effect.writes) & KINDS.keys() if name != "import" else set()  # frames pass: they were written before
    assert left.keys() == (came.keys() - set(effect.replaces)) | writes
    assert came_maps <= left_maps <= came_maps | set(effect.writes)
    for kind in came.keys() - set(effect.replaces):
        assert left[kind] > came[kind] if kind in effect.adds else left[kind] == came[kind], kind
