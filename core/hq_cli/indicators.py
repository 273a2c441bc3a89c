"""hq-indicators: add indicator columns to bars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hq_cli._command import Argument
from hq_cli._filter import filter_command
from hq_cli._say import echo
from hq_core.errors import CHECK, CONFIG, USAGE, HqError
from hq_core.options import Option
from hq_core.options.settings import SettingsOptions

if TYPE_CHECKING:
    from hq_core.roles import Stage

EXAMPLES = """
hq-gen bars --rows 100 --seed 1 | hq-indicators rsi:14 ema:20 | hq-export csv
hq-gen bars --rows 100 --seed 1 | hq-indicators ema:5..50:5 'sma:3(macd.hist:12,26,9)' | hq-export table
hq-indicators --list rsi macd
HQ_PATH=examples/plugin hq-indicators --test mine
"""


class SpecOptions:
    """Indicators from elsewhere than the command line."""

    spec: Option[str | None] = Option(
        None, "Read indicators from a JSON file: one object or a list of them.", kind=str, unit="FILE"
    )


class ListOptions:
    """What is shown in place of a run."""

    list_ = Option(False, "List the indicators, or show the named ones in full.")
    test = Option(False, "Test the named indicators, yours or hq's, by the rules that all keep.")
    as_json = Option(False, "With --list: one JSON array.", flag="--json")
    explain = Option(False, "Show the nodes that would run, with their warm-up, and stop.")


@filter_command(
    "hq-indicators",
    EXAMPLES,
    Argument("specs", "[INDICATOR[:PARAMETERS][(SOURCE)]]...", many=True, required=False),
    SpecOptions,
    SettingsOptions,
    ListOptions,
    shows=("list_", "test", "as_json", "explain", "missing"),
)
def main(
    specs: tuple[str, ...],
    spec: str | None,
    compat: str,
    unstable: tuple[str, ...],
    missing: str,
    list_: bool,
    test: bool,
    as_json: bool,
    explain: bool,
) -> Stage | int | None:
    """Add the columns of indicators to every bar that passes.

    rsi:14 is the relative strength index of 14 bars in column rsi_14; macd:12,26,9 gives macd_12_26_9.macd, .signal
    and .hist, macd.hist:12,26,9 the last one alone.  ema:5..50:5 is a fan: ema:5, ema:10 and so on to ema:50.

    A column is named by its indicator and the parameters up to the last that is not its default, at least the first:
    stddev_20, bbands_20, bbands_20_3; macd always shows its three.

    In brackets stands what it reads: ema:20(volume) another column, ema:20(rsi:14) an indicator; a name alone is the
    column where the bars have one (vwap) and else the indicator with its defaults, as in ema:5(obv).  close@4h,
    close@ETHUSDT or close@ETH/USDT:USDT:4h reads bars of the stream that have another period or symbol: the last
    closed one at or before each row's ts.  Rows of the input's last ts that still wait for another series at its end
    are dropped and counted, or kept in --state; hq-dsl(7) says when a row waits.

    In a panel each symbol is computed as it is in its series alone; close@ETHUSDT finds that symbol there too.

    Rows of other kinds pass untouched.  While an indicator warms up its value is NaN; what a NaN in the input spoils is
    whole again after as many rows and one.  A forming bar (complete=0) gets values and leaves the state as it was.

    An indicator of your own is NAME.py in a folder of HQ_PATH, or an entry point hq.indicators of an installed package;
    of one name the first folder's counts, and one that hq has is hq's: then a line on stderr says that yours is not
    used.  --list marks yours, --test NAME says of each rule that hq's keep whether it does (any cut of the input, a
    saved state, forming rows, warm-up, nan, huge, tiny and constant prices, the bounds of its parameters and of its
    columns, the same bits by numba alone) and exits 1 if not.

    Values are TA-Lib's.  --compat tv is Pine where it differs: atr, natr, kc and supertrend by its true ranges, DI, DX
    and ADX as ta.dmi, macd with both averages seeded by their own first bars, cmo of plain sums, rsi 100 where nothing
    has moved.  --compat metastock seeds averages by the first bar; rsi and cmo begin a bar earlier.
    """
    if list_:
        from hq_cli._lists import indicators

        text, broken = indicators(specs, as_json)
        echo(text)
        if broken is not None:
            raise broken
        return None
    if test:
        return _tested(specs)
    from hq_core import specs as parsing
    from hq_core.graph import Settings
    from hq_core.stages.indicators import Indicators

    wanted = [one for text in specs for one in parsing.expand(text)]
    if spec:
        from hq_cli._lists import spec_file

        given, digest = spec_file(spec)
        wanted += [made for one in given for made in parsing.from_dict(one)]
    if not wanted:
        raise HqError("name at least one indicator, such as rsi:14 (--list shows them)", USAGE)
    stage = Indicators(wanted, settings=Settings(compat, parsing.rows_of(unstable)), missing=missing)
    if spec:
        stage.inputs["spec"] = digest
    if explain:
        echo("\n".join(stage.explain()))
        return None
    return stage


def _tested(names: tuple[str, ...]) -> int:
    """Print a line for each rule; 1 where one of them is broken."""
    from hq_core import conformance, plugins, registry

    if not names:
        raise HqError("name the indicators to test", USAGE)
    from hq_core.plugins import folders

    for name in map(str.lower, names):
        for file in folders.called(name) if name in registry.names() else ():
            raise HqError(f"{file}: is not used, as hq has {name}, so there is nothing to test", CONFIG)
    registry.users()  # tells of the others that are not used
    broken = False
    wanted = [registry.load(name).name for name in names]
    with plugins.watched():
        for name in wanted:
            for rule, said in conformance.tested(name):
                echo(f"{name}  FAILED  {rule}: {said}" if said else f"{name}  ok  {rule}")
                broken |= bool(said)
    return CHECK if broken else 0


if __name__ == "__main__":
    main()
