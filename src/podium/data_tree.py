"""Where a challenge's data live: the competition's files, or the sample's tree of its own.

``data_root`` holds the layers 01_raw to 08_reporting. Where 01_raw/<challenge>/ has none of the
competition's files, everything moves to ``<data_root>/sample``, so that a result on sample data
can neither overwrite nor pose as a real one.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Literal

from podium.common.errors import PodiumError
from podium.common.raw_contract import RawFile, RawFolder, demand_raw_file, find_raw, holds_files

logger = logging.getLogger(__name__)

DataKind = Literal["competition", "sample"]
DEFAULT_DATA_ROOT = "data"


def data_kind(
    project: Path, challenge: str, data_root: str | None = None, data: str | None = None
) -> DataKind:
    """Say which data a run of the challenge uses.

    Args:
        project: Root of the project; a relative ``data_root`` starts there.
        challenge: Name of the challenge.
        data_root: Folder of the layers; ``data`` by default.
        data: ``competition`` or ``sample`` to force either.

    Raises:
        PodiumError: where ``data`` is neither.
    """
    if data is not None and data not in ("competition", "sample"):
        raise PodiumError(f"parameter data must be 'competition' or 'sample', not {data!r}")
    if data == "sample":
        return "sample"
    present = raw_files(_root(project, data_root), challenge)
    return "competition" if present or data == "competition" else "sample"


def data_tree(
    project: Path, challenge: str, data_root: str | None = None, data: str | None = None
) -> Path:
    """Absolute path of the folder that holds the layers of the tree in use."""
    root = _root(project, data_root)
    kind = data_kind(project, challenge, data_root, data)
    return root / "sample" if kind == "sample" else root


def raw_files(tree: Path, challenge: str) -> list[Path]:
    """What lies in the raw folder of a challenge, by name.

    Hidden files do not count, nor do folders without files.
    """
    raw = tree / "01_raw" / challenge
    found = raw.iterdir() if raw.is_dir() else ()
    return sorted(
        path
        for path in found
        if not path.name.startswith(".") and (holds_files(path) or not path.is_dir())
    )


def demand_raw_files(challenge: str, files: Mapping[str, Path]) -> None:
    """Refuse to run where a required file is missing; name files that nothing reads.

    Args:
        challenge: Its contract says which files are required and which may be missing.
        files: Place of each raw file or folder that the run reads, by dataset (`raw_train`).

    Raises:
        PodiumError: naming the missing files and all that are required; RawDataError for one that
            is a folder, or there twice.
    """
    contract = import_module(f"podium.pipelines.{challenge}.schemas").RAW_FILES
    for name, file in files.items():
        spec = contract[name]
        # The folder that lacks a file says so below, with all that belong there.
        if isinstance(spec, RawFile):
            demand_raw_file(file, replace(spec, required=False))
    needed = {file: contract[name] for name, file in files.items() if contract[name].required}
    missing = [_label(spec) for file, spec in needed.items() if find_raw(file, spec) is None]
    if missing:
        raise PodiumError(
            f"{next(iter(needed)).parent} lacks {', '.join(missing)}. "
            f"Put all of {', '.join(map(_label, needed.values()))} there, "
            f"or empty the folder to run on sample data."
        )
    known = {file.name for file in contract.values()}
    for folder in {file.parent for file in files.values()}:
        for name in sorted(path.name for path in folder.iterdir() if path.is_file()):
            if name.removesuffix(".gz") not in known and not name.startswith("."):
                logger.warning("%s is not read: %s has no such file", folder / name, challenge)


def write_missing_sample(tree: Path, challenge: str, seed: int) -> bool:
    """Generate the sample files of a challenge unless they are there; say whether it did.

    What the organiser would keep to himself lies apart from them, in `sample_truth(...)`.
    """
    if raw_files(tree, challenge):
        return False
    write_sample = import_module(f"podium.pipelines.{challenge}.sample").write_sample
    write_sample(tree / "01_raw" / challenge, seed, truth_path=sample_truth(tree, challenge))
    return True


def sample_truth(tree: Path, challenge: str) -> Path:
    """Where the truth of a challenge's sample lies; no run reads it."""
    return tree / "truth" / f"{challenge}.csv"


def _label(spec: RawFile | RawFolder) -> str:
    return spec.name if isinstance(spec, RawFile) else f"{spec.name}/ (a folder with files)"


def _root(project: Path, data_root: str | None) -> Path:
    return (project / Path(data_root or DEFAULT_DATA_ROOT).expanduser()).resolve()
