"""What labelled vectors are made of bars with."""

from __future__ import annotations

from hq_core.options import Declared, Option

NORMS = ("zscore", "minmax", "l2", "first", "none")


class BuildOptions(Declared):
    """The options of build."""

    length = Option(30, "Values of a vector: the last so many bars.", least=2, most=4096, unit="BARS")
    column = Option("close", "What they are values of: any column of numbers.", unit="NAME")
    normalize = Option("zscore", "How they are normalised, as NORMALIZE of hq-dsl(7) does.", choices=NORMS)
    horizon = Option(16, "Bars until the outcome is known.", least=1, most=10_000, unit="BARS")
    threshold = Option(
        0.0,
        "Label 1 where the return over the horizon is at least this, -1 where at most its minus; a return of 0 is 0.",
        least=0.0,
        shown=True,
    )
    take = Option(0.0, "With --stop: label 1 where the price first rises by this share.", least=0.0, most=100.0)
    stop = Option(
        0.0, "With --take: label -1 where it first falls by this share, within the horizon.", least=0.0, most=1.0
    )


class LoadOptions:
    """The options of load."""

    time_unit = Option("", "Of times that are numbers; else ms in JSON, ns in .npz.", choices=("s", "ms", "us", "ns"))


class ShowOptions:
    """How list says it."""

    json = Option(False, "Write it as JSON.")


class ExportOptions:
    """How a service is to hold vectors."""

    distance = Option(
        "dot",
        "Of a Qdrant collection: what it is searched by; cosine makes vectors of length 1.",
        choices=("dot", "cosine", "euclid"),
    )


class IndexOptions:
    """What an index is made for."""

    method = Option(
        "cosine", "The method of SIMILARITY that it is made for.", choices=("cosine", "correlation", "dot", "euclid")
    )
