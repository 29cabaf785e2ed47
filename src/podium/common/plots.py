"""Plotly figures that every challenge shares; each axis says what it shows and in which unit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from podium.common.scatter_charts import LogAxes, log_bounds, log_ticks, tick_text

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLOURS = {
    "baseline": "#8a8f98",
    "recommender": "#4c9be8",
    "ranker": "#3ba272",
    "classifier": "#3ba272",
    "regressor": "#3ba272",
    "encoder": "#2e8f63",
    "blend": "#d9822b",
}
MAIN = "#2f6fde"
ROW_PIXELS = 26
HEIGHT = 420


def interval_plot(leaderboard: pd.DataFrame, unit: str, title: str) -> Figure:
    """Scores with their intervals, best on top.

    Args:
        leaderboard: `model`, `kind`, `score`, `ci_low`, `ci_high`, best first.
        unit: Label of the axis, with what the score measures.
        title: Heading.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for kind, rows in leaderboard.groupby("kind", sort=False):
        figure.add_scatter(
            x=rows["score"],
            y=rows["model"],
            mode="markers",
            name=str(kind),
            marker={"size": 10, "color": COLOURS.get(str(kind), MAIN)},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": rows["ci_high"] - rows["score"],
                "arrayminus": rows["score"] - rows["ci_low"],
            },
        )
    names = leaderboard["model"].tolist()
    _horizontal(figure, names, unit, title)
    return figure


def bar_plot(
    values: pd.Series, unit: str, title: str, errors: tuple[pd.Series, pd.Series] | None = None
) -> Figure:
    """Horizontal bars, the first on top.

    Args:
        values: Length of each bar, indexed by its name.
        unit: Label of the axis.
        title: Heading.
        errors: Optional lower and upper bounds, indexed as `values`.
    """
    import plotly.graph_objects as go

    names = [str(name) for name in values.index]
    bar = go.Bar(x=values.to_numpy(), y=names, orientation="h", marker_color=MAIN)
    if errors is not None:
        low, high = errors
        bar.error_x = {
            "type": "data",
            "symmetric": False,
            "array": (high - values).to_numpy(),
            "arrayminus": (values - low).to_numpy(),
        }
    figure = go.Figure(bar)
    _horizontal(figure, names, unit, title)
    return figure


def paired_bar_plot(table: pd.DataFrame, units: Sequence[str], title: str) -> Figure:
    """Two panels of horizontal bars over the same names (for example gain and SHAP).

    Args:
        table: Two columns of lengths; the index holds the names, the first on top.
        units: Label of the axis of each panel.
        title: Heading.
    """
    from plotly.subplots import make_subplots

    names = [str(name) for name in table.index]
    figure = make_subplots(rows=1, cols=2, shared_yaxes=True, horizontal_spacing=0.04)
    for column, (name, unit) in enumerate(zip(table.columns, units, strict=True), 1):
        figure.add_bar(
            x=table[name],
            y=names,
            orientation="h",
            marker_color=MAIN if column == 1 else COLOURS["blend"],
            name=str(name),
            row=1,
            col=column,
        )
        figure.update_xaxes(title_text=unit, row=1, col=column)
    _horizontal(figure, names, None, title)
    return figure


def histogram_plot(
    values: Mapping[str, pd.Series], unit: str, title: str, bins: int = 25, counted: str = "users"
) -> Figure:
    """Share of the units in each bin of their score, one outline per model, on common bins.

    Args:
        values: Per model the score of each unit; the first is drawn on top of the others.
        unit: Label of the axis of values.
        title: Heading.
        bins: Number of bins.
        counted: What the units are.
    """
    import plotly.graph_objects as go

    high = max((float(scores.max()) for scores in values.values() if len(scores)), default=1.0)
    low = min((float(scores.min()) for scores in values.values() if len(scores)), default=0.0)
    edges = np.linspace(min(low, 0.0), max(high, 1e-9), bins + 1)
    colours = (COLOURS["blend"], COLOURS["baseline"], MAIN, COLOURS["ranker"])
    figure = go.Figure()
    for number, (name, scores) in enumerate(values.items()):
        counts, _ = np.histogram(scores, bins=edges)
        figure.add_bar(
            x=(edges[:-1] + edges[1:]) / 2,
            y=100 * counts / max(len(scores), 1),
            width=np.diff(edges),
            name=name,
            opacity=0.6,
            marker_color=colours[number % len(colours)],
        )
    figure.update_layout(barmode="overlay")
    _frame(figure, title, unit, f"{counted}, % of all")
    return figure


def line_plot(lines: Mapping[str, pd.Series], x_unit: str, y_unit: str, title: str) -> Figure:
    """One line per name; the index of each series is the horizontal axis."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, values in lines.items():
        figure.add_scatter(x=values.index.to_numpy(), y=values.to_numpy(), mode="lines", name=name)
    _frame(figure, title, x_unit, y_unit)
    figure.update_yaxes(rangemode="tozero")
    return figure


def facet_bar_plot(facets: Mapping[str, pd.DataFrame], unit: str, title: str) -> Figure:
    """Bars with intervals in one panel per breakdown, on a common scale.

    Args:
        facets: Per breakdown a table indexed by group with `score`, `ci_low`, `ci_high`.
        unit: Label of the common axis.
        title: Heading.
    """
    from plotly.subplots import make_subplots

    heights = [max(len(table), 1) for table in facets.values()]
    figure = make_subplots(
        rows=len(facets),
        cols=1,
        shared_xaxes=True,
        row_heights=heights,
        subplot_titles=list(facets),
        vertical_spacing=0.25 / max(len(facets), 1),
    )
    for row, table in enumerate(facets.values(), 1):
        figure.add_bar(
            x=table["score"],
            y=table.index.astype(str),
            orientation="h",
            marker_color=MAIN,
            showlegend=False,
            error_x={
                "type": "data",
                "symmetric": False,
                "array": table["ci_high"] - table["score"],
                "arrayminus": table["score"] - table["ci_low"],
            },
            row=row,
            col=1,
        )
        figure.update_yaxes(autorange="reversed", row=row, col=1)
    figure.update_xaxes(title_text=unit, row=len(facets), col=1)
    _frame(figure, title, None, None)
    figure.update_layout(height=160 + (ROW_PIXELS + 8) * sum(heights))
    return figure


def matrix_plot(table: pd.DataFrame, unit: str, title: str) -> Figure:
    """A small matrix as coloured cells with their numbers, the first row on top."""
    import plotly.graph_objects as go

    values = table.to_numpy(np.float64)
    cells = go.Heatmap(
        z=values,
        x=table.columns.astype(str).tolist(),
        y=table.index.astype(str).tolist(),
        text=np.vectorize("{:,.1f}".format)(values),
        texttemplate="%{text}",
        colorscale="Blues",
        colorbar={"title": unit},
    )
    figure = go.Figure(cells)
    _frame(figure, title, None, None)
    figure.update_yaxes(autorange="reversed")
    return figure


def scatter_plot(groups: Mapping[str, pd.DataFrame], places: str | LogAxes, title: str) -> Figure:
    """Points on a plane.

    Args:
        groups: By name a table of horizontal place, vertical place and the name of the point.
        places: The axes of the values; or of a map, whose places have no unit, what stands below.
        title: Heading.
    """
    import plotly.graph_objects as go

    figure = go.Figure()
    for name, rows in groups.items():
        across, up, label = (rows.iloc[:, column] for column in range(3))
        figure.add_scatter(
            x=across, y=up, text=label.astype(str), mode="markers", name=name, marker={"size": 6}
        )
    if isinstance(places, str):
        _frame(figure, title, places, None)
        figure.update_xaxes(showticklabels=False)
        figure.update_yaxes(showticklabels=False)
        return figure
    values = pd.concat([rows.iloc[:, column] for rows in groups.values() for column in range(2)])
    ends = log_bounds(values)
    figure.add_scatter(
        x=ends,
        y=ends,
        mode="lines",
        name=places.diagonal,
        line={"color": COLOURS["baseline"], "dash": "dash"},
    )
    _frame(figure, title, places.across, places.up)
    ticks = log_ticks(*ends)
    axis = {
        "type": "log",
        "range": np.log10(ends).tolist(),
        "tickvals": ticks,
        "ticktext": [tick_text(tick) for tick in ticks],
    }
    figure.update_xaxes(axis)
    figure.update_yaxes(axis)
    return figure


def _horizontal(figure: Figure, names: Sequence[str], unit: str | None, title: str) -> None:
    _frame(figure, title, unit, None)
    figure.update_yaxes(
        categoryorder="array", categoryarray=list(reversed(names)), type="category", dtick=1
    )
    figure.update_layout(height=140 + ROW_PIXELS * max(len(names), 3))


def _frame(figure: Figure, title: str, x_unit: str | None, y_unit: str | None) -> None:
    figure.update_layout(
        title=title,
        template="plotly_white",
        height=HEIGHT,
        margin={"l": 10, "r": 20, "t": 60, "b": 50},
    )
    if x_unit is not None:
        figure.update_xaxes(title_text=x_unit)
    if y_unit is not None:
        figure.update_yaxes(title_text=y_unit)
    figure.update_xaxes(automargin=True)
    figure.update_yaxes(automargin=True)
