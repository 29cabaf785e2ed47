"""The share of the branches that tests reach; exit code 1 where it is too small.

    python tests/branch_share.py FILE [--least 90]

FILE is coverage.py's JSON report. Its own limit counts lines and branches together.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path


def main() -> None:
    """Print the share, and the files that lack most branches."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--least", type=float, default=90.0, help="percent")
    options = parser.parse_args()
    report = json.loads(options.file.read_text())
    missing = {
        name: facts["summary"]["missing_branches"] for name, facts in report["files"].items()
    }
    for name in sorted(missing, key=lambda each: (-missing[each], each))[:10]:
        print(f"{missing[name]:4} branches not reached in {name}")
    reached, all_ = (report["totals"][name] for name in ("covered_branches", "num_branches"))
    share = 100 * reached / all_
    print(
        f"{share:.2f} % of {all_:,} branches are reached, at least {options.least:g} % are wanted"
    )
    raise SystemExit(share < options.least)


if __name__ == "__main__":
    main()
