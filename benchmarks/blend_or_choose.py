"""Averaging against choosing: what each way to weigh members costs, on drawn members.

Members see the true log-odds of a row through noise of their own. Each draw has its own training
rows (on which members are weighed) and 3,000 others (on which the log loss is taken); all ways are
compared on the same draws.

    PYTHONPATH=src python benchmarks/blend_or_choose.py
"""

from __future__ import annotations

import numpy as np

from podium.fusion.blending import Blend
from podium.fusion.calibration import probability

MEMBERS = 10
DRAWS = 12
KINDS = {
    "equally good": lambda rng: (np.ones((2, MEMBERS)), np.full(MEMBERS, 1.5)),
    "each sees one half": lambda rng: (np.eye(2)[np.arange(MEMBERS) % 2].T, np.ones(MEMBERS)),
    "one is far better": lambda rng: (np.ones((2, MEMBERS)), np.r_[0.3, np.full(MEMBERS - 1, 3.0)]),
    "all kinds": lambda rng: (rng.random((2, MEMBERS)), rng.uniform(0.3, 3, MEMBERS)),
}
WAYS = {
    "choose the best": Blend("best"),
    "greedy selection": Blend("greedy"),
    "stacking, no penalty": Blend("stacking", shrinkage=0.0),
    "stacking (default)": Blend(),
    "stacking, penalty 0.5": Blend("stacking", shrinkage=0.5),
    "average": Blend("average"),
}


def draw(kind: str, rows: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Logits and labels of training rows, then of others."""
    rng = np.random.default_rng(seed)
    sight, noise = KINDS[kind](rng)
    hidden = 1.2 * rng.normal(size=(rows + 3000, 2))
    labels = (rng.random(rows + 3000) < probability(1.2 * hidden.sum(axis=1))).astype(int)
    logits = hidden @ sight + rng.normal(size=(rows + 3000, MEMBERS)) * noise
    return logits[:rows], labels[:rows], logits[rows:], labels[rows:]


def main() -> None:
    """Print mean log loss, and the paired difference to the default with its standard error."""
    for kind in KINDS:
        for rows in (150, 400):
            losses = {name: [] for name in WAYS}
            for seed in range(DRAWS):
                logits, labels, unseen, truth = draw(kind, rows, seed)
                for name, way in WAYS.items():
                    margin = way.fresh().fit(logits, labels).predict_logit(unseen)
                    losses[name].append(np.mean(np.logaddexp(0, margin) - truth * margin))
            usual = np.array(losses["stacking (default)"])
            print(f"\nMembers: {kind}; {rows} rows")
            for name, values in losses.items():
                gap = np.array(values) - usual
                error = gap.std(ddof=1) / np.sqrt(DRAWS)
                print(f"  {name:22} {np.mean(values):.4f}  {gap.mean():+.4f} ± {error:.4f}")


if __name__ == "__main__":
    main()
