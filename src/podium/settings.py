"""Project settings. See https://docs.kedro.org for what each name means to Kedro."""

from podium.config import (
    PodiumConfigLoader,
    cores,
    environment_variable,
    project_root,
    scratch_folder,
)
from podium.error_hooks import ErrorHooks
from podium.hooks import (
    DataHooks,
    ResumeHooks,
    TrackingHooks,
)
from podium.lazy_commands import defer_mlflow_commands
from podium.run_lock import RunLockHooks

defer_mlflow_commands()

# Of hooks that want to be first, the last of these is.
HOOKS = (ErrorHooks(), ResumeHooks(), TrackingHooks(), DataHooks(), RunLockHooks())
# Replaced by TrackingHooks, which calls kedro-mlflow's own hook with a fallback.
DISABLE_HOOKS_FOR_PLUGINS = ("kedro_mlflow",)

CONFIG_LOADER_CLASS = PodiumConfigLoader
CONFIG_LOADER_ARGS = {
    "base_env": "base",
    "default_run_env": "local",
    "merge_strategy": {"parameters": "soft", "globals": "soft", "mlflow": "soft"},
    "config_patterns": {"mlflow": ["mlflow*", "mlflow*/**", "**/mlflow*"]},
    "custom_resolvers": {
        "cores": cores,
        "environment": environment_variable,
        "project": project_root,
        "scratch": scratch_folder,
    },
}
