"""The measurements as JSON and as the Markdown page that the README refers to; parts of pages."""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

LIMIT_MINUTES = 15
LIMIT_GB = 8
PROJECT = Path(__file__).resolve().parents[1]


def write_results(path: Path, results: dict[str, Any]) -> None:
    """Write both files whole, the JSON beside the Markdown.

    Args:
        path: The Markdown file.
        results: What `hearme.py` collected so far.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _replace(path.with_suffix(".json"), json.dumps(results, indent=2) + "\n")
    _replace(path, as_markdown(results))


def as_markdown(results: dict[str, Any]) -> str:
    """A page with one section per part that was measured."""
    parts = ["# HearMe: measured", _setting(results)]
    for part, render in (
        ("stages", _stages),
        ("score", _score),
        ("rectools", _rectools),
        ("pandas", _pandas),
    ):
        if part in results:
            parts.append(render(results))
    return "\n\n".join(parts) + "\n"


def table(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A Markdown table; numbers go to the right."""
    names, body = list(header), [[_text(cell) for cell in row] for row in rows]
    rules = ["---"] + ["---:"] * (len(names) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [names, rules, *body])


def command_line(words: Sequence[str] | None = None) -> str:
    """How to call this script again from the project's folder, for its page.

    Paths of this machine do not belong there: those in the project are shown from its folder, and
    PATH stands for others.

    Args:
        words: Script and options; those of this process by default.
    """
    script, *options = sys.argv if words is None else words
    shown = [f"benchmarks/{Path(script).name}", *map(_without_place, options)]
    return f"`PYTHONPATH=src python {shlex.join(shown)}`"


def _without_place(option: str) -> str:
    name, equals, value = option.rpartition("=")
    path = Path(value)
    if not path.is_absolute() and ".." not in path.parts:
        return option
    path = path.resolve()
    inside = path.is_relative_to(PROJECT)
    return f"{name}{equals}{path.relative_to(PROJECT) if inside else 'PATH'}"


def _setting(results: dict[str, Any]) -> str:
    size, machine = results["size"], results["machine"]
    return (
        f"{size['listens']:,} listens (asked for; generated), {size['users']:,} users, "
        f"{size['tracks']:,} tracks, {size['test_users']:,} test users. {machine['cores']} cores, "
        f"{machine['memory_gb']:.0f} GB. Written {results['when']}."
    )


def _stages(results: dict[str, Any]) -> str:
    rows = [
        [name, cost["wall_seconds"], cost["cpu_seconds"], cost["peak_gb"], cost["load"]]
        for name, cost in results["stages"].items()
    ]
    total = results["total"]
    rows.append(
        ["**all**", total["wall_seconds"], total["cpu_seconds"], total["peak_gb"], total["load"]]
    )
    cores = results["machine"]["cores"]
    kept = total["wall_seconds"] <= LIMIT_MINUTES * 60 and total["peak_gb"] <= LIMIT_GB
    verdict = "kept" if kept else "**not kept**"
    return "\n\n".join(
        [
            "## Raw CSV to checked submission",
            table(["stage", "wall s", "CPU s", "peak GB", "load"], rows),
            f"Limit {LIMIT_MINUTES} min and {LIMIT_GB} GB: {verdict} "
            f"({total['wall_seconds'] / 60:.1f} min, {total['peak_gb']:.1f} GB). Each stage is a "
            "process of its own and pays the start of Python once more. Load is the machine's "
            f"one-minute load average at the end of the stage: above {cores} it was shared with "
            "other work, and the CPU seconds divided by the cores bound an idle machine's time "
            f"from below ({total['cpu_seconds'] / cores / 60:.1f} min).",
        ]
    )


def _score(results: dict[str, Any]) -> str:
    score = results["score"]
    rows = [
        ["hidden window", score["hidden"], score["hidden_low"], score["hidden_high"]],
        [f"local ({score['model']})", score["local"], score["local_low"], score["local_high"]],
        ["local, best single recommender", score["recommender"], "", ""],
        ["local, popularity", score["popularity"], "", ""],
    ]
    covers = score["local_low"] <= score["hidden"] <= score["local_high"]
    return "\n\n".join(
        [
            "## Score",
            table(["", "score", "low", "high"], rows),
            f"The local interval {'covers' if covers else '**does not cover**'} the score on the "
            f"hidden window. To the best single recommender ({score['recommender_name']}): "
            f"{score['local'] / score['recommender']:.3f}; to popularity: "
            f"{score['local'] / max(score['popularity'], 1e-9):.2f}.",
        ]
    )


def _rectools(results: dict[str, Any]) -> str:
    cells = ("podium_score", "rectools_score", "score_ratio", "podium_wall", "rectools_wall")
    cells += ("wall_ratio", "podium_cpu", "rectools_cpu", "cpu_ratio")
    rows = [
        [f"{row['podium_model']} / {row['rectools_model']}", *(row[cell] for cell in cells)]
        for row in results["rectools"]
    ]
    header = ["Podium / RecTools", "score", "RecTools", "ratio", "wall s", "RecTools", "times"]
    header += ["CPU s", "RecTools", "times"]
    size = results["peer_size"]
    return "\n\n".join(
        [
            "## Beside RecTools 0.19",
            f"{size['listens']:,} listens, holdout of {size['test_users']:,} test users; the same "
            "listens before the same cut, tracks already heard kept, our metric. Ratios above 1 "
            "are in Podium's favour. Seconds of RecTools' two-stage model stand beside the stages "
            "feature_engineering and modeling, which fit eleven recommenders at four cuts.",
            table(header, rows),
        ]
    )


def _pandas(results: dict[str, Any]) -> str:
    found = results["pandas"]
    rows = [
        [name, *(found[name][key] for key in ("wall_seconds", "cpu_seconds", "peak_gb"))]
        for name in ("podium", "pandas")
    ]
    ratios = [found[name] for name in ("wall_ratio", "cpu_ratio", "memory_ratio")]
    rows.append(["pandas / podium", *ratios])
    return "\n\n".join(
        [
            "## Pair features beside plain pandas",
            f"{found['features']} features of {found['rows']:,} pairs (first training fold, "
            f"{results['peer_size']['listens']:,} listens), from Parquet to Parquet, start of "
            "Python included. The tables are equal: largest difference "
            f"{found['largest_difference']:.1e} relative to 1 + the value.",
            table(["", "wall s", "CPU s", "peak GB"], rows),
        ]
    )


def _text(cell: Any) -> str:
    if not isinstance(cell, float):
        return "" if cell is None else str(cell)
    digits = 4 if abs(cell) < 1 else 2 if abs(cell) < 10 else 0
    return f"{cell:.{digits}f}"


def _replace(path: Path, text: str) -> None:
    part = path.with_name(f".{path.name}.part")
    part.write_text(text)
    os.replace(part, path)
