"""A file of columns that was cut, wherever, says so in one line."""

from __future__ import annotations

import io

import pyarrow as pa
import pytest
from inputs import exported
from test_import_order import imported

from hq_core.errors import HqError


@pytest.fixture(scope="module")
def whole():
    text = "ts,open,high,low,close\n" + "".join(f"{60 * i},1.5,2,1,{1 + i % 7 / 8}\n" for i in range(5000))
    stream = imported(text.encode(), time_unit="s", stamp="close")
    made = {format_: exported(stream, format_) for format_ in ("parquet", "arrow", "npz")}
    table = pa.ipc.open_file(made["arrow"]).read_all()
    to = io.BytesIO()
    with pa.ipc.new_stream(to, table.schema.remove_metadata()) as writer:
        writer.write_table(table, max_chunksize=1000)
    return {**made, "stream": to.getvalue()}


@pytest.mark.parametrize(
    ("format_", "what"),
    [("parquet", "Parquet file"), ("arrow", "Arrow file"), ("npz", ".npz"), ("stream", "Arrow stream")],
)
@pytest.mark.parametrize("at", [9, 1000, -300, -20, -9])
def test_a_cut_file_says_so(whole, format_, what, at):
    if (format_, at) == ("npz", 9):
        what = "zip data"
    with pytest.raises(
        HqError, match="is not whole: it was cut, or its writer died|zip data stops in the middle"
    ) as said:
        imported(whole[format_][:at])
    assert said.value.code == 65
    assert what in str(said.value)
