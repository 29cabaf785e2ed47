"""Kedro dataset of the trials of tuning."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from kedro.io import AbstractDataset

from podium.data_tree import raw_files
from podium.provenance import fingerprint

if TYPE_CHECKING:
    from podium.common.tuning_store import StudyFile


class StudyDataset(AbstractDataset[None, "StudyFile"]):
    """A SQLite file of Optuna, to which every trial is written as soon as it ends.

    Loading says where it is, and of which data its trials are; it need not be there yet.
    """

    may_be_missing: ClassVar[bool] = True

    def __init__(
        self, *, filepath: str, tree: str, challenge: str, metadata: dict[str, Any] | None = None
    ) -> None:
        """Declare the file.

        Args:
            filepath: Where the file lies.
            tree: The data tree in use.
            challenge: Its raw files tell the data.
            metadata: For kedro-viz and other plugins.
        """
        self._filepath = PurePosixPath(filepath)
        self._tree, self._challenge = tree, challenge
        self.metadata = metadata

    def load(self) -> StudyFile:
        """The file, and the fingerprint of the raw files."""
        from podium.common.tuning_store import StudyFile

        files = raw_files(Path(self._tree), self._challenge)
        return StudyFile(Path(self._filepath), fingerprint(files))

    def save(self, data: None) -> None:
        """Refuse: trials are added one by one, while they run."""
        raise PermissionError(f"{self._filepath} is written while the trials run")

    def _exists(self) -> bool:
        return Path(self._filepath).is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
