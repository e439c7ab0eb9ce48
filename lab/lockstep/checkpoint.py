# SPDX-License-Identifier: GPL-2.0-only
"""Where a comparison can go on from, or begin: states of the reference in files."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from lab.config import data
from lab.core import cache, ui
from lab.guest import guest
from lab.kernel import kbuild
from lab.lockstep import rsp, stepping

REACH = 900  # seconds that the reference may take to a place


@dataclass
class Checkpoint:
    """A place that a run can go on from: the reference's state in a file; KVM's guest had the same state there."""

    folder: Path
    done: int = 0
    by_rule: dict[str, int] = field(default_factory=dict)

    @property
    def state(self) -> Path:
        """The file of QEMU's state."""
        return self.folder / "state"

    @property
    def _notes(self) -> Path:
        return self.folder / "notes.json"

    def read(self) -> bool:
        """Take the number of steps and the rules from the folder. False if no run has stopped there."""
        if not (self.state.exists() and self._notes.exists()):
            return False
        notes = json.loads(self._notes.read_text())
        self.done, self.by_rule = notes["steps"], notes["by_rule"]
        return True

    def write(self, tcg: rsp.Stub, steps: int, by_rule: dict[str, int]) -> None:
        """Save TCG's state and the counts; what was there is replaced."""
        self._notes.unlink(missing_ok=True)
        tcg.save(self.state)
        cache.write(self._notes, json.dumps({"steps": steps, "by_rule": by_rule}).encode())


def checkpoint(release: str, who: guest.Guest, start: str) -> Checkpoint:
    """Where a run of this kernel, guest and start is saved. Makes nothing."""
    key = cache.digest(release, who, start, *guest.files(who).values())[:12]
    return Checkpoint(cache.folder() / "lockstep" / f"{who.name}-{start or 'reset'}-{key}")


def reach(who: guest.Guest, start: str, path: Path) -> None:
    """Run the reference to a place at full speed, and save it there."""
    at = guest.address(who, start)
    with stepping.reference(who) as tcg:
        ui.say(f"running {who.name} under TCG to {start} ({at:#x})")
        tcg.insert(at)
        tcg.wire.patience(REACH)
        tcg.resume()
        tcg.remove(at)
        tcg.save(path)


def start_state(base: data.Base, target: data.Target, who: guest.Guest, start: str) -> Path | None:
    """A file with the guest at that place; None if it is to start at its reset."""
    if not start:
        return None
    path = checkpoint(kbuild.build(base, target.build).release, who, start).folder / "start"
    with cache.lock(f"start-{path.parent.name}"):  # other hosts begin there too
        if not path.exists():
            reach(who, start, path)
    return path
