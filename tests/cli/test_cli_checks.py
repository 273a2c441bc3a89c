"""The check list that every command is held to: each point's number, what it asks, and the test that holds it."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from pathlib import Path

import documents
import pytest
from documents import COMMANDS, LINES, READERS, ROOT, furnished  # noqa: F401  the fixture desk

from hq_cli._help import ENVIRONMENT, SHELLS
from hq_core.errors import EXITS

CHECKS = {
    1: ("help has an example on its first screen", "test_help_begins_with_what_it_does_and_an_example"),
    2: ("-h is --help", "test_docs.test_help"),
    3: ("--version is one line", "test_docs.test_version"),
    4: ("short options have long ones and one meaning", "test_docs.test_short_options_have_long_ones_and_one_meaning"),
    5: ("an unknown option is named, with a near one", "test_docs.test_unknown_option_names_it_and_a_near_one"),
    6: ("-- ends the options", "test_shell.test_operands_after_two_dashes"),
    7: ("- is stdin or stdout wherever a file is named", "test_a_dash_is_stdin_or_stdout"),
    8: ("options before or after operands", "test_shell.test_options_stand_before_or_after_operands"),
    9: ("--opt=v is --opt v, the last of two holds", "test_an_option_and_its_value_in_one_word_or_two"),
    10: ("stdout is data alone", "test_quiet_says_nothing_but_errors_and_changes_no_byte"),
    11: ("a terminal as stdin is refused at once", "test_shell.test_terminal_as_input_is_refused_at_once"),
    12: ("no frames on a terminal", "test_shell.test_terminal_as_output_gets_text"),
    13: ("no bytes are no input", "test_shell.test_no_bytes_are_no_input"),
    14: ("a stream without rows gives one", "test_a_stream_without_rows_gives_no_rows"),
    15: ("a closed pipe is silent", "test_shell.test_closed_pipe_is_silent"),
    16: ("a full disk is 74", "test_shell.test_full_disk_is_74_with_one_line"),
    17: ("closed descriptors", "test_shell.test_closed_stdout_is_74"),
    18: ("a writer that died in a frame is noticed", "test_a_cut_frame_is_bad_data_that_says_where"),
    19: ("exit codes are documented", "test_every_exit_code_is_in_every_page_and_the_readme"),
    20: ("SIGINT", "test_signals_blocked.test_a_signal_ends_a_filter_whose_input_pauses_within_a_file"),
    21: ("SIGTERM", "test_signals_blocked.test_a_run_that_was_ended_while_blocked_goes_on_to_the_same_rows"),
    22: ("SIGHUP", "test_signals_blocked.test_nohup_keeps_a_hangup_away"),
    23: ("no traceback unless asked for", "test_shell.test_debug_shows_where_and_nothing_else_does"),
    24: ("an error is one line with the command's name", "test_shell.test_nonsense_is_bad_data"),
    25: ("what is dropped is counted, not listed", "test_what_is_dropped_is_one_line_with_a_count"),
    26: ("no escape without a terminal", "test_shell.test_no_escape_bytes_and_no_width_without_a_terminal"),
    27: ("colour for stdout and stderr apart", "no command colours anything"),
    28: ("progress on a terminal alone", "test_hq_warm_shows_no_progress_in_a_pipe"),
    29: ("-q", "test_quiet_says_nothing_but_errors_and_changes_no_byte"),
    30: ("--log-json", "test_every_line_of_log_json_is_an_object"),
    31: ("results for machines", "test_results_for_machines"),
    32: ("--dry-run", "later: comes with the commands that act on a venue"),
    33: ("--yes", "later: comes with the commands that act on a venue"),
    34: ("configuration files", "dropped: what a filter does stands on its command line"),
    35: ("configuration files", "dropped: what a filter does stands on its command line"),
    36: ("configuration files", "dropped: what a filter does stands on its command line"),
    37: ("nothing is written unasked", "test_nothing_is_written_but_the_cache"),
    38: ("no home, no current folder", "test_a_deleted_folder_and_a_missing_home_are_no_matter"),
    39: ("TMPDIR", "test_nothing_is_left_in_tmpdir"),
    40: ("HQ_ variables are in help", "test_variables_are_named_alike_and_in_every_help"),
    41: ("secrets", "later: comes with the commands that hold keys"),
    42: ("secrets", "later: comes with the commands that hold keys"),
    43: ("secrets", "later: comes with the commands that hold keys"),
    44: ("network", "later: comes with the commands that use it"),
    45: ("locale and zone", "test_shell.test_bytes_depend_on_neither_locale_zone_nor_hash_seed"),
    46: ("hash seed", "test_shell.test_bytes_depend_on_neither_locale_zone_nor_hash_seed"),
    47: ("the order of files", "no command takes several files whose order is not their meaning"),
    48: ("more than 4 GiB through a pipe", "test_more_than_four_gigabytes_pass"),
    49: ("the first row leaves at once", "a timing: scripts/bench"),
    50: ("completion", "test_completion_is_a_script_of_its_shell"),
    51: ("pages from the same source", "test_docs.test_pages_are_derived_and_mention_every_option"),
    52: ("examples run", "test_docs.test_examples_of_help_run"),
    53: ("no abbreviations", "test_shell.test_long_options_are_not_abbreviated"),
    54: ("deprecated options", "none is deprecated yet"),
    55: ("start-up", "a timing: scripts/bench; test_docs.test_help_and_version_import_no_engine"),
    56: ("no width without a terminal", "test_shell.test_no_escape_bytes_and_no_width_without_a_terminal"),
}
FULL = os.environ.get("HQ_TRIALS") == "full"


def test_every_point_is_held_by_a_test_that_is_there_or_says_why_not() -> None:
    assert list(CHECKS) == list(range(1, 57))
    for number, (_, held) in CHECKS.items():
        if held.startswith("test_"):
            file, _, name = held.rpartition(".")
            text = next((ROOT / "tests").rglob(f"{file or 'test_cli_checks'}.py")).read_text()
            assert f"def {name}(" in text, f"{number}: {held}"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_what_it_does_and_an_example(name: str, run) -> None:
    lines = run(f"{name} --help").text.splitlines()
    assert max(map(len, lines[:3])) <= 80
    assert any(line in lines[:24] for line in (f"  {example}" for example in COMMANDS[name].examples))
    assert lines.index("Examples:") < 12


def test_a_dash_is_stdin_or_stdout(run, desk: Path) -> None:
    plain = run("hq-export csv < bars.hqf", cwd=desk)
    assert run("hq-export csv -o - < bars.hqf", cwd=desk) == plain
    assert run("hq-diff - bars.hqf < bars.hqf", cwd=desk) == (b"", "", 0)
    assert run("hq-import - < bars.hqf | hq-diff - bars.hqf", cwd=desk).code == 0
    assert run("hq-signal --check - < examples/rsi.hq", cwd=desk).code == 0
    assert run('echo \'{"type":"rsi"}\' | hq-indicators --spec - --explain', cwd=desk).code == 0


def test_an_option_and_its_value_in_one_word_or_two(run, desk: Path) -> None:
    plain = run("hq-export csv --head 3 < bars.hqf", cwd=desk)
    assert plain.text.count("\n") == 4
    assert run("hq-export csv --head=3 < bars.hqf", cwd=desk) == plain
    assert run("hq-export csv --head 9 --head 3 < bars.hqf", cwd=desk) == plain


@pytest.mark.parametrize("name", LINES)
def test_quiet_says_nothing_but_errors_and_changes_no_byte(name: str, run, desk: Path) -> None:
    quiet = LINES[name].replace(name, f"{name} --quiet", 1)
    plain, silent = run(LINES[name], cwd=desk), run(quiet, cwd=desk)
    assert (silent.stderr, silent.code) == ("", plain.code)
    if plain.stdout[:1] == b"\x83":  # frames; their head tells the command line
        (desk / "silent.hqf").write_bytes(silent.stdout)
        assert run("hq-diff silent.hqf -", plain.stdout, cwd=desk).code == 0
    else:
        assert silent.stdout == plain.stdout
    assert run(quiet.replace(f"{name} --quiet", f"{name} --quiet --no-such"), cwd=desk).stderr.startswith(f"{name}: ")


def test_what_is_dropped_is_one_line_with_a_count(run) -> None:
    line = "hq-gen trades --rows 30000 --seed 1 --start 2024-01-01T00:00:30Z | hq-aggregate {} 1m > /dev/null"
    assert re.fullmatch(r"hq-aggregate: partial: \d+ rows? dropped\n", run(line.format("")).stderr)
    assert run(line.format("-q")).stderr == ""


@pytest.mark.parametrize("name", READERS)
def test_every_line_of_log_json_is_an_object(name: str, run, desk: Path) -> None:
    (desk / "nonsense").write_bytes(bytes(range(7, 256)) * 20)
    line = LINES[name].replace(name, f"{name} --log-json", 1)
    for given in (line, re.sub(r"< \S+", "< nonsense", line), line.replace("--log-json", "--log-json --no-such", 1)):
        ran = run(given, cwd=desk)
        told = [json.loads(one) for one in ran.stderr.splitlines()]
        assert all({"ts", "level", "cmd", "event"} <= one.keys() and one["cmd"] == name for one in told)
        assert [one["code"] for one in told if one["level"] == "error"] == [ran.code] * (ran.code != 0)


def test_a_stream_without_rows_gives_no_rows(run, desk: Path) -> None:
    for name in ("hq-indicators rsi:14", "hq-signal examples/rsi.hq", "hq-aggregate 5m", "hq-import"):
        ran = run(f"hq-gen bars --rows 0 --seed 1 | {name} | hq-export csv", cwd=desk)
        assert (ran.code, ran.text.count("\n")) == (0, 1), (name, ran)


@pytest.mark.parametrize("name", [name for name in READERS if ".hqf" in LINES[name]])
def test_a_cut_frame_is_bad_data_that_says_where(name: str, run, desk: Path) -> None:
    file = re.search(r"< (\S+)", LINES[name])[1]
    ran = run(f"head -c 20000 {file} | ({LINES[name].partition('<')[0]})", cwd=desk)
    assert ran.code == 65
    stops = r"the input stops inside a frame: \d+ bytes at byte \d+, after \d+ rows .*"
    assert re.fullmatch(rf"{name}: {stops}\n", ran.stderr)


def test_every_exit_code_is_in_every_page_and_the_readme() -> None:
    readme = (ROOT / "README.md").read_text()
    table = readme.partition("## Exit codes")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([\d, ]+) \| (.+) \|$", table, re.M) == [(codes, told) for codes, told in EXITS]
    for name in COMMANDS:
        page = (ROOT / "man" / f"{name.split()[0]}.1").read_text()
        assert all(f"\\fB{codes}\\fP" in page for codes, _ in EXITS), name


def test_hq_warm_shows_no_progress_in_a_pipe(run, command_env) -> None:
    said = run("hq warm", env={"HQ_CACHE": command_env["HQ_CACHE"]}).stderr
    assert (said.count("\n"), "\r" in said, "#" in said) == (1, False, False)


def test_results_for_machines(run, desk: Path) -> None:
    assert json.loads(run("hq-backtest --json < signals.hqf", cwd=desk).text)["kind"] == "report"
    assert json.loads(run("hq-diff --json bars.hqf other.hqf", cwd=desk).text)["equal"] is False
    assert json.loads(run("hq-state rsi.state", cwd=desk).text)["command"] == "hq-indicators"
    assert json.loads(run("hq-indicators --list --json").text)


def test_nothing_is_written_but_the_cache(run, desk: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in READERS:
        work = tmp_path / name
        work.mkdir()
        line = re.sub(r"(?<=[ =])((?:examples/)?[\w.-]+\.(?:hqf?|csv))\b", rf"{desk}/\1", LINES[name])
        assert run(line, cwd=work, env={"HOME": str(home)}).code == 0
        assert list(work.iterdir()) == []
    assert list(home.iterdir()) == []


def test_a_deleted_folder_and_a_missing_home_are_no_matter(run, desk: Path, tmp_path: Path) -> None:
    line = f"mkdir gone && cd gone && rmdir ../gone && unset HOME && hq-export csv --head 2 < {desk / 'bars.hqf'}"
    assert run(line).code == 0


def test_nothing_is_left_in_tmpdir(run, tmp_path: Path) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    line = "hq-gen bars --rows 100 --seed 1 | hq-export npz | hq-import | hq-export npz > out.npz"
    assert run(line, env={"TMPDIR": str(place)}).code == 0
    assert list(place.iterdir()) == []


def test_variables_are_named_alike_and_in_every_help(run) -> None:
    used = {
        name for path in (ROOT / "core").rglob("*.py") for name in re.findall(r"\bHQ_[A-Z0-9_]+\b", path.read_text())
    }
    assert used == {name for name, _ in ENVIRONMENT}
    for name in COMMANDS:
        told = run(f"{name} --help").text
        assert all(variable in told for variable in used)


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("name", [name for name in COMMANDS if " " not in name])
def test_completion_is_a_script_of_its_shell(name: str, shell: str, run) -> None:
    ran = run(f"{name} --completion {shell}")
    assert (ran.code, ran.stderr) == (0, "")
    assert name in ran.text
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not here to read its script")
    assert run(f"{shell} -n", ran.stdout).code == 0


def test_a_shell_completes_options_and_commands(run) -> None:
    asked = {"COMP_WORDS": "hq-export --per", "COMP_CWORD": "1", "_HQ_EXPORT_COMPLETE": "bash_complete"}
    assert "plain,--period" in run("hq-export", env=asked).text.split()
    asked = {"COMP_WORDS": "hq exp", "COMP_CWORD": "1", "_HQ_COMPLETE": "bash_complete"}
    assert run("hq", env=asked).text.split() == ["plain,export"]


def test_code_of_the_current_folder_does_not_run(desk: Path, on_terminal, tmp_path: Path) -> None:
    """The table on a terminal is a child, and `python -m` would look for its modules where the user stands."""
    for module in ("click", "msgpack", "hq_core", "hq_cli", "orjson"):
        (tmp_path / f"{module}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').write('{module}')\n")
    ran = on_terminal("hq-gen bars --rows 3 --seed 1")
    assert ran.code == 0, ran.stderr
    assert not (tmp_path / "ran").exists()
    assert "2024-01-01" in ran.text


def test_a_table_that_died_is_an_error(monkeypatch, capfd) -> None:
    from hq_cli import _filter
    from hq_core.errors import HqError

    monkeypatch.setattr(os, "isatty", lambda fd: True)
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(HqError, match="ended with 1") as raised, _filter.frames_out("hq-gen"):
        pass
    assert raised.value.code == 74


@pytest.mark.parametrize(
    "stream",
    [
        {"kind": "note\x1b[2J", "text": "x"},
        {"kind": "schema", "id": 1, "of": "bar", "symbol": "\x9b2J", "period": "1m", "cols": [["ts", "i8"]]},
    ],
)
def test_what_data_says_reaches_no_terminal_unescaped(stream, run) -> None:
    import msgpack

    data = msgpack.packb({"kind": "head", "hq": 1, "made_by": []}) + msgpack.packb(stream)
    for line in ("hq-export table", "hq-indicators rsi:14", "hq-diff - /dev/null"):
        told = run(line, data)
        assert told.stderr.count("\n") == 1
        assert told.stderr[:-1].isprintable()


def test_names_of_messages_are_escaped(run) -> None:
    message = b'{"e":"\\u001b[2J\\nhq-import: fine","x":1}\n'
    ran = run("hq-import", message + b'{"ts":"2024-01-01T00:00Z","price":1,"qty":1}')
    assert "\x1b" not in ran.stderr
    assert all(line.startswith("hq-import: ") and line.isprintable() for line in ran.stderr.splitlines())
    assert "hq-import: fine" not in ran.stderr.splitlines()


@pytest.mark.skipif(not FULL, reason="HQ_TRIALS=full sends 4.5 GB")
def test_more_than_four_gigabytes_pass(run) -> None:
    ran = run(
        "hq-gen trades --rows 180000000 --seed 1 | tee >(wc -c > size) | hq-aggregate 1d | hq-export csv", timeout=600
    )
    assert ran.code == 0
    assert ran.text.count("\n") > 100


def test_the_list_of_options_is_in_the_completion(run) -> None:
    """What a shell offers is what the command takes."""
    asked = {"COMP_WORDS": "hq-gen bars --", "COMP_CWORD": "2", "_HQ_GEN_COMPLETE": "bash_complete"}
    offered = {line.removeprefix("plain,") for line in run("hq-gen", env=asked).text.split()}
    assert {word for word in documents.options(COMMANDS["hq-gen"]) if word.startswith("--")} <= offered


def test_an_argument_that_is_no_text_is_no_bug(run, desk: Path) -> None:
    name = b"odd\xff.hq".decode("utf-8", "surrogateescape")
    (desk / name).write_text("IF close > 1 THEN BUY()\n")
    ran = run("hq-signal $'odd\\xff.hq' < bars.hqf | hq-export csv --kind bar --tail 1", cwd=desk)
    assert (ran.code, ran.stderr) == (0, "")
    ran = run("hq-gen bars --rows 1 --seed 1 --symbol $'\\xff' | hq-export csv", cwd=desk)
    assert ran.code in (65, 66)
    assert "none that does not print" in ran.stderr
