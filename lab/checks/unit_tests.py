# SPDX-License-Identifier: GPL-2.0-only
"""The lab's own tests, and how much of the lab they reach."""

from __future__ import annotations

import re
from collections import Counter

from lab.config import data
from lab.core import cache, proc, ui
from lab.core.errors import LabError
from lab.debian import install
from lab.results.tally import Count


def unit_tests(total: Count) -> None:
    """The lab's own tests, counted with the rest; that they reach enough of the lab's lines is one more check."""
    # The tests of make send-dry-run call git send-email.
    install.ensure([*data.packages()["check"], *data.packages()["send"]])
    ui.say("unit tests of the lab")
    coverage, env = "python3-coverage", proc.environment({"PYTHONDONTWRITEBYTECODE": "1"})
    where = ["-t", str(cache.ROOT), "-s", str(data.LAB / "tests")]
    with cache.scratch("coverage") as name:
        file = f"--data-file={name}/data"
        done = proc.finished([coverage, "run", file, "-m", "unittest", "discover", *where], cwd=cache.ROOT, env=env)
        said = done.stderr.decode(errors="replace")
        add_unit_tests(said, total)
        if done.returncode:
            for line in said.splitlines():
                ui.say(f"  {line}")
        reached = proc.finished([coverage, "report", file], cwd=cache.ROOT, env=env)
    add_coverage(reached.returncode, reached.stdout.decode(errors="replace"), total)


def add_coverage(code: int, said: str, total: Count) -> None:
    """What 'coverage report' says: a table that ends with its total, and status 2 if that is below fail_under."""
    lines = [line for line in said.splitlines() if line.startswith("TOTAL")]
    if code not in (0, 2) or not lines:
        raise LabError(f"python3-coverage does not report (status {code}): {(said.splitlines() or ['no output'])[-1]}")
    total.failed += code == 2
    total.passed += code == 0
    more = ": fewer than fail_under in pyproject.toml" if code else ""
    ui.status("FAILED" if code else "PASSED", f"unit tests reach {lines[-1].split()[-1]} of the lab's lines{more}")


def add_unit_tests(said: str, total: Count) -> None:
    ran = re.search(r"^Ran (\d+) test", said, re.MULTILINE)
    if ran is None or ran[1] == "0":
        raise LabError("the lab's unit tests did not run: python3 -m unittest discover -s lab/tests -t .")
    words = Counter({k: int(v) for k, v in re.findall(r"(failures|errors|skipped)=(\d+)", said)})
    bad = words["failures"] + words["errors"]
    total.failed += bad
    total.skipped += words["skipped"]
    total.passed += max(0, int(ran[1]) - bad - words["skipped"])
