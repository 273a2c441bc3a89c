"""The join as of ts: bars of a minute with the close of the last 5 minutes, from file to file, beside polars."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench_runs import FIGURES, has, left_out, medians, peak_mib

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

PEER = """
import polars as pl
ours = pl.read_ipc('minutes.arrow').set_sorted('ts')
theirs = pl.read_ipc('five.arrow').select('ts', pl.col('close').alias('five_close')).set_sorted('ts')
ours.join_asof(theirs, on='ts').write_ipc('out.arrow')
"""


def join_as_of(folder: Path, given: argparse.Namespace) -> list[str]:
    """As many bars as five times --bars, and --bars of the other side."""
    n = given.bars
    made = f"hq-gen bars --rows {5 * n} --seed 1 > minutes.hqf; hq-gen bars --rows {n} --seed 2 --period 5m > five.hqf"
    medians([made], folder, 1)
    joined = "hq-asof --with five.hqf --columns close --prefix five_"
    lines = {joined: f"{joined} < minutes.hqf > out.hqf", "cat, for the disk": "cat minutes.hqf > out.hqf"}
    beside = has(given.peers, "polars")
    if beside:
        medians([f"hq-export arrow -o {name}.arrow < {name}.hqf" for name in ("minutes", "five")], folder, 1)
        (folder / "peer_asof.py").write_text(PEER)
        lines["polars, Arrow files, join_asof"] = f"{given.peers} peer_asof.py"
    times = dict(zip(lines, medians(list(lines.values()), folder, given.repeat)))
    FIGURES["hq-asof"] = times[joined]
    peak = peak_mib(joined.split(), folder / "minutes.hqf")
    return [
        "## The join as of ts",
        "",
        f"{5 * n:,} bars, and {n:,} rows that are joined, from file to file, start included; hq-asof has a peak of"
        f" {peak:.0f} MiB.",
        "",
        *left_out([] if beside else ["polars"]),
        "| | s | bars/s |",
        "|---|---|---|",
        *(f"| {name} | {spent:.2f} | {5 * n / spent:,.0f} |" for name, spent in times.items()),
    ]
