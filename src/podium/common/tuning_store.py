"""The SQLite file of studies: that of a setting found or begun, for one run at a time."""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from podium.common.errors import PodiumError
from podium.common.search_space import Dimension

if TYPE_CHECKING:
    import optuna

logger = logging.getLogger(__name__)

_SETTING = "setting"
_SHOWN_PATHS = 3


@dataclass(frozen=True)
class StudyFile:
    """Where studies are stored, and the fingerprint of the data that they are about."""

    path: Path
    data: str


@dataclass(frozen=True)
class Setting:
    """What all trials of a study have in common; of another setting the scores do not compare.

    Attributes:
        space: What is tuned.
        defaults: By path of the space; the first trial has them.
        parameters: All the others of the challenge that may change a score.
        data: Fingerprint of the data.
        seed: Of the sampler.
    """

    space: Mapping[str, Dimension]
    defaults: Mapping[str, Any]
    parameters: Mapping[str, Any]
    data: str
    seed: int

    def parts(self) -> dict[str, Any]:
        """What tells settings apart, fit for JSON."""
        return {
            "search space": {path: each.model_dump() for path, each in self.space.items()},
            "parameters": {**self.parameters, "defaults of the space": self.defaults},
            "data": self.data,
        }

    def name(self) -> str:
        """The name of the study."""
        return hashlib.sha256(_text(self.parts()).encode()).hexdigest()[:12]


@contextmanager
def opened(file: Path) -> Iterator[optuna.storages.RDBStorage]:
    """The file as Optuna's storage; for one run at a time.

    Raises:
        PodiumError: the file cannot be used, or another run uses it.
    """
    from optuna.exceptions import StorageInternalError
    from optuna.storages import RDBStorage
    from sqlalchemy.exc import DatabaseError

    file.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(file.with_name(f".{file.name}.lock"), os.O_CREAT | os.O_RDWR)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        storage = RDBStorage(f"sqlite:///{file}")
        try:
            yield storage
        finally:
            storage.engine.dispose()
    except BlockingIOError as error:
        raise PodiumError(f"another run is tuning with {file}") from error
    except (DatabaseError, StorageInternalError) as error:
        raise PodiumError(
            f"{file} cannot be used as the store of a study ({error}). Move it away to begin anew."
        ) from error
    finally:
        os.close(lock)


def find_study(storage: optuna.storages.BaseStorage, setting: Setting) -> optuna.Study | None:
    """The study of this setting, with what a killed run left behind closed; or None, and why."""
    import optuna
    from optuna.trial import TrialState

    names = optuna.get_all_study_names(storage)
    if setting.name() in names:
        study = optuna.load_study(study_name=setting.name(), storage=storage)
        for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
            study.tell(trial.number, state=TrialState.FAIL)
        return study
    if names:
        former = optuna.load_study(study_name=names[-1], storage=storage)
        logger.warning(
            "a new study begins: %s. The %d trials of the former one are kept, and found again "
            "when everything is as it was.",
            *(_difference(former.user_attrs[_SETTING], setting.parts()), len(former.trials)),
        )
    return None


def create_study(
    storage: optuna.storages.BaseStorage, setting: Setting, higher_is_better: bool
) -> optuna.Study:
    """Begin the study of a setting."""
    import optuna

    study = optuna.create_study(
        study_name=setting.name(),
        storage=storage,
        direction="maximize" if higher_is_better else "minimize",
    )
    study.set_user_attr(_SETTING, json.loads(_text(setting.parts())))
    return study


def _difference(former: Mapping[str, Any], parts: Mapping[str, Any]) -> str:
    now = json.loads(_text(parts))
    for name in ("data", "search space"):
        if former[name] != now[name]:
            return f"the {name} changed"
    paths = _changed_paths(former["parameters"], now["parameters"])
    shown = ", ".join(paths[:_SHOWN_PATHS]) + (" and more" if len(paths) > _SHOWN_PATHS else "")
    return f"parameters changed ({shown})"


def _changed_paths(former: Any, now: Any, path: str = "") -> list[str]:
    if not (isinstance(former, dict) and isinstance(now, dict)):
        return [] if former == now else [path]
    return [
        changed
        for key in sorted({*former, *now})
        for changed in _changed_paths(former.get(key), now.get(key), f"{path}.{key}".strip("."))
    ]


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)
