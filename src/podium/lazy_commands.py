"""kedro-mlflow's commands, imported when one is typed.

Kedro loads the commands of every plugin at each start, and kedro-mlflow's import the whole of
mlflow: seconds for ``kedro registry list``, which needs none of it. A module that knows only the
names of the commands stands in until then.
"""

from __future__ import annotations

import sys
from types import ModuleType

import click
from kedro.framework.cli.utils import LazyGroup

PLUGIN = "kedro_mlflow.framework.cli.cli"


class _MlflowCommands(LazyGroup):
    def _lazy_load(self, cmd_name: str) -> click.Command:
        if sys.modules.get(PLUGIN) is _stand_in:
            del sys.modules[PLUGIN]
        return super()._lazy_load(cmd_name)


_stand_in = ModuleType(PLUGIN, __doc__)
_stand_in.commands = _MlflowCommands(  # type: ignore[attr-defined]
    name="Mlflow", lazy_subcommands={"mlflow": f"{PLUGIN}.mlflow_commands"}
)


def defer_mlflow_commands() -> None:
    """Put the stand-in where Kedro looks for kedro-mlflow's commands, unless they are loaded."""
    sys.modules.setdefault(PLUGIN, _stand_in)
