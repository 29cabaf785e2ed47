"""Mutation spot checks: a changed operator in a metric or a check must turn a test red.

    PYTHONPATH=src python benchmarks/mutations.py [--each 12] [--seed 0]
        [--modules common/bootstrap.py ...] [--workers 2]

Each mutant is a copy of the source with one comparison, arithmetic or logical operator changed; the
module's own tests run on it until the first fails. What survives is listed with its line. A comment
right above a line that begins with "Equivalent with" and the new operator says why that mutant
cannot be noticed; it is listed with the reason.

The modules are written down one after the other (`mutations.json` beside the page), so that a run
of a few leaves the others as they were found last.
"""

from __future__ import annotations

import argparse
import ast
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from typing import Any

from measuring import cores
from results import table

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
TIMEOUT_SECONDS = 300

CHECKED = {
    "recommendation/metrics.py": ["recommendation/test_metrics.py"],
    "fusion/metrics.py": ["fusion/test_fusion_metrics.py"],
    "fusion/thresholds.py": ["fusion/test_thresholds.py"],
    "retrieval/metrics.py": ["retrieval/test_retrieval_metrics.py"],
    "pricing/metrics.py": ["pricing/test_pricing_metrics.py"],
    "pricing/expected_score.py": ["pricing/test_expected_score.py"],
    "common/bootstrap.py": ["common/test_bootstrap.py"],
    "common/leaderboard.py": ["common/test_leaderboard.py"],
    "common/submission_rules.py": ["common/test_submission.py"],
    "common/submission_file.py": ["common/test_submission.py"],
    "common/raw_contract.py": ["test_data_tree.py", "common/test_raw_files.py"],
    "common/raw_header.py": ["common/test_raw_files.py", "robustness/test_broken_inputs.py"],
    "common/raw_lines.py": ["common/test_raw_files.py"],
    "common/raw_files.py": ["common/test_raw_files.py", "robustness/test_broken_inputs.py"],
    "common/json_records.py": ["common/test_json_records.py", "robustness/test_broken_inputs.py"],
    "common/raw_values.py": ["common/test_raw_values.py", "common/test_truth_file.py"],
    "common/data_quality.py": ["common/test_data_quality.py", "common/test_table_rows.py"],
    "common/table_rows.py": ["common/test_table_rows.py"],
    "common/truth_file.py": ["common/test_truth_file.py"],
    "common/parameters.py": ["common/test_parameters.py"],
    "common/folds.py": ["common/test_folds.py"],
    "recommendation/time_cuts.py": ["recommendation/test_time_cuts.py"],
    "recommendation/fold_users.py": ["recommendation/test_fold_users.py"],
    "pricing/duplicate_groups.py": ["pricing/test_duplicate_groups.py"],
    "retrieval/held_out.py": ["retrieval/test_held_out.py"],
    "pipelines/hearme/submission_rules.py": ["pipelines/hearme/test_submission_rules.py"],
    "pipelines/echoes/submission_rules.py": ["pipelines/echoes/test_echoes_submission_rules.py"],
    "pipelines/museum/submission_rules.py": ["pipelines/museum/test_museum_submission_rules.py"],
    "pipelines/amazon/submission_rules.py": ["pipelines/amazon/test_amazon_submission_rules.py"],
}
SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
SYMBOLS: dict[type[ast.AST], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.And: "and",
    ast.Or: "or",
}


@dataclass(frozen=True)
class Mutant:
    """One changed operator of a module.

    Attributes:
        module: The module, below `src/podium`.
        line: Where the operator stands.
        change: The operator and what stands there instead.
        former: The line as it was.
        excuse: Why no test can notice, as a comment above the line says; empty without one.
        source: The whole new source.
    """

    module: str
    line: int
    change: str
    former: str
    excuse: str
    source: str


def main() -> None:
    """Make the mutants, run the tests on each, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--each", type=int, default=12, help="mutants of a module at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--modules", nargs="+", choices=list(CHECKED), default=list(CHECKED))
    parser.add_argument("--workers", type=int, default=cores(), help="mutants tried at a time")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "mutations.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(options.workers) as pool:
        copies: Queue[Path] = Queue()
        for number in range(options.workers):
            copy = Path(name) / str(number)
            shutil.copytree(PROJECT / "src", copy)
            copies.put(copy)
        for module in options.modules:
            found = list(mutants(module))
            drawn = random.Random(options.seed).sample(found, min(options.each, len(found)))
            source = (PROJECT / "src" / "podium" / module).read_text()
            if is_killed(Mutant(module, 0, "", "", "", source), copies):
                # Every mutant would seem to be noticed.
                raise SystemExit(f"the tests of {module} fail on the module as it is")
            killed = list(pool.map(lambda mutant: is_killed(mutant, copies), drawn))
            result = {
                "operators": len(found),
                "each": options.each,
                "seed": options.seed,
                "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M}",
                "tried": len(drawn),
                "survivors": [
                    {name: getattr(mutant, name) for name in ("line", "change", "former", "excuse")}
                    for mutant, dead in zip(drawn, killed, strict=True)
                    if not dead
                ],
            }
            write(options.results, module, result)
            print(module, len(drawn), sum(killed), flush=True)
    print(options.results.read_text())


def write(path: Path, module: str, result: dict[str, Any]) -> None:
    """Put the result of a module beside those of the others, and write the page anew."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = path.with_suffix(".json")
    results = json.loads(stored.read_text()) if stored.exists() else {}
    results[module] = result
    stored.write_text(json.dumps(results, indent=2) + "\n")
    path.write_text(page({name: results[name] for name in CHECKED if name in results}))


def mutants(module: str) -> Iterator[Mutant]:
    """All mutants of a module, one after the other."""
    text = (PROJECT / "src" / "podium" / module).read_text()
    lines = text.splitlines()
    total = len(list(_places(ast.parse(text))))
    for number in range(total):
        tree = ast.parse(text)
        node, field, index = list(_places(tree))[number]
        former = getattr(node, field) if index is None else getattr(node, field)[index]
        swapped = SWAPS[type(former)]()
        if index is None:
            setattr(node, field, swapped)
        else:
            getattr(node, field)[index] = swapped
        symbol = SYMBOLS[type(swapped)]
        change = f"{SYMBOLS[type(former)]} to {symbol}"
        line = node.lineno  # type: ignore[attr-defined]
        excuse = _excuse(lines[: line - 1], symbol)
        yield Mutant(module, line, change, lines[line - 1].strip(), excuse, ast.unparse(tree))


def _excuse(above: list[str], symbol: str) -> str:
    """The comment right above a line, from "Equivalent with" and the operator on."""
    comment: list[str] = []
    while above and above[-1].strip().startswith("#"):
        comment.insert(0, above[-1].strip().removeprefix("#").strip())
        above = above[:-1]
    text = " ".join(comment)
    start = text.find(f"Equivalent with {symbol}:")
    return text[start:] if start >= 0 else ""


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for index, operator in enumerate(node.ops):
                if type(operator) in SWAPS:
                    yield node, "ops", index
        elif isinstance(node, ast.BinOp | ast.BoolOp | ast.AugAssign) and type(node.op) in SWAPS:
            yield node, "op", None


def is_killed(mutant: Mutant, copies: Queue[Path]) -> bool:
    """Whether a test of the module fails on the mutant."""
    source = copies.get()
    file = source / "podium" / mutant.module
    former = file.read_text()
    try:
        file.write_text(mutant.source)
        tests = [str(PROJECT / "tests" / test) for test in CHECKED[mutant.module]]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        command += ["-p", "no:randomly", "--durations=0", "-o", f"pythonpath={source}", *tests]
        done = subprocess.run(
            command, cwd=PROJECT, capture_output=True, timeout=TIMEOUT_SECONDS, check=False
        )
        return done.returncode != 0
    except subprocess.TimeoutExpired:
        # It goes on for ever: that is noticed too.
        return True
    finally:
        file.write_text(former)
        copies.put(source)


def page(results: dict[str, dict[str, Any]]) -> str:
    """What was noticed, by module, and what was not, by line."""
    rows = []
    noticed, unnoticed, excused = 0, [], []
    for module, result in results.items():
        survivors = result["survivors"]
        rest = result["tried"] - len(survivors)
        rows.append([module, result["operators"], result["each"], result["tried"], rest])
        rows[-1] += [sum(bool(each["excuse"]) for each in survivors), result["when"]]
        noticed += rest
        for each in survivors:
            place = f"- `{module}` line {each['line']}, {each['change']}: `{each['former']}`"
            if each["excuse"]:
                excused.append(f"{place}. {each['excuse']}")
            else:
                unnoticed.append(place)
    total = [sum(result[name] for result in results.values()) for name in ("operators", "tried")]
    rows.append(["**all**", total[0], "", total[1], noticed, len(excused), ""])
    missing = [module for module in CHECKED if module not in results]
    lines = [
        "# Mutation spot checks",
        "One operator changed at a time, the module's own tests run on it; no more mutants of a "
        "module than *at most* says, drawn at random.",
        table(["module", "operators", "at most", "tried", "noticed", "equivalent", "UTC"], rows),
    ]
    if missing:
        lines.append(f"Not run: {', '.join(missing)}.")
    lines += ["## Not noticed", "\n".join(unnoticed) or "None."]
    lines += ["## Equivalent", "\n".join(excused) or "None."]
    return "\n\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
