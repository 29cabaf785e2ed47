"""Numerical work on one thread, whatever is imported meanwhile."""

import json
import subprocess
import sys

CODE = """
import json
from podium.common.threads import one_thread

with one_thread():
    from scipy.linalg import eigh
    from threadpoolctl import threadpool_info

    held = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
free = [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]
print(json.dumps([held, free]))
"""


def test_libraries_that_are_imported_meanwhile_are_held_too():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    held, free = json.loads(done.stdout)
    # numpy's and scipy's; on one core they are at one thread anyhow.
    assert len(held) >= 2 and set(held) == {1}
    assert len(free) == len(held)
