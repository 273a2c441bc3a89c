"""Looking for the nearest of many vectors, beside numpy and faiss' flat index: the rows of scripts/bench about stores.

faiss is not hq's dependency: --peers names the Python of an environment that has it and numpy; without it hq alone is
measured.  Each searcher is a process of its own, which makes the same vectors from a seed; they take turns.

    python scripts/bench_vectors.py [--peers PYTHON] [--repeat 5] [--sizes 10000,100000,1000000]
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench_runs import in_turns, median, serve

if TYPE_CHECKING:
    from collections.abc import Callable

LENGTH, K, MANY = 30, 10, 256
SIZES = "10000,100000,1000000"
SEARCHERS = ("hq", "numpy", "faiss, 1 thread", "faiss, all threads")


def made(rows: int) -> tuple[Any, Any]:
    """Vectors of length 1 about 200 middles, as windows of prices are alike, and MANY that are looked for."""
    import numpy as np

    rng = np.random.default_rng(20260004)
    middles = rng.standard_normal((200, LENGTH)).astype("<f4")
    both = []
    for n in (rows, MANY):
        some = middles[rng.integers(0, 200, n)] + 0.7 * rng.standard_normal((n, LENGTH)).astype("<f4")
        both.append((some / np.linalg.norm(some, axis=1, keepdims=True)).astype("<f4"))
    return both[0], both[1]


def hq(vectors: Any) -> Callable[[Any], Any]:
    """Ids of the K nearest by cosine, of every vector asked for."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core"))
    from array import array

    from hq_core.series.stores import Rows, Store

    n = len(vectors)
    rows = Rows(LENGTH)
    rows.vectors = bytearray(vectors.tobytes())
    rows.labels = array("d", bytes(8 * n))
    rows.ts = rows.avail = rows.ids = array("q", range(n))
    rows.symbols, rows.names = array("q", bytes(8 * n)), ["X"]
    store = Store("x", rows)
    return lambda asked: [[hit[3] for hit in found] for found in store.search(asked, "cosine", K)]


def by_numpy(vectors: Any) -> Callable[[Any], Any]:
    import numpy as np

    turned = vectors.T

    def search(asked: Any) -> Any:
        found = []
        for start in range(0, len(asked), 16):
            scores = asked[start : start + 16] @ turned
            best = np.argpartition(-scores, K, axis=1)[:, :K]
            order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1)
            found += np.take_along_axis(best, order, 1).tolist()
        return found

    return search


def by_faiss(vectors: Any, threads: int) -> Callable[[Any], Any]:
    import faiss

    if threads:
        faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(LENGTH)
    index.add(vectors)
    return lambda asked: index.search(asked, K)[1].tolist()


def now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def work(who: str, rows: int) -> None:
    """For each line of stdin: seconds a vector, looked for one by one and all in one call, by the clock and of the
    processor, and what was found.
    """
    vectors, asked = made(rows)
    makers = {
        "hq": lambda: hq(vectors),
        "numpy": lambda: by_numpy(vectors),
        "faiss, 1 thread": lambda: by_faiss(vectors, 1),
        "faiss, all threads": lambda: by_faiss(vectors, 0),
    }
    search = makers[who]()
    one_by_one = max(4, min(MANY, 8_000_000 // rows))
    found = search(asked)

    def once() -> dict[str, Any]:
        started = now()
        for i in range(one_by_one):
            search(asked[i : i + 1])
        between = now()
        search(asked)
        ended = now()
        told: dict[str, Any] = {"found": found[:50]}
        for at, clock in enumerate(("", " of the processor")):
            told["one" + clock] = (between[at] - started[at]) / one_by_one
            told["all" + clock] = (ended[at] - between[at]) / MANY
        return told

    serve(once)


def table(sizes: str, repeat: int, peers: str, figures: dict[str, float] | None = None) -> list[str]:
    """Lines of a table in Markdown: vectors looked for a second, medians of rounds in which all take turns.

    Behind a slash of a second of the processor: of several threads together, and whatever else the machine does.
    """
    lines = [
        f"| rows of {LENGTH} values | searcher | one a call, a second | {MANY} a call, a second | same {K} as hq |",
        "|---|---|---|---|---|",
    ]
    for rows in map(int, sizes.split(",")):
        workers = {}
        for who in SEARCHERS if peers else SEARCHERS[:1]:
            python = sys.executable if who == "hq" else peers
            workers[who] = [python, __file__, "--work", who, "--sizes", str(rows)]
        told = in_turns(workers, repeat)
        ours = told["hq"][0]["found"]
        for who, rounds in told.items():
            one, every, own, all_own = (
                median(rounds, name + clock) for clock in ("", " of the processor") for name in ("one", "all")
            )
            pairs = list(zip(ours, rounds[0]["found"], strict=True))
            same = sum(len({*a} & {*b}) for a, b in pairs) / sum(len(a) for a, _ in pairs)
            lines.append(f"| {rows:,} | {who} | {each(one, own)} | {each(every, all_own)} | {same:.4f} |")
            if figures is not None:
                figures[f"nearest of {rows}, {who}, one a call"] = one
                figures[f"nearest of {rows}, {who}, {MANY} a call"] = every
    return lines


def each(clock: float, processor: float) -> str:
    return f"{1 / clock:,.0f} / {1 / processor:,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--peers", default="", help="the Python of an environment with faiss-cpu and numpy")
    parser.add_argument("--work", default="", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.work, int(given.sizes))
    else:
        print("\n".join(table(given.sizes, given.repeat, given.peers)))


if __name__ == "__main__":
    main()
