# SPDX-License-Identifier: GPL-2.0-only
"""records/upstream-BASE.txt: what make check-upstream has found good, so that another machine goes on from there.

A line for each result: what was done, and the key of all that it depends on (commit, configuration, compiler). The
builds of BASE and of the last commit are not in it, because they are compared.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from lab.checks import matrix
from lab.checks.upstream_builds import Builds
from lab.core import cache, ui
from lab.core.errors import LabError

BUILD = "build"


def ledger(builds: Builds) -> Path:
    """The file that says which checks of which states were good."""
    return cache.ROOT / "records" / f"upstream-{builds.base.name}.txt"


def lines(path: Path) -> set[tuple[str, str]]:
    """What was done, and its key. LabError for a line that is neither."""
    found = set()
    for line in path.read_text().splitlines() if path.exists() else []:
        kind, _, key = line.partition(" ")
        if not key or " " in key:
            raise LabError(f"{path}: '{line}' is not a kind and a key: git checkout {path}")
        found.add((kind, key))
    return found


def load(builds: Builds) -> None:
    """Keep the file's results as if they had been made here; nothing that is here already changes."""
    good = json.dumps(dataclasses.asdict(matrix.Result())).encode()
    known = lines(ledger(builds))
    for kind, key in known:
        path = builds.store / (f"{key}.json" if kind == BUILD else f"{kind}-{key}.json")
        if not path.exists():
            cache.write(path, good if kind == BUILD else b'""')
    if known:
        ui.say(f"{len(known)} results are in {ledger(builds)}")


def built(builds: Builds) -> set[tuple[str, str]]:
    """The builds that are good: neither a failure nor a message that BASE's build does not have."""
    stock: dict[str, matrix.Result] = {}
    found = set()
    cells = builds.cells()
    compared = {c.path for c in cells if c.commit.key in (builds.commits[0].key, builds.commits[-1].key)}
    for cell in cells:
        if not cell.path.exists():
            continue
        result = matrix.Result(**json.loads(cell.path.read_text()))
        if not cell.commit.number:
            stock[cell.name] = result
        elif cell.name in stock and cell.path not in compared:
            base = stock[cell.name]
            if not base.failed and not matrix.wrong(result, base):
                found.add((BUILD, cell.path.stem))
    return found


def save(builds: Builds, whole: bool) -> None:
    """Write the file. Only a whole run knows all results, and drops those that no commit has any more."""
    found = built(builds) | builds.good | (set() if whole else lines(ledger(builds)))
    cache.write(ledger(builds), "".join(f"{kind} {key}\n" for kind, key in sorted(found)).encode())
