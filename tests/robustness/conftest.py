"""The files of the table stand here or beside the tests of a challenge, the good ones there."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "vision", *HERE.parent.glob("pipelines/*/")):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
