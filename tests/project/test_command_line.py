"""The command line starts quickly and finds its programs."""

import json
import shutil
import subprocess
import sys

import pytest
from registered import PROJECT

from podium.challenges import challenges

HEAVY = (
    *("torch", "transformers", "cv2", "lightgbm", "xgboost", "implicit", "sklearn", "duckdb"),
    *("mlflow", "matplotlib", "plotly", "pyspark"),
)


@pytest.mark.parametrize("words", [("registry", "list"), ("submission", "--help")])
def test_the_command_line_starts_without_the_heavy_packages(words):
    driver = (
        "import json, sys\n"
        "from kedro.framework.cli.cli import main\n"
        f"sys.argv = ['kedro', *{words!r}]\n"
        "try:\n    main()\n"
        "except SystemExit as end:\n    code = end.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\n"
        "print(json.dumps([code, loaded]))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", driver], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    code, loaded = json.loads(done.stdout.splitlines()[-1])
    assert code in (0, None) and not loaded, (code, loaded, done.stderr[-500:])
    if words[0] == "registry":
        assert all(f"- {name}.modeling" in done.stdout for name in challenges())


def test_the_commands_of_kedro_mlflow_are_loaded_when_typed():
    done = subprocess.run(
        [sys.executable, "-m", "kedro", "mlflow", "ui", "--help"],
        cwd=PROJECT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "--port" in done.stdout


def test_make_finds_the_programs_of_the_environment(tmp_path):
    """``kedro mlflow ui`` starts mlflow by its name, without an activated environment."""
    program = tmp_path / ".venv" / "bin" / "mlflow"
    program.parent.mkdir(parents=True)
    program.touch(mode=0o755)
    shutil.copy(PROJECT / "Makefile", tmp_path)
    done = subprocess.run(
        ["make", "--eval=found:\n\t@command -v mlflow", "found"],
        cwd=tmp_path, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == str(program)
