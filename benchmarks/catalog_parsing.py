"""What the parser finds in catalogue texts, beside the plain regular expressions of a notebook.

    PYTHONPATH=src python benchmarks/catalog_parsing.py --file CSV [--file CSV ...]

Each CSV has a column `catalog_content`. The page has counts alone, and what stands in the place of
a missing unit. The plain way is three expressions: the number after `Value:`, the word after
`Unit:`, the number after `pack of`.
"""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
from results import command_line, table

from podium.pricing.catalog_text import parse_catalog, split_fields

HERE = Path(__file__).resolve().parent
VALUE = re.compile(r"Value:\s*([\d.]+)")
UNIT = re.compile(r"Unit:\s*(\w+)")
PACK = re.compile(r"pack of (\d+)", re.IGNORECASE)


def main() -> None:
    """Parse, count, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--file", type=Path, action="append", required=True)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "catalog_parsing.md")
    options = parser.parse_args()
    sections = [section(file) for file in options.file]
    page = (
        "# Catalogue texts taken apart: measured\n\n"
        f"Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC by {command_line()}. Share of the rows "
        "in which each way finds something; a base amount is the value in gram, millilitre or "
        "count. Forty invented texts of the same forms, worked out by hand, are in "
        "`tests/pricing/catalog_cases.py`.\n\n" + "\n\n".join(sections) + "\n"
    )
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(page)
    print(page)


def section(file: Path) -> str:
    """Counts of one file."""
    texts = pd.read_csv(file, dtype=str)["catalog_content"].fillna("").tolist()
    parsed, own_seconds = timed(parse_catalog, texts)
    plain, plain_seconds = timed(parse_plainly, texts)
    rows = [
        ["value", parsed["value"].notna().mean(), plain["value"].notna().mean()],
        ["unit", parsed["unit"].notna().mean(), plain["unit"].notna().mean()],
        ["base amount", parsed["total_amount"].notna().mean(), 0.0],
        ["pack of two or more", (parsed["pack_size"] > 1).mean(), (plain["pack_size"] > 1).mean()],
        ["brand", parsed["brand"].notna().mean(), 0.0],
    ]
    both = (parsed["pack_size"] > 1) & (plain["pack_size"] > 1)
    same = (parsed["pack_size"] == plain["pack_size"])[both].mean()
    units = parsed["total_unit"].fillna("none").value_counts(normalize=True)
    return (
        f"## {file.name}: {len(texts):,} rows\n\n"
        + table(
            ["found", "parser", "plain"], [[name, f"{a:.4f}", f"{b:.4f}"] for name, a, b in rows]
        )
        + f"\n\n{why_missing(texts, parsed)} Where both see a pack, its size is the same in "
        f"{same:.4f}. Base units: "
        + ", ".join(f"{name} {share:.3f}" for name, share in units.items())
        + f". The parser takes {own_seconds / plain_seconds:.0f} times as long as the expressions, "
        f"{1e3 * own_seconds / len(texts):.2f} ms a row.\n"
    )


def why_missing(texts: list[str], parsed: pd.DataFrame) -> str:
    """Reasons for rows without a value or a unit, counted."""
    faults = parsed.loc[parsed["value"].isna(), "value_fault"].value_counts()
    values = ", ".join(f"{reason} {count}" for reason, count in faults.items()) or "none"
    lacking = parsed.index[parsed["unit"].isna()]
    said = [split_fields(texts[row]).unit for row in lacking]
    lines = pd.Series([f"{text!r}" if text is not None else "no line" for text in said], dtype=str)
    units = ", ".join(f"{text} {count}" for text, count in lines.value_counts().items()) or "none"
    return f"Rows without a value: {values}; without a unit: {units}."


def parse_plainly(texts: list[str]) -> pd.DataFrame:
    """What a notebook would write first."""
    found = [[pattern.search(text) for pattern in (VALUE, UNIT, PACK)] for text in texts]
    frame = pd.DataFrame(
        [[match and match[1] for match in row] for row in found],
        columns=["value", "unit", "pack_size"],
    )
    frame["unit"] = frame["unit"].where(frame["unit"] != "None")
    return frame.assign(pack_size=pd.to_numeric(frame["pack_size"]).fillna(1))


def timed(way: Callable[[list[str]], pd.DataFrame], texts: list[str]) -> tuple[pd.DataFrame, float]:
    """The answer and the seconds, the better of two turns."""
    seconds = []
    for _ in range(2):
        began = time.perf_counter()
        answer = way(texts)
        seconds.append(time.perf_counter() - began)
    return answer, min(seconds)


if __name__ == "__main__":
    main()
