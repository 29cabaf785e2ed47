"""The README says what was measured."""

import json

from running import PROJECT


def test_the_table_holds_the_measured_defaults():
    measured = json.loads((PROJECT / "benchmarks/results/presets.json").read_text())
    lines = (PROJECT / "README.md").read_text().splitlines()
    rows = [row for row in measured.values() if (row["preset"], row["data"]) == ("base", "sample")]
    assert len(rows) >= 4
    for row in rows:
        score = f"{row['score']:.3f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
        (line,) = [
            line for line in lines if line.startswith(f"| `{row['challenge']}` |") and score in line
        ]
        assert f"| {row['wall_seconds']:.0f} s | {row['peak_gb']:.1f} GB |" in line
