"""Small raw files of {{cookiecutter.title}}, and the whole first stage on a folder of them."""

from dataclasses import dataclass

import ibis
import pandas as pd

from podium.common.raw_files import open_raw_csv
from podium.pipelines.{{cookiecutter.name}} import data_processing as stage
from podium.pipelines.{{cookiecutter.name}} import schemas
from podium.pipelines.{{cookiecutter.name}}.raw_contract import ROWS, TEST, TRAIN
from podium.pipelines.{{cookiecutter.name}}.sample import SampleSize, generate_rows


def good_files():
    """The lines of each file, without any fault."""
    table = generate_rows(SampleSize(train=12, test=4), seed=1)
    files = {}
    for spec, rows in ((TRAIN, table[:12]), (TEST, table[12:])):
        text = rows[list(spec.columns)].to_csv(index=False, lineterminator="\n")
        files[spec.name] = text.splitlines()
    return files


def write_files(folder, files):
    """Write lines as lines, bytes as they are."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        lines = "".join(f"{line}\n" for line in content) if isinstance(content, list) else ""
        (folder / name).write_bytes(content if isinstance(content, bytes) else lines.encode())


@dataclass
class Stage:
    """What the first stage makes of a folder."""

    train: pd.DataFrame
    test: pd.DataFrame
    quarantine: pd.DataFrame
    quality: pd.DataFrame

    def rows(self, file, action):
        """Number of rows in the report."""
        report = self.quality[(self.quality["file"] == file) & (self.quality["action"] == action)]
        return int(report["rows"].sum())


def run_stage(folder):
    """Run every node of the first stage."""
    connection = ibis.duckdb.connect(threads=1)
    raw = {spec: open_raw_csv(folder / spec.name, spec, connection) for spec in (TRAIN, TEST)}
    train, quarantine, train_counts = stage.clean_training_rows(raw[TRAIN])
    test, test_counts = stage.clean_test_rows(raw[TEST])
    quality = stage.report_quality(train_counts, test_counts)
    schemas.Train.validate(train)
    schemas.Test.validate(test)
    schemas.DataQuality.validate(quality)
    assert set(train) == {*ROWS.training_columns}
    return Stage(train, test, quarantine, quality)
