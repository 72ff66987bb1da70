"""Rows of the benchmark: what was measured, the peer's figure, and the goals."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

VERSION = 1
MORE_IS_BETTER = {"examples/s", "GFLOP/s", "frames/s", "points"}
"""The units of which more is better; of all others less is."""


@dataclass(frozen=True)
class Row:
    """One figure: several samples of ours and, if there is a peer, as many of theirs.

    ours[i] and theirs[i] were taken one after the other, so that the ratio, the median of
    ours[i] / theirs[i], does not depend on the machine's load. ``required`` and ``aimed`` are
    ratios if there is a peer, else in ``unit``. ``value`` is the figure if it is not the median of
    the samples. ``reason`` says why a figure is missing.
    """

    name: str
    unit: str
    ours: Sequence[float]
    theirs: Sequence[float] | None = None
    required: float | None = None
    aimed: float | None = None
    value: float | None = None
    reason: str = ""

    @classmethod
    def missing(
        cls,
        name: str,
        unit: str,
        reason: str,
        required: float | None = None,
        aimed: float | None = None,
    ) -> Row:
        """A row that could not be measured."""
        return cls(name, unit, (), None, required, aimed, reason=reason)

    @property
    def samples(self) -> list[float]:
        """The samples that the goals are compared with: ratios, or our values without a peer."""
        if self.theirs is None:
            return list(self.ours)
        return [ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True)]

    @property
    def result(self) -> float:
        """The number that the goals are compared with."""
        return median(self.samples) if self.value is None else self.value

    def plain(self) -> dict[str, Any]:
        """The row in ``bench.json``; ``spread`` is [smallest sample, largest sample].

        For a missing figure the numbers are None, and ``reason`` says why.
        """
        if not self.ours:
            plain = dict.fromkeys(("name", "ours", "theirs", "unit", "ratio", "spread"))
            goals = {"required": self.required, "aimed": self.aimed}
            return plain | {"name": self.name, "unit": self.unit} | goals | {"reason": self.reason}
        peer = self.theirs is not None
        return {
            "name": self.name,
            "ours": _short(median(self.ours) if self.value is None else self.value),
            "theirs": _short(median(self.theirs)) if self.theirs is not None else None,
            "unit": self.unit,
            "ratio": _short(self.result) if peer else None,
            "spread": [_short(min(self.samples)), _short(max(self.samples))],
            "required": self.required,
            "aimed": self.aimed,
        }


def meets(row: Mapping[str, Any], goal: float | None) -> bool:
    """True if a row of ``bench.json`` is at least as good as the goal, or if there is none."""
    if goal is None:
        return True
    if row["ours"] is None:
        return False
    result: float = row["ours"] if row["ratio"] is None else row["ratio"]
    return result >= goal if row["unit"] in MORE_IS_BETTER else result <= goal


def table(rows: Sequence[Mapping[str, Any]]) -> str:
    """The rows of ``bench.json`` as a Markdown table."""
    lines = [
        "| | ours | theirs | ratio | spread | required | aimed | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        if row["ours"] is None:
            lines.append(f"| {row['name']} | not measured: {row['reason']} |  |  |  |  |  |  |")
            continue
        sign = "" if row["ratio"] is None else " ×"
        low, high = map(_text, row["spread"])
        required, aimed = row["required"], row["aimed"]
        verdict = "aimed" if meets(row, aimed) else "met" if meets(row, required) else "short"
        cells = [
            row["name"],
            f"{_text(row['ours'])} {row['unit']}",
            "" if row["theirs"] is None else f"{_text(row['theirs'])} {row['unit']}",
            "" if row["ratio"] is None else f"{_text(row['ratio'])} ×",
            f"{low} … {high}{sign}",
            *("" if goal is None else f"{_text(goal)}{sign}" for goal in (required, aimed)),
            "" if required is None else verdict,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def write(path: Path, machine: str, browser: str, rows: Sequence[Row]) -> None:
    """Write ``bench.json``."""
    record = {
        "version": VERSION,
        "machine": machine,
        "browser": browser,
        "rows": [row.plain() for row in rows],
    }
    path.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", "utf-8")


def _short(value: float) -> float:
    """``value`` to four significant digits: no sample is more precise."""
    return float(f"{value:.4g}")


def _text(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"
