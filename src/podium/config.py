"""Configuration: the catalog's factories rooted in each challenge's own data tree."""

from __future__ import annotations

import atexit
import getpass
import os
import shutil
import tempfile
from copy import deepcopy
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kedro.config import OmegaConfigLoader

from podium.challenges import challenge_of, challenges
from podium.common.threads import available_cores
from podium.data_tree import data_kind, data_tree

if TYPE_CHECKING:
    from omegaconf import DictConfig


class PodiumConfigLoader(OmegaConfigLoader):
    """An OmegaConfigLoader whose catalog knows ``{challenge}`` and ``{tree}``.

    An entry named ``{challenge}.train`` serves every challenge. Kedro resolves such factories only
    after OmegaConf is done, too late to choose a tree by challenge (one challenge may run on the
    competition's files while another runs on sample data). So they are filled in here; any other
    placeholder is left for Kedro.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        """As Kedro's; each kind of configuration is read once."""
        self._loaded: dict[str, Any] = {}
        super().__init__(*arguments, **options)

    def __getitem__(self, key: str) -> Any:
        """Load one kind of configuration, the catalog with its trees filled in."""
        if key in self:  # was set
            return super().__getitem__(key)
        if key not in self._loaded:
            self._loaded[key] = self._load(key)
        return deepcopy(self._loaded[key])

    def unread_files(self) -> list[Path]:
        """Files of the environments in use whose names nothing looks for, such as `own.yml`."""
        patterns = [pattern for each in self.config_patterns.values() for pattern in each]
        unread = []
        for name in dict.fromkeys((self.base_env, self.env or self.default_run_env)):
            folder = Path(self.conf_source) / str(name)
            for file in sorted(folder.rglob("*")):
                known = any(fnmatch(file.relative_to(folder).as_posix(), each) for each in patterns)
                if file.suffix in (".yml", ".yaml", ".json") and not known:
                    unread.append(file)
        return unread

    def _load(self, key: str) -> Any:
        loaded = super().__getitem__(key)
        if key == "catalog":
            return self._plant(loaded)
        if key == "parameters":
            return self._with_run_facts(loaded)
        return loaded

    def _read_raw_config(
        self, key: str
    ) -> tuple[dict[Path, DictConfig], dict[Path, DictConfig], str, str, set[Path]]:
        """Put an environment's parameters over the base's before any interpolation.

        Kedro interpolates each by itself, so a value that copies another (``${..seed}``) would not
        follow a preset or ``conf/local``.
        """
        read = super()._read_raw_config(key)
        if key != "parameters":
            return read
        base, environment, base_path, environment_path, files = read
        return {**base, **environment}, {}, base_path, environment_path, files

    def _with_run_facts(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Add ``<challenge>.run``: which data and preset, for the report and for tracking."""
        for challenge in challenges():
            # Anything else is refused when a run begins, see podium.parameter_check.
            if isinstance(parameters.get(challenge), dict):
                where = self._where(challenge)
                tree = data_tree(*where)
                parameters[challenge]["run"] = {
                    "data": data_kind(*where),
                    "preset": self.env or "default",
                    "submission": f"{tree}/07_model_output/{challenge}/submission.csv",
                }
        return parameters

    def _plant(self, catalog: dict[str, Any]) -> dict[str, Any]:
        planted: dict[str, Any] = {}
        for name, entry in catalog.items():
            owner = challenge_of(name)
            owners = challenges() if "{challenge}" in name else (owner,) if owner else ()
            for challenge in owners:
                values = {"{challenge}": challenge, "{tree}": self._tree(challenge).as_posix()}
                # An entry of the challenge's own stands before the shared factory.
                own_name = _fill(name, values)
                if own_name == name or own_name not in catalog:
                    planted[own_name] = _fill(entry, values)
            if not owners:
                planted[name] = _fill(entry, {"{tree}": self._common_tree().as_posix()})
        return planted

    def _tree(self, challenge: str) -> Path:
        return data_tree(*self._where(challenge))

    def _common_tree(self) -> Path:
        """The tree that all challenges use, or the data root where some use its sample."""
        trees = {self._tree(challenge) for challenge in challenges()}
        return min(trees, key=lambda tree: len(tree.parts))

    def _where(self, challenge: str) -> tuple[Path, str, str | None, str | None]:
        parameters = self.runtime_params or {}
        return (
            Path(self.conf_source).resolve().parent,
            challenge,
            parameters.get("data_root"),
            parameters.get("data"),
        )


def cores(wanted: Any = None) -> Any:
    """Number of threads: the wanted one, else every core that this process may use.

    What is no number comes back as it is, and is refused with the other parameters.
    """
    if wanted is None:
        return available_cores()
    try:
        return max(1, int(wanted))
    except ValueError:
        return wanted


def project_root() -> str:
    """Absolute path of the project."""
    return str(Path(__file__).resolve().parents[2])


def environment_variable(name: str, default: str | None = None) -> str | None:
    """Value of an environment variable (OmegaConf's own resolver is kept for credentials)."""
    return os.environ.get(name, default)


def scratch_folder() -> str:
    """Where an engine of this process may spill what does not fit into memory; gone at its end."""
    start = Path(tempfile.gettempdir()) / f"podium-scratch-{getpass.getuser()}-"
    _sweep_scratch(start)
    own = Path(f"{start}{os.getpid()}")
    atexit.register(shutil.rmtree, own, ignore_errors=True)
    return str(own)


def _sweep_scratch(start: Path) -> None:
    """Remove what killed processes left."""
    import psutil

    for folder in start.parent.glob(f"{start.name}*"):
        owner = folder.name.removeprefix(start.name)
        if owner.isdigit() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(folder, ignore_errors=True)


def _fill(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        for placeholder, text in values.items():
            value = value.replace(placeholder, text)
        return value
    if isinstance(value, dict):
        return {_fill(key, values): _fill(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, values) for item in value]
    return value
