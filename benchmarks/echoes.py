"""Echoes beside plain baselines and AutoGluon, on the same divisions of the same rows.

    PYTHONPATH=src python benchmarks/echoes.py [--data NAME=FOLDER ...] [--autogluon-splits N]

Tasks are generated, with a label that hangs on one side, on the agreement of both, or on both; and
read from folders of competition files, of which only the training rows are used. Every task is
divided anew several times; each way learns from the same rows and is scored on the same others.
What was measured is written after every task.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psutil
import yaml
from autogluon_environment import make_environment
from measuring import cores
from results import table

from podium.common.folds import repeated_group_folds
from podium.common.json_records import open_raw_json
from podium.common.raw_contract import find_raw_file
from podium.fusion.embedding_table import EmbeddingTable
from podium.fusion.metrics import macro_f1
from podium.fusion.near_duplicates import group_near_duplicates
from podium.fusion.pairs import EmbeddingPairs
from podium.fusion.synthetic import SyntheticTask, generate_pairs
from podium.pipelines.echoes import modeling, models
from podium.pipelines.echoes.data_processing import clean_training_rows
from podium.pipelines.echoes.feature_engineering import FoldParameters, draw_folds
from podium.pipelines.echoes.raw_contract import RAW_FILES
from podium.pipelines.shared import Compute

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent
NEAR_COPIES = 0.999
SEED = 20250901
HELD_OUT = 3  # one third of the rows

TASK = SyntheticTask(rows=800)
GENERATED = {
    "agreement only": replace(TASK, image_signal=0.0),
    "image and agreement": TASK,
    "image only": replace(TASK, agreement_signal=0.0),
}
WAYS = ("average", "stacking", "greedy", "best")
BLEND = "podium: blend"


@dataclass(frozen=True)
class Answer:
    """Labels of the unseen rows, and what they took."""

    predicted: np.ndarray
    seconds: float = 0.0
    note: str = ""


def main() -> None:
    """Run what the command line asks for."""
    options = _options()
    results: dict[str, Any] = {
        "when": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "machine": {"cores": cores(), "memory_gb": psutil.virtual_memory().total / (1 << 30)},
        "tasks": {},
    }
    tasks: dict[str, Callable[[], EmbeddingTable]] = {
        name: (lambda task=task: generated(task)) for name, task in GENERATED.items()
    }
    if options.only_data:
        tasks = {}
    for given in options.data:
        name, _, folder = given.partition("=")
        tasks[name] = lambda folder=Path(folder): read_folder(folder)
    python = make_environment(options.peer_environment) if options.autogluon_splits else None
    for name, make in tasks.items():
        print(f"{name}:", flush=True)
        rows = measure_task(make(), options.splits, options.autogluon_splits, python)
        results["tasks"][name] = rows
        options.results.parent.mkdir(parents=True, exist_ok=True)
        options.results.with_suffix(".json").write_text(json.dumps(results, indent=1) + "\n")
        options.results.write_text(as_markdown(results))
    print(as_markdown(results))


def generated(task: SyntheticTask) -> EmbeddingTable:
    """A task as the pipeline would read it, in one part."""
    made = generate_pairs(task, SEED)
    ids = pd.Series([f"row{number}" for number in range(task.rows)], dtype="str")
    rows = pd.DataFrame({"id": ids, "label": made.labels, "part": np.int8(1)})
    return EmbeddingTable(rows, made.pairs)


def read_folder(folder: Path) -> EmbeddingTable:
    """The training rows of a folder with the competition's files."""
    parts = []
    for name in ("raw_train_part1", "raw_train_part2"):
        path = find_raw_file(folder / RAW_FILES[name].name)
        parts.append(None if path is None else open_raw_json(path, RAW_FILES[name]))
    train, _, _ = clean_training_rows(parts[0], parts[1], {}, {"seed": SEED, "threads": 1})
    return train


def measure_task(
    train: EmbeddingTable, splits: int, autogluon_splits: int, python: Path | None
) -> list[dict[str, Any]]:
    """Macro F1 and seconds of every way on every division, a row each."""
    groups = group_near_duplicates(train.pairs, NEAR_COPIES)
    divisions = repeated_group_folds(train.labels, groups, HELD_OUT, splits, SEED)
    rows: list[dict[str, Any]] = []
    for number, folds in enumerate(divisions):
        held = folds == 0
        known, unseen = train.take(~held), train.take(held)
        answers = plain_baselines(known, unseen)
        began = time.perf_counter()
        said = podium_predictions(known, groups[~held], unseen)
        spent = time.perf_counter() - began
        answers |= {way: Answer(predicted) for way, predicted in said.items()}
        answers[BLEND] = Answer(said[BLEND], spent)
        if number < autogluon_splits and python is not None:
            answers["AutoGluon best_quality"] = autogluon(known, unseen, spent, python)
        for way, answer in answers.items():
            score = macro_f1(unseen.labels, answer.predicted)
            row = {"split": number, "way": way, "score": score}
            rows.append({**row, "seconds": answer.seconds, "note": answer.note})
        took = time.perf_counter() - began
        print(f"  division {number + 1} of {splits} in {took:.0f} s", flush=True)
    return rows


def plain_baselines(known: EmbeddingTable, unseen: EmbeddingTable) -> dict[str, Answer]:
    """Logistic regression as one writes it in a minute: standardised, C = 0.01, balanced."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def crossed(pairs: EmbeddingPairs) -> np.ndarray:
        unit = pairs.normalised()
        product, gap = unit.image * unit.text, np.abs(unit.image - unit.text)
        return np.hstack([unit.image, unit.text, product, gap])

    views: dict[str, Callable[[EmbeddingPairs], np.ndarray]] = {
        "plain LR image": lambda pairs: pairs.image,
        "plain LR text": lambda pairs: pairs.text,
        "plain LR concatenation": lambda pairs: pairs.joined(),
        "plain LR [i, t, i*t, |i-t|]": crossed,
    }
    found = {}
    for name, view in views.items():
        began = time.perf_counter()
        model = make_pipeline(
            StandardScaler(), LogisticRegression(C=0.01, class_weight="balanced", max_iter=1000)
        )
        model.fit(view(known.pairs), known.labels)
        found[name] = Answer(model.predict(view(unseen.pairs)), time.perf_counter() - began)
    return found


def podium_predictions(
    known: EmbeddingTable, groups: np.ndarray, unseen: EmbeddingTable
) -> dict[str, np.ndarray]:
    """The default models of the pipeline, and their members weighed in every way."""
    declared = yaml.safe_load((PROJECT / "conf/base/echoes/parameters.yml").read_text())["echoes"]
    wanted = models.ModelingParameters.parse(declared["modeling"])
    settings = Compute(seed=SEED, threads=cores())
    makes = models.build_models(declared["models"], wanted.pseudo_labels, unseen, settings)
    members = [name for name in makes if declared["models"][name].get("member", True)]
    numbers = draw_folds(
        known.labels, groups, FoldParameters.parse(declared["folds"]), settings.seed
    )
    # Nested as in the pipeline: its seconds are those of a run with its honest score.
    logits = modeling.rule_logits(known, groups, numbers, makes, settings, nested=True)
    ensemble = modeling.fit_ensemble(known, groups, logits, makes, members, wanted, settings)
    answers = {
        f"podium: {name}": said.predicted for name, said in ensemble.predict(unseen.pairs).items()
    }
    scores = ensemble.logits(unseen.pairs)
    for way in WAYS:
        weighed = wanted.model_copy(update={"weighting": way})
        rules = models.final_rules(logits, known.labels, members, weighed, settings)
        names, rule = rules[models.BLEND]
        answers[f"weighing: {way}"] = rule.predict(
            np.column_stack([scores[name] for name in names])
        )
    return answers


def autogluon(
    known: EmbeddingTable, unseen: EmbeddingTable, seconds: float, python: Path
) -> Answer:
    """AutoGluon in its own process, within the seconds that Podium took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(
            folder / "rows.npz",
            train=known.pairs.joined(),
            labels=known.labels,
            test=unseen.pairs.joined(),
        )
        script = HERE / "autogluon_models.py"
        subprocess.run(
            [python, script, folder, str(max(seconds, 10.0))], check=True, capture_output=True
        )
        with np.load(folder / "answers.npz") as answers:
            note = f"own validation {float(answers['validation']):.3f}"
            return Answer(answers["predicted"], float(answers["seconds"]), note)


def as_markdown(results: dict[str, Any]) -> str:
    """A section per task: mean over the divisions, and the paired difference to the blend."""
    machine = results["machine"]
    lines = [
        "# Echoes: measured",
        f"{machine['cores']} cores, {machine['memory_gb']:.0f} GB. Written {results['when']}. "
        "Macro F1 on the third of the rows that was held out, mean over the divisions; the "
        "difference is paired, blend minus the other, with its standard error over the divisions "
        "(which share rows, so that it is a little too small). AutoGluon got the seconds that "
        "Podium took.",
    ]
    for name, rows in results["tasks"].items():
        frame = pd.DataFrame(rows)
        wide = frame.pivot(index="split", columns="way", values="score")
        seconds = frame.groupby("way")["seconds"].mean()
        validation = frame[frame["note"] != ""].groupby("way")["note"].first()
        body = []
        for way in wide.mean().sort_values(ascending=False).index:
            gap = (wide[BLEND] - wide[way]).dropna()
            error = gap.std(ddof=1) / np.sqrt(len(gap)) if len(gap) > 1 else float("nan")
            shown = f"{gap.mean():+.4f} ± {error:.4f}" if way != BLEND else "–"
            spent = f"{seconds[way]:.1f}" if seconds[way] else ""
            body.append(
                [
                    way,
                    f"{wide[way].mean():.4f}",
                    shown,
                    str(len(gap)),
                    spent,
                    validation.get(way, ""),
                ]
            )
        head = ["way", "macro F1", "blend minus it", "divisions", "seconds", "note"]
        lines += [f"## {name}", table(head, body)]
    return "\n\n".join(lines) + "\n"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", nargs="*", default=[], help="NAME=FOLDER of raw files")
    parser.add_argument("--only-data", action="store_true", help="no generated task")
    parser.add_argument("--splits", type=int, default=3)
    parser.add_argument("--autogluon-splits", type=int, default=2, help="0 for none: it is slow")
    parser.add_argument("--results", type=Path, default=HERE / "results" / "echoes.md")
    parser.add_argument(
        "--peer-environment", type=Path, default=Path(tempfile.gettempdir()) / "podium-autogluon"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
