"""The tables and the chart that are made from records: they match them."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

import tables
from benchmark.figures import Row

AGAINST = "training 784-30-10, mini-batch 10, against"
ROWS = [
    Row(f"{AGAINST} the fastest of A, B, which was B", "examples/s", [900.0], [90.0]).plain(),
    Row(f"{AGAINST} the blog post's way", "examples/s", [800.0], [45.0]).plain(),
    Row(f"{AGAINST} C on D", "examples/s", [800.0], [10.0]).plain(),
    Row.missing("training 784-9-10, mini-batch 10, against E", "examples/s", "no E").plain(),
    Row("opening", "ms", [3.0]).plain(),
]


def test_the_tables_are_those_of_the_records() -> None:
    text = tables.README.read_text()
    assert tables.readme(text) == text, "run python3 scripts/tables.py"


def test_the_chart_is_that_of_the_record() -> None:
    drawn = tables.chart(tables._read(tables.RECORD)["rows"])
    assert tables.CHART.read_text() == drawn, "run python3 scripts/tables.py"


def test_the_chart_has_a_bar_for_each_way_to_train() -> None:
    root = ElementTree.fromstring(tables.chart(ROWS))
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")][1:]
    assert words[0] == "784-30-10, mini-batch 10"
    assert words[1:] == ["this page", "900", "B", "90", "the blog post's way", "45"]
    widths = [int(e.attrib["width"]) for e in root.iter("{http://www.w3.org/2000/svg}rect")]
    assert widths == [400, 40, 20]


def test_a_lost_place_is_told() -> None:
    with pytest.raises(ValueError, match="no place for the table 'bench'"):
        tables.readme("# Scripts\n")
