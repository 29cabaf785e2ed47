"""Numbers of the images, as the node makes them of what a download left."""

import numpy as np
import pandas as pd
from PIL import Image

from podium.pipelines.amazon.feature_engineering import compute_image_features
from podium.vision.downloading.downloaded import DownloadedImages, without_download

COMPUTE = {"seed": 1, "threads": 2}
SIZES = [(1600, 1200), (400, 300), (100, 75)]


def downloaded(folder):
    """Three images of one look, and a placeholder between them."""
    rows = pd.DataFrame({"sample_id": list("abcd"), "image_link": "http://127.0.0.1/"})
    table = without_download(rows)
    for row, (width, height) in zip((0, 1, 3), SIZES, strict=True):
        picture = Image.new("RGB", (width, height), "white")
        picture.paste((180, 30, 30), (width // 4, height // 4, width // 2, height // 2))
        picture.save(folder / f"{row}.png")
        facts = {"file": f"{row}.png", "status": "downloaded", "width": width, "height": height}
        table.loc[row, list(facts)] = list(facts.values())
    return DownloadedImages(folder, table)


def test_size_is_that_of_the_file_and_the_rest_that_of_the_look(tmp_path):
    numbers = compute_image_features(downloaded(tmp_path), {}, COMPUTE)
    assert numbers["sample_id"].tolist() == list("abcd")
    assert numbers["is_real"].tolist() == [True, True, False, True]
    assert numbers.iloc[2, 2:].isna().all()
    real = numbers[numbers["is_real"]]
    np.testing.assert_allclose(np.exp(real["log_width"]), [width for width, _ in SIZES], rtol=1e-4)
    np.testing.assert_allclose(np.exp(real["log_height"]), [high for _, high in SIZES], rtol=1e-4)
    assert np.ptp(real["white_share"]) < 0.02
