"""Whole commands on mutated input, options, strategies, specs and states: no signal, no bug, no hang, no gigabyte.

    HQ_TRIALS=full python tests/helpers/fuzz_commands.py [SEED]

A child is forked for each run from a process that has everything imported, so that a run takes milliseconds.
"""

from __future__ import annotations

import gzip
import os
import pkgutil
import random
import resource
import signal
import sys
import tempfile
import zipfile
from collections import Counter
from functools import cache
from hashlib import blake2b
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgpack

from hq_cli import _commands
from hq_cli._filter import run as run_command

if TYPE_CHECKING:
    from collections.abc import Sequence

FULL, FEW = 100_000, 300
LIMIT_S, LIMIT_MB, LIMIT_OUT = 2.0, 200, 64 << 20
FINE = {0, 1, 2, 65, 66, 74, 75, 78}
STRATEGIES = (
    'param under = 30 in 1..49\nIF RSI(14) < under THEN BUY(size=1, META(why="dip"))\nIF close > SMA(close, 9)'
    " THEN SELL()\n",
    "slow = EMA(close@4h, 5)\nx = MAX(close, open) - MIN(low, 1.5)\nIF CROSSOVER(close, slow) AND NOT (x > 2)"
    " THEN BUY()\n",
    "m = MACD(close)\nIF m.hist > 0 OR ABS(m.signal) <= 1e-3 THEN OPEN_SHORT(META(v=m.hist))\n",
)
SPECS = (
    "rsi:14",
    "ema:5..50:5",
    "sma:9(macd.hist:12,26,9)",
    "bbands:20,2",
    "zscore:60(close@4h)",
    "atr:14",
    "cdldoji",
    "stoch",
    "ema:20(rsi:14)",
    "vwap",
    "ema:5(obv)",
    "close@ETHUSDT:4h",
)
TOKENS = (
    "-1",
    "0",
    "1",
    "99999999999999999999",
    "1e400",
    "nan",
    "inf",
    "-inf",
    "",
    " ",
    "1m",
    "90000d",
    "1m:1m",
    "4h:15m",
    "1s",
    "99999999999999999999d",
    "a=b",
    "=",
    "x=1,y=2",
    "\x1b[2J",
    "\u202e",
    "\udcff",
    "UTC",
    "Mars/Sea",
    "2024-01-01",
    "1677-01-01",
    "9999-12-31T23:59:59Z",
    "1769603613707ms",
    ",",
    ";",
    "tab",
    "None",
    "talib",
    "-",
    "--",
    "ts",
    "close",
    "(",
    "(" * 3000,
    "[" * 300,
    "sma:" * 50,
    "0.001",
    "drop",
    "keep",
    "error",
    "sort",
    "exact",
    "last",
    "x" * 5000,
)


class Ended(NamedTuple):
    """What a run left: exit code (128 + n after signal n), seconds of processor, MiB over the start, stderr."""

    code: int
    seconds: float
    megabytes: float
    said: str


@cache
def _import_all() -> None:
    """What commands import, so that no child has to."""
    import pyarrow.ipc
    import pyarrow.parquet  # noqa: F401

    import hq_core

    for module in pkgutil.walk_packages(hq_core.__path__, "hq_core."):
        if not module.name.startswith(("hq_core.jit", "hq_core.indicators.")):
            import_module(module.name)
    for name in _commands.NAMES:
        _commands.load(name)


def once(name: str, words: list[str], given: bytes) -> Ended:
    """Run hq-NAME in a child of this process."""
    stdin, stderr = os.memfd_create("in"), os.memfd_create("err")
    os.write(stdin, given)
    os.lseek(stdin, 0, os.SEEK_SET)
    _import_all()
    child = os.fork()
    if child == 0:
        _become(name, words, stdin, stderr)
    base = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _, status, usage = os.wait4(child, 0)
    took = usage.ru_utime + usage.ru_stime
    said = os.pread(stderr, 1 << 20, 0).decode("utf-8", "surrogateescape")
    os.close(stdin)
    os.close(stderr)
    code = os.waitstatus_to_exitcode(status)
    return Ended(code if code >= 0 else 128 - code, took, (usage.ru_maxrss - base) / 1024, said)


def _become(name: str, words: list[str], stdin: int, stderr: int) -> None:
    """In the child: the command, with a bound on time and on what it writes."""
    try:
        out = os.open(tempfile.gettempdir(), os.O_TMPFILE | os.O_RDWR, 0o600)
        for fd, to in ((stdin, 0), (out, 1), (stderr, 2)):
            os.dup2(fd, to)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT_OUT, LIMIT_OUT))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.alarm(60)
        sys.stderr = os.fdopen(2, "w", errors="backslashreplace", closefd=False)
        sys.stdout = os.fdopen(1, "w", errors="surrogateescape", closefd=False)
        sys.argv = [f"hq-{name}", *words]
        run_command(_commands.declared(name))
    finally:
        os._exit(99)


def wrong(ended: Ended, words: Sequence[str] = ()) -> str:
    """What must not be, or ''."""
    if ended.code not in FINE:
        return f"exit {ended.code}"
    if "File too large" in ended.said:
        return f"more than {LIMIT_OUT} bytes written"
    if ended.seconds > LIMIT_S and ended.code != 0:
        return f"{ended.seconds:.1f} s"
    if ended.megabytes > LIMIT_MB:
        return f"{ended.megabytes:.0f} MiB"
    lines = ended.said.splitlines()
    if "Traceback" in ended.said and "--debug" in words:
        return ""
    if not all(line.isprintable() or "\t" in line for line in lines) or "Traceback" in ended.said:
        return "what it says on stderr"
    return "" if ended.code in (0, 1) or lines else "an error without a word"


class Fuzz:
    """Corpora made by the commands themselves, and runs drawn from them."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.turn = random.Random(seed)
        self.folder = folder
        self.bars = self._made("gen", ["bars", "--rows", "60", "--seed", "1"])
        self.trades = self._made("gen", ["trades", "--rows", "300", "--seed", "2"])
        strategy = folder / "plain.hq"
        strategy.write_text(STRATEGIES[0])
        self.signals = self._made("signal", [str(strategy)], self.bars)
        self.streams = [
            self.bars,
            self.trades,
            self.signals,
            self._made("backtest", [], self.signals),
            self._made("aggregate", ["1m:5m"], self.trades),
        ]
        self.files = list(self.streams)
        for format_ in ("csv", "jsonl", "json", "npz", "parquet", "arrow"):
            for stream in (self.bars, self.trades, self.signals):
                self.files.append(self._made("export", [format_], stream))
        self.files.append(gzip.compress(self.files[5]))
        with zipfile.ZipFile(folder / "zip", "w") as archive:
            archive.writestr("X-1m.csv", self.files[5])
        self.files.append((folder / "zip").read_bytes())
        self.states: dict[str, tuple[list[str], bytes, bytes]] = {}
        for name, words, given in (
            ("indicators", ["rsi:14", "median:9", "macd", "max:7"], self.bars),
            ("aggregate", ["5m:1h"], self.bars),
            ("signal", [str(strategy)], self.bars),
            ("backtest", [], self.signals),
            ("import", [], self.files[5]),
        ):
            path = folder / f"{name}.state"
            self._made(name, [*words, "--state", str(path)], given)
            self.states[name] = words, given, path.read_bytes()

    def _made(self, name: str, words: list[str], given: bytes = b"") -> bytes:
        import subprocess

        command = [sys.executable, "-P", "-m", _commands.module(name), *words]
        return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout

    # -- one run of each sort ------------------------------------------------------------------------------
    def input(self) -> tuple[str, list[str], bytes]:
        """A command that reads, on a mutated stream or file."""
        data = self.mutated(self.turn.choice(self.files))
        name, words = self.turn.choice(
            [
                ("import", []),
                ("export", ["jsonl"]),
                ("export", ["table"]),
                ("indicators", ["rsi:3", "max:5"]),
                ("aggregate", ["1m:15m"]),
                ("aggregate", ["5m", "--fill", "flat"]),
                ("backtest", ["--json"]),
                ("signal", [str(self.folder / "plain.hq")]),
                ("export", ["parquet"]),
            ]
        )
        return name, words, data

    def difference(self) -> tuple[str, list[str], bytes]:
        data = self.turn.choice(self.files)
        path = self.folder / "other"
        path.write_bytes(self.mutated(data))
        return "diff", [str(path), "-"], data

    def options(self) -> tuple[str, list[str], bytes]:
        """A command with options drawn from all that it has, and values from all that is odd."""
        name = self.turn.choice(_commands.NAMES)
        command = _commands.load(name)
        usual = {
            "gen": ["bars", "--rows", "50", "--seed", "1"],
            "export": ["csv"],
            "aggregate": ["5m"],
            "indicators": ["rsi:3"],
            "signal": [str(self.folder / "plain.hq")],
            "diff": ["-", str(self.folder / "plain.hq")],
            "state": [str(self.folder / "import.state")],
        }
        words = usual.get(name, [])
        params = [one for one in command.params if one.param_type_name == "option" and one.name != "state"]
        for param in self.turn.sample(params, min(len(params), self.turn.choice([1, 1, 2, 3]))):
            words.append(param.opts[-1])
            if not getattr(param, "is_flag", False):
                words.append(self.turn.choice(TOKENS).replace("\0", ""))
        if "-o" in words or "--output" in words:
            words += ["--output", str(self.folder / "out")]
        if self.turn.random() < 0.2:
            words.append(self.turn.choice(TOKENS))
        return name, words, self.turn.choice([self.bars, self.trades, self.signals, self.files[5]])

    def strategy(self) -> tuple[str, list[str], bytes]:
        path = self.folder / "fuzzed.hq"
        path.write_bytes(self.mutated(self.turn.choice(STRATEGIES).encode()))
        extra = self.turn.choice([[], [], ["--check"], ["--format"], ["--signals"]])
        return "signal", [str(path), *extra], self.bars

    def spec(self) -> tuple[str, list[str], bytes]:
        text = self.mutated(self.turn.choice(SPECS).encode()).replace(b"\0", b"").decode("utf-8", "surrogateescape")
        return "indicators", ["--", text], self.bars

    def state(self) -> tuple[str, list[str], bytes]:
        """A state with anything changed in it, and its digest made anew."""
        name = self.turn.choice(list(self.states))
        words, given, content = self.states[name]
        changed = content[40:]
        if self.turn.random() < 0.5:
            changed = self.mutated(changed)
        else:
            changed = msgpack.packb(self._bent(msgpack.unpackb(changed, strict_map_key=False)))
        path = self.folder / "fuzzed.state"
        path.write_bytes(content[:8] + blake2b(changed, digest_size=32).digest() + changed)
        path.chmod(0o600)
        return name, [*words, "--state", str(path)], given

    # -- mutations -------------------------------------------------------------------------------------------
    def _bent(self, value: object) -> object:
        """The same value with something in it replaced."""
        turn = self.turn
        if isinstance(value, dict) and value and turn.random() < 0.95:
            key = turn.choice(list(value))
            return {**value, key: self._bent(value[key])}
        if isinstance(value, list) and value and turn.random() < 0.9:
            at = turn.randrange(len(value))
            return [*value[:at], self._bent(value[at]), *value[at + 1 :]]
        if isinstance(value, bytes) and len(value) >= 8 and turn.random() < 0.95:
            at = turn.randrange(len(value) // 8) * 8
            word = turn.choice(
                [
                    b"\xff" * 8,
                    b"\0" * 7 + b"\x40",
                    b"\0" * 7 + b"\x80",
                    bytes(8),
                    b"\x40" + bytes(7),
                    b"\0\0\0\0\0\0\xf8\x7f",
                    turn.randbytes(8),
                    b"\xff\xff\xff\x7f" + bytes(4),
                ]
            )
            return value[:at] + word + value[at + 8 :]
        return turn.choice([None, -1, 2**62, -(2**63), 1.5, float("nan"), "x", [], {}, b"", b"x" * 64, True, 0, 1])

    def mutated(self, data: bytes) -> bytes:
        turn, found = self.turn, bytearray(data)
        for _ in range(turn.choice([1, 1, 1, 2, 4, 8])):
            at = turn.randrange(len(found) + 1)
            how = turn.randrange(7)
            if how == 0 and at < len(found):
                found[at] ^= 1 << turn.randrange(8)
            elif how == 1 and at < len(found):
                found[at] = turn.choice([0, 255, 127, 128, turn.randrange(256)])
            elif how == 2:
                del found[at : at + turn.choice([1, 2, 8, 64])]
            elif how == 3:
                found[at:at] = turn.choice(
                    [
                        b"\xff" * 8,
                        bytes(8),
                        turn.randbytes(turn.choice([1, 4, 24])),
                        turn.choice(TOKENS).encode("utf-8", "surrogateescape"),
                    ]
                )
            elif how == 4:
                other = turn.randrange(len(found) + 1)
                found[at:at] = found[other : other + turn.randrange(200)]
            elif how == 5:
                del found[at:]
            else:
                found[at : at + 8] = turn.choice([b"\xff" * 8, b"\xff" * 7 + b"\x7f", bytes(7) + b"\x80"])
        return bytes(found)


SORTS = ("input", "input", "input", "difference", "options", "strategy", "spec", "state", "state")


def run(trials: int, seed: int, sorts: tuple[str, ...] = SORTS) -> tuple[Counter[str], list[str]]:
    """So many runs; how they ended, and what must not be with the run that shows it."""
    ends: Counter[str] = Counter()
    found: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        fuzz = Fuzz(seed, Path(folder))
        for i in range(trials):
            name, words, given = getattr(fuzz, sorts[i % len(sorts)])()
            ended = once(name, words, given)
            ends[f"{sorts[i % len(sorts)]} {ended.code}"] += 1
            what = wrong(ended, words)
            if what:
                keep = Path(tempfile.gettempdir()) / f"hq-fuzz-{seed}-{i}"
                keep.write_bytes(given)
                for word in words:
                    if word.startswith(folder) and word.endswith(("fuzzed.hq", "fuzzed.state", "other")):
                        Path(f"{keep}-{Path(word).name}").write_bytes(Path(word).read_bytes())
                found.append(f"{what}: hq-{name} {words!r:.200} < {keep}: {ended.said[-300:]!r}")
    return ends, found


def main() -> int:
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    full = os.environ.get("HQ_TRIALS") == "full"
    trials = int(sys.argv[2]) if len(sys.argv) > 2 else FULL if full else FEW
    ends, found = run(trials, seed)
    print(f"{trials} runs, seed {seed}: {dict(sorted(ends.items()))}")
    print("\n".join(found) or "nothing that must not be")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
