"""Write the tables and the chart of ``scripts/README.md``: ``python3 scripts/tables.py``.

The table of the benchmark and ``scripts/bench.svg`` are made from ``bench.json``, the table of the
trained nets from ``site/models/models.json``. A test fails where they differ from the records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from benchmark import figures
from building.environment import ROOT, say

RECORD = ROOT / "bench.json"
MODELS = ROOT / "site" / "models" / "models.json"
README = ROOT / "scripts" / "README.md"
CHART = ROOT / "scripts" / "bench.svg"

_TRAINING = re.compile(r"training (784-\S+), (mini-batch \d+), against (.*)")
_WIDTH, _BAR, _GAP, _LEFT, _RIGHT = 720, 18, 14, 190, 130
_STYLE = """
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.ours { fill: #0b62c4 }
.theirs { fill: #9aa4af }
@media (prefers-color-scheme: dark) {
  text { fill: #d7dde3 }
  .ours { fill: #5aa5f5 }
  .theirs { fill: #67717c }
}
"""

Row = Mapping[str, Any]


def main() -> None:
    """Write the tables and the chart."""
    README.write_text(readme(README.read_text("utf-8")), "utf-8")
    CHART.write_text(chart(_read(RECORD)["rows"]), "utf-8")
    say(f"Wrote the tables of {README.relative_to(ROOT)}, and {CHART.relative_to(ROOT)}.")


def readme(text: str) -> str:
    """The README with its tables made anew.

    Each stands between the lines ``<!-- name -->`` and ``<!-- end of name -->``; ValueError where
    one of them is missing.
    """
    record = _read(RECORD)
    bench = f"{record['machine']}; {record['browser']}.\n\n{figures.table(record['rows'])}"
    for name, table in {"bench": bench, "models": models(_read(MODELS)["models"])}.items():
        head, begin, rest = text.partition(f"<!-- {name} -->\n")
        _, end, tail = rest.partition(f"<!-- end of {name} -->\n")
        if not end:
            raise ValueError(f"{README} has no place for the table {name!r}")
        text = f"{head}{begin}\n{table}\n\n{end}{tail}"
    return text


def models(entries: Sequence[Row]) -> str:
    """The trained nets as a Markdown table."""
    lines = ["| net | parameters | file | MNIST test |", "| --- | ---: | ---: | ---: |"]
    for entry in entries:
        cells = [
            f"`{entry['id']}`: {entry['name']}",
            f"{entry['parameters']:,}",
            f"{entry['bytes'] / 1000:.0f} kB",
            f"{entry['mnist_test_accuracy']:.2%}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def chart(rows: Sequence[Row]) -> str:
    """An SVG of how many examples a second are learned from, by the page and beside it.

    A group of bars for each net and mini-batch: the page, the fastest of the peers, and the blog
    post's way. Each pair was measured at the same time; of the page's own figures the first counts.
    """
    groups: dict[str, list[tuple[str, float]]] = {}
    for row in rows:
        found = _TRAINING.match(row["name"])
        if not found or row["ours"] is None:
            continue
        net, batch, peer = found.groups()
        fastest = re.match(r"the fastest of .*, which was (.*)", peer)
        if fastest or peer == "the blog post's way":
            group = groups.setdefault(f"{net}, {batch}", [("this page", row["ours"])])
            group.append((fastest[1] if fastest else peer, row["theirs"]))
    most = max(value for group in groups.values() for _, value in group)
    parts, y = [], 24
    parts.append(_text(0, y, "Examples learned from in a second", "title"))
    for title, bars in groups.items():
        y += _BAR + _GAP
        parts.append(_text(0, y, title))
        y += 8
        for name, value in bars:
            length = max(1, round((_WIDTH - _LEFT - _RIGHT) * value / most))
            kind = "ours" if name == "this page" else "theirs"
            size = f'width="{length}" height="{_BAR - 4}"'
            parts.append(f'<rect class="{kind}" x="{_LEFT}" y="{y}" {size}/>')
            parts.append(_text(16, y + 12, name))
            parts.append(_text(_LEFT + length + 6, y + 12, f"{value:,.0f}"))
            y += _BAR
    size = f'width="{_WIDTH}" height="{y + 8}" viewBox="0 0 {_WIDTH} {y + 8}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">'
    return "\n".join([head, f"<style>{_STYLE}</style>", *parts, "</svg>\n"])


def _text(x: int, y: int, words: str, kind: str = "") -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text{named} x="{x}" y="{y}">{escape(words)}</text>'


def _read(path: Path) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return record


if __name__ == "__main__":
    main()
