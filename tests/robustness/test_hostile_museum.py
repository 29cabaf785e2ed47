"""Every hostile image at once through a whole run: each gets its row, and the run goes on."""

import shutil

import broken_museum
import numpy as np
import pandas as pd
import pytest
from broken_cases import Refused, SetAside
from raw_museum import FOLDER, good_files, write_files

IMAGES = "01_raw/museum/images"


def hostile_files(folder):
    """The file or link that each kind of hostile image adds, with its kind."""
    for number, case in enumerate(broken_museum.CASES):
        if isinstance(case.wanted, Refused):
            continue
        here = folder / str(number)
        write_files(here, good_files())
        before = set((here / FOLDER).iterdir())
        case.spoil(here)
        (added,) = set((here / FOLDER).iterdir()) - before
        yield f"{number:02} {added.name}", added, case


@pytest.fixture(scope="module")
def hostile_run(project_copy, tmp_path_factory):
    """A run on the tiny museum with all hostile images in it: data root, log, their cases."""
    root = project_copy.data_root("hostile_museum", challenge="museum")
    cases = {}
    for name, file, case in hostile_files(tmp_path_factory.mktemp("hostile")):
        if file.is_dir():
            (root / IMAGES / name).mkdir()
        else:
            shutil.copy(file, root / IMAGES / name, follow_symlinks=False)
        cases[name] = case
    return root, project_copy.session("museum", root=root), cases


def test_every_image_has_its_row_whatever_it_is(hostile_run):
    root, _, cases = hostile_run
    quality = pd.read_csv(root / "08_reporting/museum/data_quality.csv")
    ignored = quality.loc[quality["check"].str.startswith("entries that are no image"), "rows"]
    table = pd.read_csv(root / "07_model_output/museum/submission.csv")
    assert len(table) == len(list((root / IMAGES).iterdir())) - ignored.sum()
    named = {name for name, case in cases.items() if name in set(table["image_name"])}
    # A subfolder, another suffix and a line break in the name are no images; all others are.
    assert len(cases) - len(named) == 3 == ignored.sum()
    vectors = table.filter(like="feature_").to_numpy("float32")
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_what_cannot_be_read_is_set_aside_with_its_reason(hostile_run):
    root, _, cases = hostile_run
    aside = pd.read_parquet(root / "03_primary/museum/quarantine.parquet")
    reasons = aside.set_index("content")["reason"]
    wanted = {name: case.wanted.reason for name, case in cases.items()
              if isinstance(case.wanted, SetAside)}  # fmt: skip
    assert reasons[list(wanted)].to_dict() == wanted
    assert len(set(wanted.values())) > 8
    page = (root / "08_reporting/museum/report.html").read_text()
    assert "decompression bomb: 100000 x 100000 pixels" in page
