"""hq-asof that is stopped and goes on: any cut of what comes, by either way, is one run's rows."""

from __future__ import annotations

import random

import pytest
from asof_runs import SECOND, START, bar, bars_at, in_stream, made, marked, market, mixed, other, others_at, with_file
from frames import frames
from hypothesis import given, settings
from hypothesis import strategies as st
from panel_runs import merged, said
from state_attacks import attack

from hq_core import statefile
from hq_core.errors import CONFIG, HqError
from hq_core.flow import State

SOME = settings(max_examples=25, deadline=None)
cuts = st.lists(st.floats(0, 1), max_size=3)


def parts(pieces, shares):
    ends = sorted(int(share * len(pieces)) for share in shares)
    return [pieces[start:end] for start, end in zip([0, *ends], [*ends, len(pieces)])]


def rows(data):
    return said(data)[0]


def both(seed):
    bars, others = market(seed)
    return [(bar(one), found) for one, found in bars.items()], [(other(one), found) for one, found in others.items()]


@SOME
@given(seed=st.integers(0, 10**6), shares=cuts)
def test_runs_of_one_stream(seed, shares, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("asof") / "s")
    ours, theirs = both(seed)
    pieces = mixed(random.Random(seed), ours + theirs)
    some = [frames(*part) for part in parts(pieces, shares)]
    out = b"".join(in_stream(one, State(path, 0, {}), age=True) for one in some)
    whole = rows(in_stream(frames(*pieces), State(path + "1", 0, {}), age=True))
    assert rows(out) == whole
    assert rows(in_stream(b"".join(some), State(path + "2", 0, {}), age=True)) == whole  # sections of one run


@SOME
@given(seed=st.integers(0, 10**6), points=st.lists(st.integers(0, 200), max_size=3), file=st.booleans())
def test_runs_of_panels(seed, points, file, tmp_path_factory):
    folder = tmp_path_factory.mktemp("asof")
    ours, theirs = both(seed)
    if not ours or not theirs:
        return
    ends = [START + SECOND * point for point in sorted(points)]

    def panels(series, low, high):
        return merged(*(frames((schema, [row for row in found if low <= row[0] < high])) for schema, found in series))

    beside = folder / "f.hqf"
    beside.write_bytes(merged(*map(frames, theirs)))

    def go(state, low, high):
        # with the last rows a mark: a panel that a section announces and has no rows of holds up what waits
        last = marked(10**6) if high == 1 << 62 else b""
        kept = State(str(folder / state), 0, {})
        if file:
            return with_file(panels(ours, low, high) + last, beside, kept)
        return in_stream(panels(ours + theirs, low, high) + last, kept)

    out = b"".join(go("s", low, high) for low, high in zip([0, *ends], [*ends, 1 << 62]))
    assert rows(out) == rows(go("one", 0, 1 << 62))


@SOME
@given(seed=st.integers(0, 10**6), shares=cuts, grows=st.booleans(), panel=st.booleans())
def test_runs_beside_a_file_that_may_have_grown(seed, shares, grows, panel, tmp_path_factory):
    folder = tmp_path_factory.mktemp("asof")
    rng = random.Random(seed)
    ours = (bar("A"), bars_at(made(rng, 40, (1, 2, 9))))
    theirs = (other("A"), others_at(made(rng, 40), rng))
    together = frames(theirs) if not panel else merged(frames(theirs))
    ends = sorted(int(share * 40) for share in shares)
    file, whole = folder / "f.hqf", folder / "whole.hqf"
    whole.write_bytes(together)
    out, before = b"", -(1 << 63)
    if not grows:
        file.write_bytes(together)
    for start, end in zip([0, *ends], [*ends, 40]):
        some = ours[1][start:end]
        if grows:  # the file then has what came up to the last of these rows
            upto = some[-1][0] if some and end < 40 else (1 << 62 if end == 40 else before)
            more = [row for row in theirs[1] if before < row[0] <= upto]
            before = max(before, upto)
            with file.open("ab") as to:
                to.write(frames((theirs[0], more)) if not panel else merged(frames((theirs[0], more))))
        data = frames((ours[0], some)) if not panel else merged(frames((ours[0], some)))
        out += with_file(data, file, State(str(folder / "s"), 0, {}))
    assert rows(out) == rows(with_file(frames(ours), whole))


def test_a_file_that_cannot_be_read_on_from_the_middle_needs_no_state(tmp_path):
    import gzip

    path = tmp_path / "f.hqf.gz"
    path.write_bytes(gzip.compress(frames((other("A"), []))))
    with pytest.raises(HqError, match="is packed, so it cannot be read on") as error:
        with_file(frames((bar("A"), [])), path, State(str(tmp_path / "s"), 0, {}))
    assert error.value.code == CONFIG


@pytest.mark.parametrize("way", ["stream", "file"])
def test_no_state_leads_astray(way, tmp_path):
    rng, path = random.Random(5), tmp_path / "f.hqf"
    ours, theirs = (bar("A"), bars_at(made(rng, 30))), (other("A"), others_at(made(rng, 12), rng))
    path.write_bytes(frames(theirs))

    def go(data, state):
        kept = State(str(state), 0, {})
        try:
            return with_file(data, path, kept) if way == "file" else in_stream(data, kept)
        finally:
            kept.close()

    state = tmp_path / "s"
    first = frames(theirs, (bar("B"), ours[1]), ours) if way == "stream" else frames((ours[0], ours[1][:3]))
    go(first, state)
    attack(statefile.read(str(state)), frames((ours[0], ours[1][-1:])), state, lambda rest: go(rest, state), 400, way)
