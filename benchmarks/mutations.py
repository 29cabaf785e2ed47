"""Mutation spot checks: a changed operator in a metric or a check must turn a test red.

    PYTHONPATH=src python benchmarks/mutations.py [--each 12] [--seed 0]

Each mutant is a copy of the source with one comparison, arithmetic or logical operator changed; the
module's own tests run on it until the first fails. What survives is listed with its line.
"""

from __future__ import annotations

import argparse
import ast
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
    "common/bootstrap.py": ["common/test_bootstrap.py"],
    "common/leaderboard.py": ["common/test_leaderboard.py"],
    "common/submission_rules.py": ["common/test_submission.py"],
    "common/submission_file.py": ["common/test_submission.py"],
    "common/raw_values.py": ["common/test_raw_values.py"],
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


@dataclass(frozen=True)
class Mutant:
    """One changed operator: the module, the line, its former text, and the whole new source."""

    module: str
    line: int
    change: str
    former: str
    source: str


def main() -> None:
    """Make the mutants, run the tests on each, write the page."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--each", type=int, default=12, help="mutants of a module at most")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=HERE / "results" / "mutations.md")
    options = parser.parse_args()
    chosen: list[Mutant] = []
    counts: dict[str, int] = {}
    for module in CHECKED:
        found = list(mutants(module))
        counts[module] = len(found)
        generator = random.Random(options.seed)
        chosen += generator.sample(found, min(options.each, len(found)))
    with tempfile.TemporaryDirectory() as name:
        copies: Queue[Path] = Queue()
        for number in range(cores()):
            copy = Path(name) / str(number)
            shutil.copytree(PROJECT / "src", copy)
            copies.put(copy)
        with ThreadPoolExecutor(cores()) as pool:
            killed = list(pool.map(lambda mutant: is_killed(mutant, copies), chosen))
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(page(chosen, killed, counts))
    print(options.results.read_text())


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
        change = f"{type(former).__name__} -> {type(swapped).__name__}"
        line = node.lineno  # type: ignore[attr-defined]
        yield Mutant(module, line, change, lines[line - 1].strip(), ast.unparse(tree))


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


def page(chosen: list[Mutant], killed: list[bool], counts: dict[str, int]) -> str:
    """What was killed, by module, and what survived, by line."""
    rows = []
    for module, count in counts.items():
        own = [dead for mutant, dead in zip(chosen, killed, strict=True) if mutant.module == module]
        rows.append([module, count, len(own), sum(own)])
    rows.append(["**all**", sum(counts.values()), len(chosen), sum(killed)])
    lines = [
        "# Mutation spot checks",
        f"One operator changed at a time, the module's own tests run on it. Written "
        f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        table(["module", "operators", "tried", "noticed"], rows),
    ]
    survivors = [
        f"- `{mutant.module}` line {mutant.line}, {mutant.change}: `{mutant.former}`"
        for mutant, dead in zip(chosen, killed, strict=True)
        if not dead
    ]
    lines += ["## Not noticed", "\n".join(survivors) or "None."]
    return "\n\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
