import re
from importlib.resources import files

import pandas as pd
import pytest

from podium.common.leaderboard import KINDS
from podium.common.plots import COLOURS, interval_plot, matrix_plot, scatter_plot
from podium.common.scatter_charts import LogAxes


def test_a_matrix_is_drawn_as_it_is_written():
    table = pd.DataFrame([[40, 2.25], [3, 1000]], index=["true 0", "true 1"], columns=["a", "b"])
    figure = matrix_plot(table, "rows", "Confusion")
    (cells,) = figure.data
    assert cells.z.tolist() == table.to_numpy().tolist()
    assert (list(cells.x), list(cells.y)) == (["a", "b"], ["true 0", "true 1"])
    assert cells.text.tolist() == [["40.0", "2.2"], ["3.0", "1,000.0"]]
    assert figure.layout.yaxis.autorange == "reversed", "the first row is on top"
    assert figure.layout.title.text == "Confusion" and cells.colorbar.title.text == "rows"
    figure.to_json()


def test_points_have_names_and_axes_no_numbers():
    rows = pd.DataFrame({"map_x": [1.5, 2.5], "map_y": [3.0, 4.0], "id": [7, "b"]})
    figure = scatter_plot({"class 0": rows, "class 1": rows.iloc[:0]}, "places", "Map")
    first, second = figure.data
    assert (list(first.x), list(first.y), list(first.text)) == ([1.5, 2.5], [3, 4], ["7", "b"])
    assert (first.name, second.name, len(second.x)) == ("class 0", "class 1", 0)
    assert first.mode == "markers" and figure.layout.xaxis.title.text == "places"
    assert not figure.layout.xaxis.showticklabels and not figure.layout.yaxis.showticklabels
    figure.to_json()


def test_values_have_log_axes_with_figures_and_a_diagonal():
    rows = pd.DataFrame({"price": [2.0, 150.0], "predicted": [20.0, 90.0], "id": ["a", "b"]})
    places = LogAxes("true price, $", "predicted price, $", "price = prediction")
    figure = scatter_plot({"rows": rows}, places, "Prices")
    points, diagonal = figure.data
    assert (list(points.x), list(points.y)) == ([2, 150], [20, 90])
    assert (diagonal.name, diagonal.mode) == ("price = prediction", "lines")
    assert list(diagonal.x) == list(diagonal.y)
    assert diagonal.x[0] < 2 and diagonal.x[1] > 150
    across, up = figure.layout.xaxis, figure.layout.yaxis
    assert (across.title.text, up.title.text) == ("true price, $", "predicted price, $")
    for axis in (across, up):
        assert axis.type == "log" and axis.showticklabels is not False
        assert list(axis.ticktext) == ["2", "5", "10", "20", "50", "100"]
        assert list(axis.tickvals) == [2, 5, 10, 20, 50, 100]
        assert [10**end for end in axis.range] == pytest.approx(diagonal.x)
    figure.to_json()


def test_every_kind_of_model_has_a_colour_which_its_points_have():
    assert set(COLOURS) == set(KINDS)
    board = pd.DataFrame({"model": KINDS, "kind": KINDS, "score": 1, "ci_low": 0, "ci_high": 2})
    figure = interval_plot(board, "score", "Leaderboard")
    shown = {trace.name: trace.marker.color for trace in figure.data}
    assert shown == COLOURS
    page = (files("podium.common") / "templates" / "page.html").read_text()
    assert COLOURS["encoder"] == re.search(r"--encoder: (#\w+);", page)[1]
