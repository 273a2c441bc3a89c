"""Where compiled kernels lie and who may have made them: folders, links, images, the lock, the environment."""

from __future__ import annotations

import fcntl
import os
import pty
import subprocess
import sys
import threading

import pytest
from places import ROOT

from hq_core import hooks
from hq_core.jit import cache, machine, place

PRINTS = "from hq_core.jit import cache; print(cache.folder() or cache.notes[0])"


@pytest.fixture
def home(tmp_path):
    tmp_path.chmod(0o700)
    return tmp_path


def python(code, cwd, *, umask=0o022, **env):
    """What `code` prints under an environment of these variables alone."""
    ended = subprocess.run(
        [sys.executable, "-P", "-c", code],
        capture_output=True,
        text=True,
        cwd=cwd,
        umask=umask,
        env={
            "PYTHONPATH": os.pathsep.join([str(ROOT / part) for part in ("core", "tests/jit", "tests/helpers")]),
            **env,
        },
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.strip()


@pytest.mark.parametrize("umask", [0o000, 0o002, 0o022, 0o077])
def test_the_cache_that_hq_makes_is_one_it_uses_whatever_the_umask(home, umask):
    for env, path in (
        ({"HOME": str(home / "me" / "deep")}, home / "me/deep/.cache/hq"),
        ({"XDG_CACHE_HOME": str(home / "xdg" / "deep")}, home / "xdg/deep/hq"),
        ({"HQ_CACHE": str(home / "own" / "deep")}, home / "own/deep"),
    ):
        assert python(PRINTS, home, umask=umask, **env) == str(path)
        while path != home:
            assert path.stat().st_mode & 0o777 == 0o700
            path = path.parent


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({"HQ_CACHE": "cache"}, "HQ_CACHE is cache, which is no absolute path"),
        ({"HQ_CACHE": "~/cache"}, "HQ_CACHE is ~/cache, which is no absolute path"),
        ({"XDG_CACHE_HOME": "x", "HOME": "/root"}, "XDG_CACHE_HOME is x, which is no absolute path"),
        ({"HOME": "."}, "HOME is ., which is no absolute path"),
        ({"HOME": ""}, "HOME is empty"),
        ({}, "HOME is empty"),
    ],
)
def test_a_relative_path_or_no_home_is_no_place(home, env, why):
    assert why in python(PRINTS, home, **env)
    assert list(home.iterdir()) == []


def test_a_link_is_checked_where_it_lies_and_where_it_leads(home):
    open_, shut = home / "open", home / "shut"
    for folder in (open_, shut):
        (folder / "cache").mkdir(parents=True, mode=0o700)
    place.check(str(shut / "cache"))
    (shut / "link").symlink_to(shut / "cache")
    (shut / "relative").symlink_to("../shut/link")
    place.check(str(shut / "relative"))
    (open_ / "link").symlink_to(shut / "cache")
    (shut / "away").symlink_to("../open/cache")
    open_.chmod(0o777)
    for path in (open_ / "link", shut / "away", shut / ".." / "open" / "cache"):
        with pytest.raises(ValueError, match="others may write .*/open "):
            place.check(str(path))


def test_links_that_go_round_are_no_place(home):
    (home / "a").symlink_to("b")
    (home / "b").symlink_to("a")
    with pytest.raises(ValueError, match="too many symbolic links"):
        place.check(str(home / "a"))


def test_a_sticky_folder_lies_on_the_way_but_is_no_place(home):
    sticky = home / "tmp"
    (sticky / "mine").mkdir(parents=True, mode=0o700)
    sticky.chmod(0o1777)
    (home / "link").symlink_to(sticky)
    if os.geteuid() == 0:  # only root's may lie on the way
        place.check(str(sticky / "mine"))
    for path in (sticky, home / "link"):
        with pytest.raises(ValueError, match="others may write"):
            place.check(str(path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_no_place(home):
    (home / "theirs").mkdir(mode=0o700)
    os.chown(home / "theirs", 12345, 12345)
    with pytest.raises(ValueError, match="theirs belongs to another user"):
        place.check(str(home / "theirs"))


@pytest.fixture
def folder(home, monkeypatch):
    """A cache of this test's own; its notes are emptied."""
    monkeypatch.setenv("HQ_CACHE", str(home))
    monkeypatch.setattr(cache, "notes", [])
    return home


CODE = b"\xb8\x2a\x00\x00\x00\xc3"  # mov eax, 42; ret


def test_an_image_under_another_kernel_s_name_is_refused(folder):
    cache.publish("one-1", CODE, 0)
    assert isinstance(cache.find("one-1"), int)
    (folder / "one-1.img").rename(folder / "other-1.img")
    assert cache.find("other-1") is None
    assert cache.notes == ["image other-1 not used: damaged, or another kernel's"]


@pytest.mark.parametrize("at", [8, 16, 24, 32, 40, 4095, 4096])
def test_each_byte_of_an_image_counts(folder, at):
    cache.publish("one-1", CODE, 0)
    path = folder / "one-1.img"
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.unlink()
    path.write_bytes(content)
    assert cache.find("one-1") is None
    assert len(cache.notes) == 1


@pytest.mark.parametrize("sort", ["fifo", "device", "folder", "huge", "empty"])
def test_what_is_no_regular_file_of_an_image_s_size_is_no_image(folder, sort):
    path = folder / "one-1.img"
    if sort == "fifo":
        os.mkfifo(path, 0o600)
    elif sort == "device":
        if os.geteuid() != 0:
            pytest.skip("only root can make a device")
        try:
            os.mknod(path, 0o600 | 0o020000, os.makedev(1, 5))  # /dev/zero
        except PermissionError:
            pytest.skip("no devices can be made here")
    elif sort == "folder":
        path.mkdir(0o700)
    else:
        path.touch(0o600)
        os.truncate(path, 1 << 40 if sort == "huge" else 0)
    assert cache.find("one-1") is None
    assert cache.notes == ["image one-1 not used: not an image"]


def test_a_lock_held_for_seconds_says_by_whom(folder, monkeypatch):
    monkeypatch.setattr(cache, "PATIENCE_S", 0.05)
    told = threading.Event()
    heard = []
    monkeypatch.setattr(hooks, "waiting", lambda *what: (heard.append(what), told.set()))
    code = (
        "import sys; from hq_core.jit import cache\n"
        "with cache.lock('one-1'): print('held', flush=True); sys.stdin.read()"
    )
    env = {"PYTHONPATH": str(ROOT / "core"), "HQ_CACHE": str(folder)}
    with subprocess.Popen(
        [sys.executable, "-P", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        threading.Thread(target=lambda: (told.wait(60), holder.stdin.close())).start()
        with cache.lock("one-2"):  # the lock is the kernel's, of whatever version
            assert (folder / "one.lock").read_text() == str(os.getpid())
    assert heard == [("one", str(holder.pid))]


def test_a_lock_that_is_soon_free_says_nothing(folder, monkeypatch):
    heard = []
    monkeypatch.setattr(hooks, "waiting", lambda *what: heard.append(what))
    fd = os.open(folder / "one.lock", os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX)
    threading.Timer(0.05, os.close, [fd]).start()
    with cache.lock("one-1"):
        pass
    assert heard == []


def test_a_command_says_whom_it_waits_for(run, home):
    script = (
        "import sys; from hq_core import hooks; from hq_core.jit import cache; from hq_cli import _filter\n"
        "_filter._listen('hq-x'); hooks.waiting('account', '17'); hooks.waiting('account', '')"
    )
    assert run(f'{sys.executable} -P -c "{script}"').stderr == (
        "hq-x: waiting for process 17, which compiles account\n"
        "hq-x: waiting for another process, which compiles account\n"
    )


@pytest.mark.parametrize(
    ("env", "line"),
    [
        ({"HQ_PROCESSOR": "junk"}, "HQ_PROCESSOR is junk; it may be x86-64-v2 or x86-64-v3, or be unset"),
        ({"HQ_JIT": "junk"}, "HQ_JIT is junk; it may be image or numba, or be unset"),
        ({"NUMBA_DISABLE_JIT": "1"}, "NUMBA_DISABLE_JIT is set, but hq runs on compiled kernels; unset it"),
    ],
)
@pytest.mark.parametrize("command", ["hq warm", "hq-gen bars --rows 3 --seed 1"])
def test_an_environment_that_cannot_be_is_one_line_and_78(run, command, env, line):
    ran = run(command, env=env)
    assert (ran.code, ran.stderr) == (78, f"{command.split(' ')[0] if '-' in command[:3] else 'hq warm'}: {line}\n")


def test_a_level_that_this_machine_has_not_is_refused(monkeypatch):
    monkeypatch.setenv("HQ_PROCESSOR", "x86-64-v3")
    monkeypatch.setattr(machine, "THIRD", {b"no-such-flag"})
    monkeypatch.setattr(machine, "_processor", "")
    with pytest.raises(machine.HqError, match="HQ_PROCESSOR is x86-64-v3, which this machine is not"):
        machine.processor()


SETTINGS = """
import os
from array import array
from hq_core.jit import Cell
from test_jit import divides
out = array("d", bytes(24))
cell = Cell(divides)
cell.buffer("x", array("d", [3.0, -0.0, 7.0]))
cell.buffer("out", out)
cell.run()
print(out.tobytes().hex(), [name for name in os.environ if name.startswith("NUMBA_")])
"""


@pytest.mark.parametrize("route", ["image", "numba"])
def test_numba_s_variables_change_neither_code_nor_output(home, route):
    plain = python(SETTINGS, home, HQ_CACHE=str(home / "plain"), HQ_JIT=route)
    asked = {
        "NUMBA_OPT": "0",
        "NUMBA_BOUNDSCHECK": "1",
        "NUMBA_DEBUGINFO": "1",
        "NUMBA_DUMP_IR": "1",
        "NUMBA_CACHE_DIR": str(home / "elsewhere"),
        "NUMBA_NUM_THREADS": "-1",
    }
    (home / ".numba_config.yaml").write_text("dump_ir: 1\nopt: junk\n")
    odd = python(SETTINGS, home, HQ_CACHE=str(home / "odd"), HQ_JIT=route, **asked)
    assert odd == plain.replace("[]", str(sorted(asked, key=list(asked).index)))
    assert not (home / "elsewhere").exists()
    if route == "image":
        first, second = (next((home / name).glob("divides-*.img")) for name in ("plain", "odd"))
        assert first.name == second.name
        assert first.read_bytes() == second.read_bytes()


def test_a_program_s_own_numba_settings_are_back_after_a_kernel_is_compiled(home):
    code = (
        "from numba.core import config; config.OPT = 1; config.CACHE_DIR = 'mine'\n"
        "from test_jit import Cell, divides; Cell(divides); config.reload_config()\n"
        "print(config.OPT, config.CACHE_DIR, config._config_fname)"
    )
    assert python(code, home, HQ_CACHE=str(home / "c"), NUMBA_DEBUG_CACHE="0") == "1 mine .numba_config.yaml"


@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_what_numba_s_own_loader_reads_as_a_program_lies_in_a_folder_shut_to_others(home, umask):
    env = {"HQ_CACHE": str(home), "HQ_JIT": "numba"}
    home.chmod(0o755)
    first = python(SETTINGS, home, umask=umask, **env)
    assert (home / "loader").stat().st_mode & 0o777 == 0o700
    assert len(list(home.rglob("*.nbi"))) == len(list((home / "loader").rglob("*.nbi"))) == 1
    (home / "loader").chmod(0o755)
    why = "from hq_core.jit import cache\nprint(cache.notes)"
    assert "that others cannot enter (chmod 700)" in python(SETTINGS + why, home, **env)
    assert python(SETTINGS, home, **env) == first


def test_a_loader_folder_that_cannot_be_written_is_done_without(home):
    (home / "loader").write_text("in the way")
    assert python(SETTINGS, home, HQ_CACHE=str(home), HQ_JIT="numba")


@pytest.mark.parametrize("route", ["image", "numba"])
def test_the_first_compile_says_so_on_a_terminal_by_every_route(command_env, home, route):
    def stderr_of_gen():
        ours, theirs = pty.openpty()
        env = {**command_env, "HQ_CACHE": str(home), "HQ_JIT": route}
        ended = subprocess.run(
            ["hq-gen", "bars", "--rows", "3", "--seed", "1"], stdout=subprocess.DEVNULL, stderr=theirs, env=env
        )
        assert ended.returncode == 0
        os.write(theirs, b"end")
        os.close(theirs)
        said = os.read(ours, 65536).decode()
        os.close(ours)
        return said

    said = stderr_of_gen().splitlines()
    assert said[0].startswith("hq-gen: compiling ")
    assert said[0].endswith(", once on this machine (hq warm does all)")
    assert stderr_of_gen() == "end"
