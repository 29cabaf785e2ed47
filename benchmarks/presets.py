"""The three presets of every challenge: local score, time and memory, side by side.

    PYTHONPATH=src python benchmarks/presets.py [--data CHALLENGE=FOLDER ...] [--truth ...]

Without a folder a challenge runs on its sample data. FOLDER holds the competition's files; a truth
(CHALLENGE=FILE) gives the score of the submission beside the local one. What was measured is
written after every run, and kept where a later call measures other challenges or presets.

The table of the README is that of the defaults on sample data, with what each challenge asks for as
the heading of its page says it; the table of docs/presets.md is that of all presets.
``--challenges`` without a name measures nothing, and writes both and the page anew.
"""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from challenge_runs import challenge_run, data_root
from measuring import cores
from results import table

from podium.challenges import challenges

HERE = Path(__file__).resolve().parent
PRESETS = ("fast", "base", "best")
# As a reader of the documentation asks for them.
PRESET_NAMES = {"fast": "`fast`", "base": "default", "best": "`best`"}
BEGIN, END = "<!-- measured by benchmarks/presets.py -->", "<!-- end -->"
BEGIN_GIVEN = "<!-- measured by benchmarks/presets.py --data -->"
SAMPLE, GIVEN = "sample", "given files"
OF_A_RUN = ["metric", "local score on sample data", "best baseline", "time", "memory"]
NOT_MEASURED = ["not measured", *[""] * (len(OF_A_RUN) - 1)]


def main() -> None:
    """Measure what the command line asks for and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--challenges", nargs="*", default=challenges())
    parser.add_argument("--presets", nargs="*", default=PRESETS)
    parser.add_argument("--data", nargs="*", default=())
    parser.add_argument("--truth", nargs="*", default=())
    parser.add_argument("--params", nargs="*", default=(), help="CHALLENGE=NAME=VALUE")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "presets.md")
    parser.add_argument("--readme", type=Path, default=HERE.parent / "README.md")
    parser.add_argument("--docs", type=Path, default=HERE.parent / "docs" / "presets.md")
    options = parser.parse_args()
    data, truths = _by_challenge(options.data), _by_challenge(options.truth)
    stored = options.results.with_suffix(".json")
    measured: dict[str, Any] = json.loads(stored.read_text()) if stored.is_file() else {}
    for challenge in options.challenges:
        more = [given.partition("=")[2] for given in options.params
                if given.startswith(f"{challenge}=")]  # fmt: skip
        for preset in options.presets:
            with data_root() as root:
                row = measure(
                    root, challenge, preset, data.get(challenge), truths.get(challenge), more
                )
            print(row, flush=True)
            measured[".".join((challenge, preset, row["data"]))] = row
            stored.parent.mkdir(parents=True, exist_ok=True)
            stored.write_text(json.dumps(measured, indent=1, sort_keys=True) + "\n")
            write_pages(measured, options)
    write_pages(measured, options)
    print(options.results.read_text())


def measure(
    root: Path,
    challenge: str,
    preset: str,
    folder: Path | None,
    truth: Path | None,
    parameters: Sequence[str],
) -> dict[str, Any]:
    """One run."""
    if folder is not None:
        shutil.copytree(folder, root / "01_raw" / challenge)
    more = dict(given.split("=", 1) for given in parameters)
    cost = challenge_run(root, challenge, preset=preset, **more)
    tree = root if folder is not None else root / "sample"
    summary = json.loads((tree / "08_reporting" / challenge / "summary.json").read_text())
    row = {
        "challenge": challenge,
        "preset": preset,
        "data": GIVEN if folder is not None else SAMPLE,
        "metric": summary["metric"],
        **{name: summary["chosen"][name] for name in ("model", "score", "ci_low", "ci_high")},
        "baseline": summary["baseline"]["score"],
        "left_out": [model["model"] for model in summary["left_out"]],
        "wall_seconds": cost.wall_seconds,
        "cpu_seconds": cost.cpu_seconds,
        "peak_gb": cost.peak_gb,
        "load": cost.load,
        "cores": cores(),
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "hidden": None,
    }
    if truth is not None:
        rules = import_module(f"podium.pipelines.{challenge}.submission_rules")
        submission = tree / "07_model_output" / challenge / "submission.csv"
        raw = tree / "01_raw" / challenge
        row["hidden"] = rules.score_file(submission, truth, raw, only_in_truth=True)["score"]
    return row


def page(measured: dict[str, Any]) -> str:
    """All that was measured as Markdown."""
    lines = [
        "# The presets: measured",
        "One run each, one after the other. Wall seconds are those of the whole command, the start "
        "of Python included; peak memory is that of all processes together; hidden is the score "
        "of the submission on a truth that the run did not see. Scores on sample data say nothing "
        "about a competition.",
    ]
    head = ["preset", "data", "model", "local score", "low", "high", "best baseline", "hidden"]
    head += ["wall s", "CPU s", "peak GB", "load", "left out"]
    order = [SAMPLE, GIVEN]
    rows = sorted(
        measured.values(),
        key=lambda row: (order.index(row["data"]), PRESETS.index(row["preset"])),
    )
    for challenge in sorted({row["challenge"] for row in rows}):
        own = [row for row in rows if row["challenge"] == challenge]
        last = own[-1]
        lines.append(f"## {challenge}: {last['metric']}")
        lines.append(f"{last['cores']} cores. Written {last['when']}.")
        lines.append(table(head, [_cells(row) for row in own]))
    return "\n\n".join(lines) + "\n"


def write_pages(measured: dict[str, Any], options: argparse.Namespace) -> None:
    """The page of results, and the tables of the README and of the documentation."""
    options.results.write_text(page(measured))
    fill_table(options.readme, BEGIN, table_of_defaults(measured))
    fill_table(options.docs, BEGIN, table_of_presets(measured))
    fill_table(options.docs, BEGIN_GIVEN, table_of_given_files(measured))


def table_of_defaults(measured: dict[str, Any]) -> str:
    """Every challenge: its task, its page, and what the defaults gave on sample data."""
    found = _on(SAMPLE, measured)
    rows = [
        [f"[`{name}`](docs/challenges/{name}.md)", task(name)]
        + (_shown(found[name, "base"]) if (name, "base") in found else NOT_MEASURED)
        for name in challenges()
    ]
    # Words go to the left.
    return table(["challenge", "task", *OF_A_RUN], rows).replace("| ---: " * 2, "| --- " * 2, 1)


def task(challenge: str) -> str:
    """What a challenge asks for: the heading of its page, without the name in front."""
    page = HERE.parent / "docs" / "challenges" / f"{challenge}.md"
    heading, *_ = page.read_text().splitlines()
    words = heading.rpartition(": ")[2]
    return words[:1].upper() + words[1:]


def table_of_presets(measured: dict[str, Any]) -> str:
    """What every preset gave on sample data, with a line for those not measured."""
    rows = [
        [name, preset, *(_shown(run) if run else NOT_MEASURED)]
        for name, preset, run in _every_preset(SAMPLE, measured)
    ]
    return table(["challenge", "preset", *OF_A_RUN], rows) if rows else ""


def table_of_given_files(measured: dict[str, Any]) -> str:
    """What every preset gave on files with a truth that the run did not see."""
    rows = []
    for name, preset, run in _every_preset(GIVEN, measured):
        metric, score, *rest = _shown(run) if run else NOT_MEASURED
        hidden = f"{run['hidden']:.3f}" if run and run["hidden"] is not None else ""
        rows.append([name, preset, metric, score, hidden, *rest])
    metric, _, *rest = OF_A_RUN
    head = ["challenge", "preset", metric, "local score", "hidden score", *rest]
    return table(head, rows) if rows else ""


def _every_preset(
    data: str, measured: dict[str, Any]
) -> Iterator[tuple[str, str, dict[str, Any] | None]]:
    """Challenge and preset as they are shown, and what was measured on such data."""
    found = _on(data, measured)
    for name in sorted({name for name, _ in found}):
        for preset in PRESETS:
            yield f"`{name}`", PRESET_NAMES[preset], found.get((name, preset))


def fill_table(file: Path, begin: str, filling: str) -> None:
    """Put a table between a file's markers."""
    before, rest = file.read_text().split(begin)
    _, after = rest.split(END, 1)
    file.write_text(f"{before}{begin}\n\n{filling}\n\n{END}{after}")


def _on(data: str, measured: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (row["challenge"], row["preset"]): row for row in measured.values() if row["data"] == data
    }


def _shown(row: dict[str, Any]) -> list[str]:
    """The cells below `OF_A_RUN`."""
    return [
        row["metric"],
        f"{row['score']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]",
        f"{row['baseline']:.3f}",
        f"{row['wall_seconds']:.0f} s",
        f"{row['peak_gb']:.1f} GB",
    ]


def _cells(row: dict[str, Any]) -> list[Any]:
    scores = (row[name] for name in ("score", "ci_low", "ci_high", "baseline", "hidden"))
    shown = ["" if value is None else f"{value:.4f}" for value in scores]
    costs = (row[name] for name in ("wall_seconds", "cpu_seconds", "peak_gb", "load"))
    left_out = ", ".join(row["left_out"]) or "none"
    return [row["preset"], row["data"], row["model"], *shown, *costs, left_out]


def _by_challenge(given: Sequence[str]) -> dict[str, Path]:
    return {name: Path(path) for name, _, path in (pair.partition("=") for pair in given)}


if __name__ == "__main__":
    main()
