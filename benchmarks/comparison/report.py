"""The results: a table for the terminal, JSON for programs, and a picture."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from rich.table import Table

from comparison.rows import COLD, WARM

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from comparison.rounds import Measured
    from comparison.rows import Row

OURS, REFERENCE = "#1f6f8b", "#b8c4cc"
LABEL_WIDTH, BAR_WIDTH, BAR_HEIGHT, GAP = 190, 420, 18, 6
MARGIN = 20


def table(rows: Sequence[Row]) -> Table:
    """Return all rows, with what was compared and whether the target is met."""
    made = Table("measured", "of", "beside", "", "", "figure", "target", "", box=None, pad_edge=False)
    for column in made.columns[3:7]:
        column.justify = "right"
    for row in rows:
        unit = "×" if row.beside else f" {row.unit}"
        made.add_row(
            row.measured,
            row.subject,
            row.beside,
            f"{row.own:,.1f} {row.unit}" if row.beside else "",
            f"{row.other:,.1f} {row.unit}" if row.beside else "",
            f"{row.value:,.2f}{unit}",
            f"{'≥' if row.at_least else '≤'} {row.target:,.2f}",
            "ok" if row.is_met else "[bold red]MISSED",
        )
    return made


def write(
    folder: Path, rows: Sequence[Row], results: Mapping[str, Sequence[Measured]], about: Mapping[str, object]
) -> None:
    """Write ``bench.json``, with every run of every round, and ``bench.svg``."""
    folder.mkdir(exist_ok=True)
    values = {
        **about,
        "rows": [{**asdict(row), "met": row.is_met} for row in rows],
        "runs": {name: [asdict(each) for each in measured] for name, measured in results.items()},
    }
    (folder / "bench.json").write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
    (folder / "bench.svg").write_text(picture(rows), encoding="utf-8")


def picture(rows: Sequence[Row]) -> str:
    """Return bars of cold starts and warm requests, functions beside their references, as SVG."""
    parts: list[str] = []
    y = MARGIN
    for measured in (COLD, WARM):
        bars: dict[str, tuple[float, bool]] = {}
        for row in rows:
            if row.measured == measured:
                bars.setdefault(row.subject, (row.own, True))
                bars.setdefault(f"{row.beside} ({_example(row.subject)})", (row.other, False))
        longest = max(value for value, _ in bars.values())
        parts.append(f'<text x="{MARGIN}" y="{y + 14}" font-weight="bold">{measured}, ms of a processor</text>')
        y += 26
        for name, (value, ours) in sorted(bars.items(), key=lambda bar: bar[1]):
            width = BAR_WIDTH * value / longest
            left = MARGIN + LABEL_WIDTH
            parts.append(f'<text x="{left - 8}" y="{y + 13}" text-anchor="end">{escape(name)}</text>')
            colour = OURS if ours else REFERENCE
            parts.append(f'<rect x="{left}" y="{y}" width="{width:.1f}" height="{BAR_HEIGHT}" fill="{colour}"/>')
            digits = 0 if value >= 10 else 2
            parts.append(f'<text x="{left + width + 6:.1f}" y="{y + 13}">{value:.{digits}f}</text>')
            y += BAR_HEIGHT + GAP
        y += MARGIN
    width = 2 * MARGIN + LABEL_WIDTH + BAR_WIDTH + 50
    size = f'width="{width}" height="{y}"'
    begin = f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    return "\n".join([begin, '<rect width="100%" height="100%" fill="white"/>', *parts, "</svg>\n"])


def _example(subject: str) -> str:
    return {"list_products": "list", "get_product": "get"}.get(
        subject, "create" if subject == "create_product" else "get"
    )
