"""What out-of-fold predictions are worth: counts for macro F1, and other readings of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from podium.fusion.metrics import CELLS, class_f1_of_counts, confusion_contributions

if TYPE_CHECKING:
    import pandas as pd

READINGS = ("f1_class_0", "f1_class_1", "accuracy", "roc_auc", "log_loss", "calibration_error")
_LEAST_PROBABILITY = 1e-6
_BINS = 10


def confusion_by_group(predictions: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Confusion counts of every group of rows by every model, as the mean of the repeats.

    Groups are the units of the bootstrap: near copies are right or wrong together.

    Args:
        predictions: `model`, `repeat`, `id`, `predicted`, every row once per model and repeat.
        rows: `id`, `label`, `group`.

    Returns:
        `model`, `group` and the columns `CELLS`, sorted by both.
    """
    import pandas as pd

    known = rows.set_index("id")
    truth = known["label"].reindex(predictions["id"]).to_numpy()
    cells = confusion_contributions(truth, predictions["predicted"].to_numpy())
    counts = pd.DataFrame(cells, columns=list(CELLS))
    counts["model"] = predictions["model"].to_numpy()
    counts["group"] = known["group"].reindex(predictions["id"]).to_numpy()
    repeats = predictions.groupby("model")["repeat"].nunique()
    summed = counts.groupby(["model", "group"], observed=True)[list(CELLS)].sum()
    share = repeats.reindex(summed.index.get_level_values("model")).to_numpy()
    return summed.div(share, axis=0).reset_index().astype({"model": "str"})


def other_readings(predictions: pd.DataFrame, labels: pd.Series) -> pd.DataFrame:
    """Other measures of each model, as the mean of the repeats.

    Args:
        predictions: `model`, `repeat`, `id`, `probability`, `predicted`.
        labels: By id.

    Returns:
        `model` and the columns `READINGS`: F1 of either class, accuracy, area under the ROC curve,
        log loss (nats), and the expected calibration error over ten bins of equal size.
    """
    import pandas as pd

    rows = []
    for (model, _), part in predictions.groupby(["model", "repeat"], sort=True, observed=True):
        truth = labels.reindex(part["id"]).to_numpy()
        rows.append({"model": model, **_readings(truth, part)})
    return pd.DataFrame(rows).groupby("model", sort=True)[list(READINGS)].mean().reset_index()


def calibration_table(probability: np.ndarray, labels: np.ndarray, bins: int) -> pd.DataFrame:
    """Said against seen, in bins of equal numbers of rows.

    Returns:
        `said` (mean probability), `seen` (share of class 1), `low` and `high` (95 % Wilson interval
        of the share) and `rows`, by rising probability.
    """
    import pandas as pd

    order = np.argsort(probability, kind="stable")
    rows = []
    # Equal probabilities would be divided by the order of the rows.
    for part in np.array_split(order, min(bins, len(np.unique(probability)))):
        share, count = float(labels[part].mean()), len(part)
        low, high = _wilson(share, count)
        said = float(probability[part].mean())
        rows.append({"said": said, "seen": share, "low": low, "high": high, "rows": count})
    return pd.DataFrame(rows)


def mean_probability(predictions: pd.DataFrame, model: str) -> pd.Series:
    """Probability of each row by one model, mean of the repeats, by id."""
    chosen = predictions[predictions["model"] == model]
    return chosen.groupby("id")["probability"].mean()


def _readings(truth: np.ndarray, part: pd.DataFrame) -> dict[str, float]:
    from sklearn.metrics import log_loss, roc_auc_score

    probability = part["probability"].to_numpy()
    clipped = np.clip(probability, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    predicted = part["predicted"].to_numpy()
    f1 = class_f1_of_counts(confusion_contributions(truth, predicted).sum(axis=0))
    table = calibration_table(probability, truth, _BINS)
    gaps = (table["said"] - table["seen"]).abs()
    values = (
        f1[0],
        f1[1],
        (predicted == truth).mean(),
        roc_auc_score(truth, probability),
        log_loss(truth, clipped),
        np.average(gaps, weights=table["rows"]),
    )
    return dict(zip(READINGS, map(float, values), strict=True))


def _wilson(share: float, count: int) -> tuple[float, float]:
    from scipy.stats import norm

    z = float(norm.ppf(0.975))
    centre = (share + z**2 / (2 * count)) / (1 + z**2 / count)
    half = z * np.sqrt(share * (1 - share) / count + z**2 / (4 * count**2)) / (1 + z**2 / count)
    return float(centre - half), float(centre + half)
