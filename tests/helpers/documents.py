"""The command lines that help and README show, and a folder in which they run."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from places import ROOT

from hq_cli import _commands, hq

COMMANDS = {
    **{f"hq-{name}": _commands.load(name) for name in _commands.NAMES},
    "hq": hq.main.clicked(),
    **{f"hq {word}": _commands.load(word) for word in _commands.OWN},
}

# What each command does when it does its work, in the folder `desk`.
LINES = {
    "hq-gen": "hq-gen bars --rows 3000 --seed 1",
    "hq-import": "hq-import --symbol BTCUSDT --time-unit ms --stamp open --period 1h < bars.csv",
    "hq-export": "hq-export csv < bars.hqf",
    "hq-merge": "hq-merge < bars.hqf",
    "hq-asof": "hq-asof --with hours.hqf --columns close --prefix hour_ < bars.hqf",
    "hq-aggregate": "hq-aggregate 5m:1h < bars.hqf",
    "hq-indicators": "hq-indicators rsi:14 macd < bars.hqf",
    "hq-book": "hq-book --tick 0.1 < book.hqf",
    "hq-factors": "hq-factors --tick 0.1 mid imbalance:5 tfi:1s < book.hqf",
    "hq-pairs": "hq-pairs BTCUSDT,ETHUSDT ratio_dev:15 < mids.hqf",
    "hq-vector": "hq-vector build --length 2 --normalize minmax --horizon 2990 < bars.hqf",
    "hq-signal": "hq-signal --keep strength examples/rsi.hq < bars.hqf",
    "hq-backtest": "hq-backtest < signals.hqf",
    "hq-diff": "hq-diff bars.hqf other.hqf",
    "hq-state": "hq-state rsi.state",
}
READERS = sorted(name for name, line in LINES.items() if "<" in line)


def examples_in(folder: Path) -> None:
    """A copy of the examples that only this user may write, wherever the checkout lies."""
    for path in sorted((ROOT / "examples").rglob("*")):
        if path.is_file() and "node_modules" not in path.parts:
            to = folder / "examples" / path.relative_to(ROOT / "examples")
            to.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
            to.write_bytes(path.read_bytes())
            to.chmod(0o644)
    for path in (folder / "examples").rglob("*"):
        if path.is_dir():
            path.chmod(0o755)


PRICES = "open,high,low,close,volume"
TRADE = '{"e":"aggTrade","E":1704096000000,"T":1704096000000,"s":"BTCUSDT","a":1,"p":"1.5","q":"2","m":true}'


@pytest.fixture(scope="module", name="desk")
def furnished(tmp_path_factory, command_env) -> Path:
    """A folder with small files under the names that the examples use.  Tests may add to it, not change it."""
    folder: Path = tmp_path_factory.mktemp("desk")
    examples_in(folder)
    for line in (
        "hq-gen bars --rows 1500 --seed 1 > first.hqf",
        "(cat first.hqf; hq-gen bars --rows 1500 --seed 3 --start 2024-01-02T01:00Z) > bars.hqf",
        "hq-gen bars --rows 3000 --seed 2 > other.hqf",
        "hq-gen bars --rows 100 --seed 1 | hq-indicators ema:20 > expected.hqf",
        "hq-gen trades --rows 60000 --seed 1 | hq-export csv > trades.csv",
        f"hq-gen bars --rows 400 --seed 1 --period 1h | hq-export csv --time ms --columns open_time,{PRICES}"
        f" | cut -d, -f2- | sed '1s/.*/time,{PRICES}/' > bars.csv",
        f"hq-gen bars --rows 40 --seed 1 --period 1d | hq-export csv --columns open_time,{PRICES}"
        " | cut -d, -f2- | sed '1s/.*/Date,Open,High,Low,Last,Volume/; s/T00:00:00Z//' > index.csv",
        "printf 'calc_time,last_funding_rate\\n1704096000001,0.0001\\n1704124800004,0.00012\\n' > funding.csv",
        "hq-import --kind funding --symbol BTCUSDT < funding.csv > funding.hqf",
        "hq-aggregate 1h < bars.hqf > hours.hqf",
        "printf 'ts_ms,symbol,bid,bid_qty,ask,ask_qty\\n1704096000001,BTCUSDT,1.1,2,1.2,3\\n' > quotes.csv",
        f"echo '1704096000001000000 {TRADE}' > capture.log",
        "hq-gen books --rows 800 --seed 1 > book.hqf",
        "for x in BTC ETH; do hq-gen books --rows 800 --seed 1 --symbol ${x}USDT > $x.hqf; done",
        "hq-merge BTC.hqf ETH.hqf | tee books.hqf | hq-factors --tick 0.1 mid > mids.hqf",
        "hq-signal examples/rsi.hq < bars.hqf > signals.hqf",
        "hq-gen bars --rows 300 --seed 1 --period 4h | hq-vector build > 4h_BTC.hqf",
        "for x in A B; do hq-gen bars --rows 9 --seed 1 --symbol $x | hq-export csv > $x-1.csv; done",
        "hq-aggregate 1h --state aggregate.state < bars.hqf > /dev/null",
        "hq-indicators rsi:14 --state rsi.state < first.hqf > out.hqf",
    ):
        subprocess.run(["bash", "-o", "pipefail", "-c", line], cwd=folder, env=command_env, check=True)
    return folder


def shell_lines(text: str) -> list[str]:
    """The commands of a Markdown text: lines of its sh blocks, as typed; a trailing backslash joins."""
    found = []
    for block in re.findall(r"^```sh\n(.*?)^```", text, re.M | re.S):
        for line in block.replace("\\\n", "").splitlines():
            if line and not line.startswith("#"):
                found.append(line)
    return found


def options(command) -> list[str]:
    """The option words of a command, long and short."""
    return [word for param in command.params for word in (*param.opts, *param.secondary_opts) if word.startswith("-")]
