"""Commands, modules, stages, pages, cases and texts agree; what help and README show does run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import documents
import pytest
from documents import COMMANDS, LINES, ROOT, furnished  # noqa: F401  the fixture desk

from hq_cli import _commands
from hq_core import VERSION

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
NO_STAGE = {"state": "shows a file"}
EXAMPLES = [line for command in COMMANDS.values() for line in command.examples]


def test_scripts_are_the_table_of_commands() -> None:
    scripts = {f"hq-{name}": f"{_commands.module(name)}:main" for name in _commands.NAMES}
    assert PROJECT["project"]["scripts"] == {"hq": "hq_cli.hq:main", **scripts}
    assert {f"hq-{name}" for name in _commands.NAMES} == set(LINES)


def test_every_module_is_a_command_and_every_command_has_stage_page_and_cases() -> None:
    modules = {f"hq_cli.{path.stem}" for path in (ROOT / "core/hq_cli").glob("*.py") if not path.stem.startswith("_")}
    assert modules == {"hq_cli.hq", *map(_commands.module, _commands.NAMES)}
    stages = {path.stem for path in (ROOT / "core/hq_core/stages").glob("*.py")} - {"__init__"}
    assert stages | set(NO_STAGE) >= {"imports" if name == "import" else name for name in _commands.NAMES}
    contract = PROJECT["tool"]["importlinter"]["contracts"][2]
    assert sorted(contract["modules"]) == sorted(map(_commands.module, _commands.NAMES))
    for name in _commands.NAMES:
        codes = [
            int(path.read_text()) if path.exists() else 0
            for path in ((case / "expcode") for case in (ROOT / "tests/cases" / name).glob("*/"))
        ]
        assert 0 in codes, f"{name} has no fine case"
        assert any(codes), f"{name} has no case that must fail"


def test_version_is_one() -> None:
    assert PROJECT["project"]["version"] == VERSION
    assert f"## {VERSION} (" in (ROOT / "CHANGELOG.md").read_text()


def test_pages_are_derived_and_mention_every_option() -> None:
    pytest.importorskip("click_man")
    made = subprocess.run(
        [sys.executable, ROOT / "scripts/make_man.py", "--check"],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": str(ROOT / "core")},
    )
    assert made.returncode == 0, made.stderr
    for name, command in COMMANDS.items():
        page = (ROOT / "man" / f"{name.split()[0]}.1").read_text().replace("\\-", "-")
        for word in documents.options(command):
            assert re.search(rf"{word}\b", page), f"{word} is not in the page of {name}"


MADE = {"gen", "state"}  # writes one series; shows a file


@pytest.mark.parametrize("name", sorted({*_commands.NAMES} - MADE))
def test_what_takes_a_panel_says_so(name: str) -> None:
    """A page that is silent about panels sends its reader to take them apart."""
    assert "panel" in str(_commands.load(name).help)


@pytest.mark.parametrize("page", sorted((ROOT / "man").glob("*.[157]")), ids=lambda page: page.name)
def test_pages_are_of_this_version(page: Path) -> None:
    head = page.read_text().partition("\n")[0]
    (day,) = re.findall(rf"^## {re.escape(VERSION)} \((.*)\)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert re.sub('["\\\\]', "", head).split()[3:6] == [day, "hq", VERSION]


def test_the_page_of_the_whole_knows_all_that_there_is() -> None:
    text = (ROOT / "man" / "hq.7").read_text().replace("\\-", "-")
    for word in [f"hq-{name}" for name in _commands.NAMES] + [f"hq {word}" for word in _commands.OWN]:
        assert re.search(rf"{word}\b", text), f"hq(7) does not name {word}"
    for word in ("panel", "HQ_PATH", "hq.indicators", "hq_core", "--state", "mark"):
        assert word in text, f"hq(7) does not tell of {word}"


def test_a_head_of_another_version_is_found_and_mended(tmp_path: Path) -> None:
    """Of pages that are written by hand as well."""
    pytest.importorskip("click_man")
    for name in ("core", "examples", "man", "scripts", "CHANGELOG.md", "pyproject.toml"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    for page in ("hq.7", "hq-frames.5"):
        path = tmp_path / "man" / page
        fresh = path.read_text()
        path.write_text(fresh.replace(f"hq {VERSION}", "hq 0.0.9", 1))
        assert path.read_text() != fresh
        line = [sys.executable, tmp_path / "scripts/make_man.py"]
        env = {"PYTHONPATH": str(tmp_path / "core")}
        stale = subprocess.run([*line, "--check"], capture_output=True, text=True, check=False, env=env)
        assert (stale.returncode, f"{page} out of date" in stale.stderr) == (1, True), stale.stderr
        subprocess.run(line, check=True, env=env)
        assert path.read_text() == fresh


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff to read the pages")
@pytest.mark.parametrize("page", sorted((ROOT / "man").glob("*.[157]")), ids=lambda page: page.name)
def test_pages_are_clean_roff(page: Path) -> None:
    read = subprocess.run(["groff", "-ww", "-man", "-z", page], capture_output=True, text=True, check=True)
    assert read.stderr == ""


READERS = {
    "mandoc": ["-T", "utf8", "-O", "width=78"],
    "groff": ["-man", "-Tutf8", "-Kutf8", "-P-cbou", "-rLL=78n"],  # as man asks for it on 80 columns
}
READER = next((word for word in READERS if shutil.which(word)), "")


@pytest.mark.skipif(not READER, reason="needs mandoc or groff to lay out the pages")
@pytest.mark.parametrize("page", sorted((ROOT / "man").glob("*.[157]")), ids=lambda page: page.name)
def test_pages_fit_a_terminal(page: Path) -> None:
    read = subprocess.run([READER, *READERS[READER], page], capture_output=True, text=True, check=True)
    lines = [re.sub(".\b", "", line) for line in read.stdout.splitlines()]  # what is struck over
    assert len(lines) > 20
    assert [line for line in lines if len(line) > 80] == []


def test_folded_examples_are_the_same_lines() -> None:
    for name, command in COMMANDS.items():
        if " " in name:  # a word of hq, which has no page of its own
            continue
        page = (ROOT / "man" / f"{name}.1").read_text()
        found = re.search(r"^\.SH EXAMPLES\n\.nf\n(.*?)^\.fi$", page, re.M | re.S)
        assert found is not None
        told = re.sub(r" \\\n +|(?<=[|;])\n +", " ", re.sub(r"\\([-`&])", r"\1", found[1]).replace(r"\e", "\\"))
        assert told.splitlines() == list(command.examples)


@pytest.mark.parametrize("name", COMMANDS)
def test_help(name: str, run) -> None:
    long, short = run(f"{name} --help"), run(f"{name} -h")
    assert (long.code, long.stderr) == (0, "")
    assert short == long
    assert long.text.startswith(f"Usage: {name} ")
    assert COMMANDS[name].examples
    for line in COMMANDS[name].examples:
        assert f"  {line}\n" in long.text
    for word in documents.options(COMMANDS[name]):
        assert re.search(rf"{word}\b", long.text), word


def test_short_options_have_long_ones_and_one_meaning() -> None:
    means: dict[str, str] = {}
    for command in COMMANDS.values():
        for param in command.params:
            short = [word for word in param.opts if word.startswith("-") and not word.startswith("--")]
            long = [word for word in param.opts if word.startswith("--")]
            assert not short or long, f"{command.name} {short}"
            for word in short:
                assert means.setdefault(word, long[0]) == long[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_version(name: str, run) -> None:
    assert run(f"{name} --version") == (f"{name} (hq) {VERSION}\n".encode(), "", 0)


def test_hq_lists_every_command_by_purpose(run) -> None:
    bare = run("hq")
    assert bare == run("hq --help")
    for purpose, names in _commands.PURPOSES:
        listed = bare.text.partition(f"{purpose}:\n")[2]
        assert re.findall(r"^  (hq-\S+)", listed, re.M)[: len(names)] == [f"hq-{name}" for name in names]


def test_hq_name_is_the_command(run) -> None:
    assert run("hq gen bars --rows 3 --seed 1 | hq export csv") == run("hq-gen bars --rows 3 --seed 1 | hq-export csv")
    assert run("hq indicators rsii:14 </dev/null").stderr.startswith("hq-indicators: unknown indicator 'rsii'")
    for line in ("hq agregate", "hq hq-agregate 15m"):
        ran = run(line)
        assert (ran.stdout, ran.code) == (b"", 2)
        assert ran.stderr == f"hq: unknown command '{line.split()[1]}'; did you mean aggregate?\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_unknown_option_names_it_and_a_near_one(name: str, run) -> None:
    for word in documents.options(COMMANDS[name]):
        if not word.startswith("--"):
            continue
        wrong = f"{word[:-1]}{'z' if word[-1] != 'z' else 'y'}z"
        ran = run(f"{name} {wrong} < /dev/null")
        assert (ran.stdout, ran.code) == (b"", 2)
        assert ran.stderr.startswith(f"{name}: No such option '{wrong}'")
        assert word in ran.stderr
        assert ran.stderr.count("\n") == 1
        return
    raise AssertionError(f"{name} has no long option")


def imported_by(line: list[str], env: dict[str, str], data: bytes = b"") -> set[str]:
    """The modules that `python -m` of the words imports."""
    ran = subprocess.run(
        [sys.executable, "-P", "-X", "importtime", "-m", *line], env=env, input=data, capture_output=True, check=True
    )
    return set(re.findall(r"\|\s*([\w.]+)$", ran.stderr.decode(), re.M))


@pytest.mark.parametrize(
    "line", ["gen bars --rows 90 --seed 1", "aggregate 5m", "indicators rsi:14", f"signal {ROOT}/examples/rsi.hq"]
)
def test_a_run_over_frames_imports_no_reader_of_other_formats(line: str, command_env, run) -> None:
    name, *words = line.split()
    bars = run("hq-gen bars --rows 90 --seed 1").stdout
    imported = imported_by([_commands.module(name), *words], command_env, bars)
    assert "hq_core.jit" in imported
    readers = {one for one in imported if one.startswith("hq_core.formats.")}
    assert readers <= ({"hq_core.formats.times", "hq_core.formats.text_kernel"} if name == "gen" else set())
    assert not imported & {"numba", "numpy", "llvmlite", "pyarrow", "hq_core.options.imports", "locale"}


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_import_no_engine(name: str, option: str, command_env) -> None:
    module = "hq_cli.hq" if name.startswith("hq ") or name == "hq" else _commands.module(name[3:])
    words = [*name.split()[1:], option]
    imported = imported_by([module, *words], command_env)
    assert "click" in imported
    assert not imported & {"numba", "numpy", "llvmlite", "pyarrow", "orjson", "hq_core.jit", "hq_core.flow"}


@pytest.mark.parametrize("line", [line for line in EXAMPLES if not line.startswith("hq warm")])
def test_examples_of_help_run(line: str, run, desk: Path) -> None:
    ran = run(line, cwd=desk)
    assert ran.code == 0, ran.stderr


def test_readme_runs_from_top_to_bottom(run, tmp_path: Path) -> None:
    documents.examples_in(tmp_path)
    lines = [
        line
        for line in documents.shell_lines((ROOT / "README.md").read_text())
        if not line.startswith(("git ", "cd ", "scripts/", "pip "))
    ]
    assert len(lines) > 8
    for line in lines:
        ran = run(line)
        assert ran.code in ((0, 141) if "| head" in line else (0,)), f"{line}\n{ran.stderr}"


def test_shown_scripts_exist() -> None:
    for text in ("README.md", "CONTRIBUTING.md", "DECISIONS.md"):
        places = r"\b(?:scripts|bench|examples|tests|man|core/hq_core|core/hq_cli)/[\w./-]*\w"
        for name in re.findall(places, (ROOT / text).read_text()):
            assert (ROOT / name).exists(), f"{text} names {name}"


def test_the_kernel_that_is_shown_is_a_real_one() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    [(name, block)] = re.findall(r"^`(core/hq_core/[\w/.]+)` as it stands:\n\n((?: {4}.*\n|\n)+)", text, re.M)
    shown = re.sub(r"^ {4}", "", block, flags=re.M).strip("\n")
    assert shown.startswith("@kernel(")
    assert f"\n{shown}\n\n\n" in (ROOT / name).read_text(), f"CONTRIBUTING.md shows another kernel than {name} holds"


def test_warm_compiles_what_pipelines_use(run, desk: Path, tmp_path: Path) -> None:
    """After hq warm no line of LINES needs the compiler: it is out of reach and they still work."""
    told = r"(\d+) kernels are there, in \S+ or with the package, (\d+) of them compiled now, in [\d.]+ s\n"
    first, again = (re.fullmatch(told, run("hq warm", timeout=400.0).text) for _ in range(2))
    assert first
    assert again
    assert (again[1], again[2]) == (first[1], "0")
    assert int(first[1]) > 300
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nsys.modules['hq_core.jit.compile'] = None     # importing it is an error from now on\n"
    )
    for line in LINES.values():
        ran = run(f"PYTHONPATH=$PYTHONPATH:{tmp_path} {line} > /dev/null", cwd=desk)
        assert "bug" not in ran.stderr, f"{line}\n{ran.stderr}"
