import pandas as pd

from podium.common.plots import matrix_plot, scatter_plot


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
