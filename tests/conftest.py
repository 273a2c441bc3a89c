"""What tests share: the data beside the checkout, the commands in a shell, and a cache of compiled kernels."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
import sys
import termios
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import settings
from places import ROOT

settings.register_profile("hq", deadline=None)  # how long a case takes says something of the machine alone
settings.load_profile("hq")


class Ran(NamedTuple):
    """What a shell command left: its stdout as bytes, its stderr as text, its exit code."""

    stdout: bytes
    stderr: str
    code: int

    @property
    def text(self) -> str:
        return self.stdout.decode()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with reference data that lies beside the checkout."""
    found = ROOT.parent / "shared"
    if not (found / "data").is_dir():
        pytest.skip(f"needs the reference data in {found}")
    return found


@pytest.fixture(scope="session")
def command_env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A clean environment in which every hq-x is this checkout's, under the Python that runs the tests."""
    folder = tmp_path_factory.mktemp("commands")
    for module in sorted((ROOT / "core/hq_cli").glob("*.py")):
        if module.name.startswith("_"):
            continue
        name = module.stem.strip("_")
        wrapper = folder / ("hq" if name == "hq" else f"hq-{name}")
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m hq_cli.{module.stem} "$@"\n')
        wrapper.chmod(0o755)
    cache = os.environ.get("HQ_CACHE") or str(tmp_path_factory.mktemp("cache"))
    tools = [str(folder), os.path.dirname(sys.executable), "/usr/local/bin", "/usr/bin", "/bin"]
    node = shutil.which("node")
    if node:
        tools.append(os.path.dirname(node))
    return {
        "PATH": os.pathsep.join(tools),
        "PYTHONPATH": str(ROOT / "core"),
        "HQ_CACHE": cache,
        "HOME": str(tmp_path_factory.mktemp("home")),
        "LC_ALL": "C",
        "TZ": "UTC",
    }


@pytest.fixture
def run(command_env, tmp_path):
    """Run a pipeline: run('hq-gen bars --rows 5 | hq-export csv') -> Ran.  It starts in the test's tmp_path."""

    def shell(line: str, stdin: bytes = b"", *, cwd=tmp_path, env=None, timeout: float = 120.0) -> Ran:
        ended = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            input=stdin,
            capture_output=True,
            cwd=cwd,
            env={**command_env, **(env or {})},
            timeout=timeout,
        )
        return Ran(ended.stdout, ended.stderr.decode(), ended.returncode)

    return shell


@pytest.fixture
def on_terminal(command_env, tmp_path):
    """As `run`, of a line whose stdout is a terminal of so many lines."""

    def shell(line: str, *, cwd=tmp_path, lines: int = 0) -> Ran:
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, (lines, 80))
        with subprocess.Popen(
            ["bash", "-c", line], stdout=theirs, stderr=subprocess.PIPE, cwd=cwd, env=command_env
        ) as process:
            os.close(theirs)
            shown = b""
            try:
                while piece := os.read(ours, 65536):
                    shown += piece
            except OSError:  # what Linux says when the other end of a terminal is gone
                pass
            os.close(ours)
            said = process.communicate()[1].decode()
        return Ran(shown, said, process.returncode)

    return shell
