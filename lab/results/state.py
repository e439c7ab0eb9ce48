# SPDX-License-Identifier: GPL-2.0-only
"""Where the checkout was at the last `make results`: records are as old as they differ from it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field

from lab.config import data
from lab.core import cache, proc
from lab.core.errors import LabError
from lab.results import records

STATE = "state.json"


@dataclass
class State:
    """The checkout at the last `make results`, to which the records' age is counted."""

    commit: str = ""
    behind: dict[str, int | None] = field(default_factory=dict)  # commits since; None: not in this history
    now: dict[str, dict[str, str]] = field(default_factory=dict)  # of each base: keys as in Tested, its patch-ids
    configs: dict[str, str] = field(default_factory=dict)  # of each base and target: "mainline mac99-g4"


def behind(past: str, head: str) -> int | None:
    """How many commits head is ahead of past; None if past is not in its history."""
    try:
        proc.output(["git", "merge-base", "--is-ancestor", past, head], cwd=cache.ROOT)
        return int(proc.output(["git", "rev-list", "--count", f"{past}..{head}"], cwd=cache.ROOT))
    except LabError:
        return None


def look(found: list[records.Record]) -> State:
    """Where the checkout is now, against these records."""
    head, _ = records.commit()
    state = State(head)
    for past in sorted({r.tested.commit for r in found if r.tested}):
        state.behind[past] = behind(past, head)
    for base, target in sorted({(r.base, r.target) for r in found if r.target in data.names("targets")}):
        state.configs[f"{base} {target}"] = records.config(data.base(base), data.target(target))
    for name in sorted({r.base for r in found}):
        now = records.tested(data.base(name))
        state.now[name] = {"kernel": now.kernel, "tests": now.tests}
        if now.patches:
            state.now[name]["ids"] = " ".join(records.patch_ids(records.kept(), now.patches))
    return state


def write(state: State) -> None:
    """Write the state to records/."""
    text = json.dumps(dataclasses.asdict(state), indent=1, sort_keys=True)
    cache.write(records.FOLDER / STATE, f"{text}\n".encode())


def read() -> State:
    """The state in records/, or an empty one. LabError if the file is none."""
    path = records.FOLDER / STATE
    if not path.exists():
        return State()
    try:
        return State(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        raise LabError(f"{path} is not what 'make results' writes: run it") from None
