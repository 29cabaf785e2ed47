"""Points as SVG: on a map without units, and on logarithmic axes with figures and a diagonal."""

import re
from xml.etree import ElementTree

import pytest

from podium.common.scatter_charts import LogAxes, log_bounds, log_ticks, scatter_chart

PRICES = LogAxes("true price, $", "predicted <price>, $", "price = prediction")


def dots(svg):
    found = re.findall(r'<circle class="(\w+)" cx="([-\d.]+)" cy="([-\d.]+)" r="2.4"', svg)
    return [(kind, float(x), float(y)) for kind, x, y in found]


def texts(svg, kind):
    return [each.text for each in ElementTree.fromstring(svg).iter("text")
            if each.get("class") == kind]  # fmt: skip


def test_points_lie_where_they_should_and_later_ones_on_top():
    svg = scatter_chart({"baseline:left": ([0, 1], [0, 0]), "main:right": ([2], [10])})
    assert [kind for kind, _, _ in dots(svg)] == ["baseline", "baseline", "main"]
    across = [x for _, x, _ in dots(svg)]
    up = [y for _, _, y in dots(svg)]
    assert across[1] - across[0] == pytest.approx(across[2] - across[1], abs=0.2)
    assert up[0] == up[1] > up[2], "up the page is down the axis"
    assert 0 < min(across) and max(across) < 860 and min(up) > 30
    assert ">left<" in svg and ">right<" in svg


def test_a_map_has_neither_axes_nor_a_diagonal():
    svg = scatter_chart({"main:places": ([-1, 1], [0, 5])})
    assert 'aria-label="map"' in svg
    assert "<line" not in svg and texts(svg, "tick") == texts(svg, "unit") == []


def test_values_have_axes_with_titles_and_figures():
    svg = scatter_chart({"main:rows": ([0.5, 20_000], [2, 900])}, PRICES)
    assert texts(svg, "unit") == ["true price, $", "predicted <price>, $"]
    figures = texts(svg, "tick")
    assert figures[::2] == figures[1::2] == ["1", "10", "100", "1,000", "10,000"]
    label = ElementTree.fromstring(svg).get("aria-label")
    assert label == "predicted <price>, $ by true price, $"


def test_a_tenfold_is_as_long_everywhere_and_the_diagonal_runs_through_what_is_alike():
    svg = scatter_chart({"main:rows": ([1, 10, 100, 1000], [1, 10, 100, 10])}, PRICES)
    across = [x for _, x, _ in dots(svg)]
    up = [y for _, _, y in dots(svg)]
    assert across[1] - across[0] == pytest.approx(across[3] - across[2], abs=0.2)
    lines = re.findall(
        r'<line class="reference" x1="([\d.]+)" x2="([\d.]+)" y1="([\d.]+)" y2="([\d.]+)"', svg
    )
    diagonal, key = (tuple(map(float, line)) for line in lines)
    left, right, bottom, top = diagonal
    for x, y in zip(across[:3], up[:3], strict=True):
        share = (x - left) / (right - left)
        assert y == pytest.approx(bottom + share * (top - bottom), abs=0.2)
    assert left < min(across) and max(across) < right and top < min(up) < max(up) < bottom
    assert up[3] == up[1], "too low a prediction lies below the diagonal"
    assert key[2] == key[3] == 14 and ">price = prediction<" in svg


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ([0.02, 3000], [0.1, 1, 10, 100, 1000]),
        ([0.012, 0.8], [0.02, 0.05, 0.1, 0.2, 0.5]),
        ([4, 30], [5, 10, 20]),
        ([1.1, 5.1], [2, 5]),
        ([6.1, 6.9], [6.2, 6.4, 6.6, 6.8]),
        ([], [1, 2, 5, 10]),
    ],
)
def test_ticks_are_round_and_there_are_some(values, ticks):
    assert log_ticks(*log_bounds(values)) == pytest.approx(ticks)


@pytest.mark.parametrize("axes", [None, PRICES])
@pytest.mark.parametrize("points", [{}, {"main:none": ([], []), 'main:<"&>': ([3], [3])}])
def test_charts_survive_little_or_odd_data(points, axes):
    svg = scatter_chart(points, axes)
    assert ElementTree.fromstring(svg).tag == "svg" and '<"' not in svg
