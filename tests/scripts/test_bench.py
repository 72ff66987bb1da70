"""The bench's figures: what becomes of samples, what ``bench.json`` holds, what is counted."""

from __future__ import annotations

import gzip
import json
import socket
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from wasmtime import Config, Engine, Func, Instance, Module, Store

from benchmark.figures import Row, meets, table, write
from benchmark.serving import counting, packing
from building import kernels
from building.environment import ROOT

FASTER = Row(
    "training",
    "examples/s",
    [300.0, 100.0, 210.0],
    [100.0, 50.0, 60.0],
    required=3,
    aimed=4,
)
SLOW = Row("opening", "ms", [40.0, 70.0, 60.0], required=50, aimed=25)


def test_ratio_is_the_median_of_ratios_taken_at_the_same_time() -> None:
    plain = FASTER.plain()
    assert plain["ratio"] == 3
    assert plain["spread"] == [2, 3.5]
    assert (plain["ours"], plain["theirs"]) == (210, 60)


@pytest.mark.parametrize(
    ("row", "required", "aimed"), [(FASTER, True, False), (SLOW, False, False)]
)
def test_goals_are_met_from_the_right_side(row: Row, required: bool, aimed: bool) -> None:
    assert meets(row.plain(), row.required) is required
    assert meets(row.plain(), row.aimed) is aimed


def test_record_has_the_keys_of_the_contract(tmp_path: Path) -> None:
    write(tmp_path / "bench.json", "a machine", "a browser", [FASTER, SLOW])
    record = json.loads((tmp_path / "bench.json").read_text())
    assert list(record) == ["version", "machine", "browser", "rows"]
    keys = ["name", "ours", "theirs", "unit", "ratio", "spread", "required", "aimed"]
    assert [list(row) for row in record["rows"]] == [keys, keys]
    assert record["rows"][1]["theirs"] is None
    assert record["rows"][1]["ratio"] is None


def test_table_says_what_falls_short() -> None:
    head, _, faster, slow = table([FASTER.plain(), SLOW.plain()]).splitlines()
    assert head.count("|") == faster.count("|") == slow.count("|")
    assert faster.endswith("| met |")
    assert slow.endswith("| short |")


MISSING = Row.missing("waiting", "s", "the clock stood still", required=2, aimed=1)


def test_what_was_not_measured_has_no_number_and_says_why(tmp_path: Path) -> None:
    write(tmp_path / "bench.json", "a machine", "a browser", [MISSING])
    (row,) = json.loads((tmp_path / "bench.json").read_text())["rows"]
    numbers = [row[name] for name in ("ours", "theirs", "ratio", "spread")]
    assert numbers == [None] * 4
    assert row["reason"] == "the clock stood still"
    assert "not measured: the clock stood still" in table([row])
    assert not meets(row, MISSING.required)


def test_every_byte_that_is_sent_is_counted(tmp_path: Path) -> None:
    (tmp_path / "page.txt").write_bytes(bytes(300_000))
    with counting(tmp_path) as (url, sent):
        address = urlsplit(url)
        with socket.create_connection((address.hostname, address.port)) as connection:
            connection.sendall(b"GET /page.txt HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            received = 0
            while piece := connection.recv(65_536):
                received += len(piece)
        assert received > 300_000, "headers come with it"
        assert sum(sent) == received


def test_a_host_like_pages_gzips_text_and_nothing_else(tmp_path: Path) -> None:
    contents = {"": "index.html", "app/page.js": "app/page.js", "numbers.gz": "numbers.gz"}
    for place, file in enumerate(contents.values()):
        path = tmp_path / file
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes([65 + place]) * 10_000)
    with packing(tmp_path) as url:
        for address, file in contents.items():
            for takes in ("gzip, br", "identity"):
                asked = urllib.request.Request(url + address, headers={"Accept-Encoding": takes})
                with urllib.request.urlopen(asked) as answer:
                    sent, said = answer.read(), answer.headers["Content-Encoding"]
                assert said == ("gzip" if takes != "identity" and file != "numbers.gz" else None)
                plain = gzip.decompress(sent) if said else sent
                assert plain == (tmp_path / file).read_bytes()
                assert int(answer.headers["Content-Length"]) == len(sent)


@pytest.mark.parametrize("name", ["peak-relaxed.wasm", "peak-simd.wasm"])
def test_the_loop_of_the_peak_does_every_step(name: str) -> None:
    """Each of its fourteen sums begins at 2 + i and comes half-way to 1, in all four lanes."""
    store = Store(Engine(Config()))
    module = Module(store.engine, kernels.peak(ROOT / "site" / "bench")[name])
    peak = Instance(store, module, []).exports(store)["peak"]
    assert isinstance(peak, Func)
    for times in (1, 3, 1000):
        expected = 4 * sum(1 + (1 + i) / 2**times for i in range(14))
        assert peak(store, times) == pytest.approx(expected, rel=1e-6)
