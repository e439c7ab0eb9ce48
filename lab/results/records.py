# SPDX-License-Identifier: GPL-2.0-only
"""What each run leaves: what was tested, by which tools, with which result.

A run writes its record into the cache. `make results` copies the records into
records/, and makes RESULTS.md of them. A record has the name of what was run
(kind, base, target, suite or guest): a newer run replaces an older one.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.config import data
from lab.core import cache, options, proc, ui
from lab.core.errors import LabError
from lab.debian import tools
from lab.kernel import kbuild, patched_qemu, patchmail, patchset, source
from lab.machine import qemu
from lab.results.ktap import Result, Status

FOLDER = cache.ROOT / "records"
PATCHES = "patches"
# The same things under the same names in all records.
COUNTS = {
    Status.PASS: "passed",
    Status.FAIL: "failed",
    Status.SKIP: "skipped",
    Status.TIMEOUT: "hung",
    Status.CRASH: "crashed",
    Status.XFAIL: "not yet met",
}
LISTED = 40  # names of failed tests that a record holds


@dataclass(frozen=True)
class Tested:
    """The state of the series that a run was made with; each key is the same for the same content."""

    commit: str  # of this repository
    changed: bool  # there were files that no commit has
    source: str  # the kernel's source, by name and version
    patches: str = ""  # the list of patch-ids, see records/patches
    kernel: str = ""  # what the kernel was built from; empty: a tree of the user's own
    tests: str = ""  # what the selftests were built from
    config: str = ""  # the kernel's configuration


@dataclass
class Record:
    kind: str
    base: str
    target: str
    name: str = ""  # suite, or guest: what tells it from others of the kind, base and target
    counts: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0  # that the run took
    date: str = ""  # of the run's end, in UTC: 2026-01-31T23:59:59Z
    tested: Tested | None = None
    versions: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)  # what only this kind has: steps, seeds, rows

    @property
    def file(self) -> str:
        """Its file name: a newer record of the same thing replaces it."""
        return "-".join(x for x in (self.kind, self.base, self.target, self.name) if x) + ".json"

    @property
    def own(self) -> bool:
        """Made with a kernel tree of the user's own, which nobody else has."""
        return self.tested is None or not self.tested.kernel


def text(record: Record) -> bytes:
    """A record as its file has it."""
    return (json.dumps(dataclasses.asdict(record), indent=1, sort_keys=True) + "\n").encode()


def parse(said: str, where: Path) -> Record:
    """The record in a file's text. LabError if it is none."""
    try:
        table = json.loads(said)
        tested = table.pop("tested")
        return Record(**table, tested=Tested(**tested) if tested else None)
    except (ValueError, TypeError, KeyError, AttributeError) as why:
        raise LabError(f"{where} is no record ({why}): remove it, and run what it is of again") from None


def read() -> list[Record]:
    """All records of the checkout, by file name."""
    return [parse(p.read_text(), p) for p in sorted(FOLDER.glob("*-*.json"))]


def kept() -> Path:
    """Where a run leaves its record."""
    return cache.folder() / "records"


@functools.cache
def _patches(folder: Path) -> tuple[str, bytes]:
    """The key of a series, and the list that it stands for: the patch-id and the subject of each patch, in order."""
    lines = []
    for mail in patchset.mails(folder):
        lines.append(f"{patchmail.patch_id(mail.read_bytes())} {patchmail.subject(mail)}\n")
    content = "".join(lines).encode()
    return cache.digest(content)[:12], content


def patch_ids(folder: Path, key: str) -> list[str]:
    """The first 12 digits of the patch-ids in a list, in order; none if the list is not in the folder's 'patches'."""
    path = folder / PATCHES / f"{key}.txt"
    return [line[:12] for line in path.read_text().splitlines()] if path.exists() else []


def _key(files: source.Overlay, first: str, tests: bool) -> str:
    """Of the files that go into the kernel, or of those that go into the selftests."""
    skip = "Documentation/"
    wanted = {n: f for n, f in files.items() if n.startswith("tools/") == tests and not n.startswith(skip)}
    return cache.digest(first, *(x for n, (content, _) in sorted(wanted.items()) for x in (n, content)))[:12]


def commit() -> tuple[str, bool]:
    """The commit of the checkout, and whether there is more in it than that commit has."""
    try:
        head = proc.output(["git", "rev-parse", "HEAD"], cwd=cache.ROOT).decode().strip()
        changed = proc.output(["git", "status", "--porcelain", "--", ":!records", ":!RESULTS.md"], cwd=cache.ROOT)
    except LabError:
        return "", False
    return head, bool(changed.strip())


def config(base: data.Base, target: data.Target | None) -> str:
    """The key of the configuration that the base's kernel for the target has."""
    return cache.digest(kbuild.fragment(base.configured(target.build)))[:12] if target else ""


def tested(base: data.Base, target: data.Target | None = None) -> Tested:
    """What a run of this base tests, now."""
    found = source.find(base)
    head, changed = commit()
    shared = data.base("mainline")
    patches, kernel_key = "", found.key
    if base.series:
        patches, content = _patches(base.patches)
        cache.write(kept() / PATCHES / f"{patches}.txt", content)
        if found.key:
            kernel_key = _key(source.overlay(found, base), found.key, tests=False)
    tests = _key(source.overlay(source.find(shared), shared), "", tests=True)
    return Tested(head, changed, found.name, patches, kernel_key, tests, config(base, target))


def versions(target: data.Target | None, sessions: bool = False) -> dict[str, str]:
    """The tools: the compiler, the emulator of the host and, for sessions, the QEMU inside and gdb."""
    if target is None:
        return {}
    found = {
        "gcc": _number(kbuild.compiler(target.build)),
        "QEMU": _number(proc.output([*qemu.emulator(target), "--version"]).decode()),
    }
    if sessions:
        if options.everywhere.client == "patched":
            found["QEMU in the host"] = f"{patched_qemu.base().version} with patches/qemu {patched_qemu.digest()}"
        elif arch := tools.PACKAGED.get(target.must.machine):
            listed = tools.tool_root("emulator", arch) / "packages.txt"
            name = re.search(r"qemu-system-ppc_(?:\d+%3a)?([^_]+)_", listed.read_text()) if listed.exists() else None
            found["QEMU in the host"] = name[1] if name else "unknown"
        found["gdb"] = _number(proc.output(["gdb-multiarch", "--version"]).decode())
    return found


def _number(said: str) -> str:
    """The last dotted number in the first line of what --version prints; that line if it has none."""
    line = (said.splitlines() or [""])[0]
    found = re.findall(r"\d+(?:\.\d+)+", line)
    return found[-1] if found else line


def count(results: Iterable[Result]) -> dict[str, int]:
    """How many results have each verdict; none of 0."""
    number = Counter(COUNTS[r.status] for r in results)
    return {word: number[word] for word in COUNTS.values() if number[word]}


def details(results: list[Result]) -> dict[str, Any]:
    """What a table wants to know of the results besides their number."""
    programs: dict[str, list[Result]] = {}
    for result in results:
        programs.setdefault(result.id.partition(".")[0], []).append(result)
    bad = [r.id for r in results if r.status.bad]
    reasons = Counter(r.why or "no reason given" for r in results if r.status is Status.SKIP)
    return {
        "programs": {name: count(some) for name, some in programs.items()},
        "bad": bad[:LISTED] + ([f"and {len(bad) - LISTED} more"] if len(bad) > LISTED else []),
        "skipped": dict(sorted(reasons.items())),
    }


def leave(record: Record, base: data.Base, target: data.Target | None = None, sessions: bool = False) -> None:
    """Complete the record of a run, and write it into the cache; a run is not spoiled by a record that fails."""
    record.date = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    record.seconds = round(record.seconds, 1)
    try:
        record.tested = tested(base, target)
        record.versions = versions(target, sessions)
        cache.write(kept() / record.file, text(record))
    except (LabError, OSError) as why:
        ui.say(f"no record of this run: {why}")


def of_results(
    kind: str, base: data.Base, target: data.Target, name: str, results: list[Result], seconds: float, **facts: Any
) -> Record:
    """The record of a run of tests."""
    return Record(kind, base.name, target.name, name, count(results), seconds, facts=details(results) | {**facts})


def gather() -> list[str]:
    """Copy the cache's newer records into records/; their names."""
    taken = []
    for path in sorted(kept().glob("*-*.json")):
        record = parse(path.read_text(), path)
        here = FOLDER / path.name
        if record.own or (here.exists() and parse(here.read_text(), here).date >= record.date):
            continue
        cache.write(here, text(record))
        taken.append(path.name)
    used = {r.tested.patches for r in read() if r.tested and r.tested.patches}
    for key in used:
        path = kept() / PATCHES / f"{key}.txt"
        if path.exists() and not (FOLDER / PATCHES / path.name).exists():
            cache.write(FOLDER / PATCHES / path.name, path.read_bytes())
    for path in (FOLDER / PATCHES).glob("*.txt"):
        if path.stem not in used:
            path.unlink()
    return taken
