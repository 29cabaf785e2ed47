import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner
from submission_files import submission, write_fractions, write_raw

from podium.challenges import challenges
from podium.cli import cli

PROJECT = Path(__file__).parents[3]

KNOWN = ", ".join(challenges())


@pytest.fixture
def project(tmp_path):
    write_raw(tmp_path / "data" / "01_raw" / "hearme")
    submission().to_csv(tmp_path / "good.csv", index=False)
    submission().iloc[:-2].to_csv(tmp_path / "bad.csv", index=False)
    write_fractions(tmp_path / "truth.csv")
    return tmp_path


def call(project, *arguments):
    words = [str(project / word) if word.endswith(".csv") else word for word in arguments]
    return CliRunner().invoke(cli, words, obj=SimpleNamespace(project_path=project))


def test_an_accepted_file(project):
    result = call(project, "submission", "check", "hearme", "good.csv")
    assert result.exit_code == 0, result.output
    assert "would be accepted in hearme" in result.output
    assert "the competition's data" in result.output


def test_a_refused_file_lists_every_fault_with_its_count(project):
    result = call(project, "submission", "check", "hearme", "bad.csv")
    assert result.exit_code == 1
    assert "would be refused in hearme: 2 rules are broken" in result.output
    assert "every user_id must have exactly 50 rows: 1 place" in result.output
    assert "user_id 12 has 48 rows" in result.output
    assert "user_id 12 lacks rank 49 and 1 more" in result.output


def test_scoring_prints_a_table_or_json(project):
    words = ("submission", "score", "hearme", "good.csv", "--truth", "truth.csv")
    table = call(project, *words)
    assert table.exit_code == 0, table.output
    assert "0.01333" in table.output
    line = call(project, *words, "--json")
    assert json.loads(line.output)["score"] == pytest.approx(2 / 150)
    part = call(project, *words, "--json", "--only-in-truth")
    assert json.loads(part.output)["score"] == pytest.approx(2 / 100)


def test_a_faulty_file_is_refused_not_scored(project):
    result = call(project, "submission", "score", "hearme", "bad.csv", "--truth", "truth.csv")
    assert result.exit_code == 1 and "would be refused" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("check", "chess", "good.csv"),
            f"unknown challenge 'chess'; known are: {', '.join(challenges())}",
        ),
        (("check", "hearme", "none.csv"), "does not exist"),
        (("check", "hearme", "good.csv", "--data", "sample"), "no raw files in"),
        (("check", "hearme", "good.csv", "--data", "other"), "Invalid value"),
        (("score", "hearme", "good.csv"), "Missing option '--truth'"),
        (("score", "hearme", "good.csv", "--truth", "good.csv"), "needs a column fraction"),
    ],
)
def test_what_cannot_be_checked_exits_with_2(project, arguments, message):
    result = call(project, "submission", *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_another_data_root(project, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project / "data").rename(elsewhere / "tree")
    words = ("submission", "check", "hearme", "good.csv")
    assert call(project, *words).exit_code == 2
    assert call(project, *words, "--data-root", str(elsewhere / "tree")).exit_code == 0


def test_kedro_finds_the_commands(project):
    words = ["submission", "check", "hearme", str(project / "bad.csv")]
    checked = subprocess.run(
        [sys.executable, "-m", "kedro", *words, "--data-root", str(project / "data")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 1, checked.stderr
    assert "user_id 12 has 48 rows" in checked.stderr
