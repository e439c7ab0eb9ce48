# SPDX-License-Identifier: GPL-2.0-only
"""make check: what can be judged without booting anything, and the lab's own tests with how much of it they reach."""

from __future__ import annotations

import re
import urllib.parse
from collections import Counter
from collections.abc import Callable

from lab.checks import checkpatch, datafiles, documents
from lab.config import commands, data
from lab.core import cache, proc, ui
from lab.core.errors import FAILED, PASSED, LabError
from lab.core.options import Options
from lab.debian import apt, install, tools
from lab.kernel import division, patchset, source
from lab.results import page, rules
from lab.runner import suite
from lab.series import backport, cover, qemupatches, repository, worktree

Check = Callable[[], list[str]]

# Files whose format has no room for a comment, or that are not ours to mark.
UNMARKED = re.compile(r"(^COPYING$|\.md$|\.patch$|^patches/|/?\.gitkeep$|\.json$|^records/|^lab/tests/machine/data/)")
POSITION = r"\S+:\d+:\d+: "  # of what a tool complains of
# A machine of a package archive by its usual names; the mirror is the user's own.
HOSTS = r"\b(?:deb|ftp|security|archive|mirror|snapshot)\.[a-z0-9-]+\.(?:org|com|net)\b"


def spdx() -> list[str]:
    """Files of the repository without an SPDX line."""
    bad = []
    for name in patchset.tracked():
        if not UNMARKED.search(name):
            head = (cache.ROOT / name).read_text(errors="replace").splitlines()[:3]
            if not any("SPDX-License-Identifier: " in line for line in head):
                bad.append(f"{name}: no SPDX-License-Identifier in the first lines")
    return bad


def hosts() -> list[str]:
    """Lines that name a host of a registry or mirror."""
    own = re.escape(urllib.parse.urlsplit(apt.mirror()[0]).hostname or "no host")
    argv = ["git", "grep", "--untracked", "-noP", f"{HOSTS}|{own}", "--", ":!COPYING"]
    found = proc.output(argv, cwd=cache.ROOT, ok=(0, 1)).decode(errors="replace")
    return [re.sub(r"^(.*?:\d+:)", r"\1 names a host: ", line) for line in found.splitlines()]


def listing() -> list[str]:
    """series.toml has each mail, and each series is fit to be posted."""
    folder = data.base("mainline").patches
    rows = division.parse(folder / division.FILE)
    named = set(patchset.mails(folder))
    bad = [
        f"{path}: no series of {division.FILE} has it: name it there, or remove it"
        for path in sorted(folder.rglob("*.patch"))
        if path not in named
    ]
    for one in rows:
        if len(one.patches) > division.MOST:
            bad.append(f"{one.name}: {len(one.patches)} patches, more than the {division.MOST} of one posting")
        try:
            cover.prose(folder, one)
        except LabError as why:
            bad.append(str(why))
    if patchset.read_base(folder / "BASE") is None:
        bad.append(f"{folder / 'BASE'} is missing")
    return bad


def alone() -> list[str]:
    """Each series applies with nothing before it but what series.toml says that it is after."""
    base = data.base("mainline")
    found, folder, bad = source.find(base), base.patches, []
    rows = division.parse(folder / division.FILE)
    for number, one in enumerate(rows):
        needed = {s.name for s in division.needed(rows, [one.name])}
        if needed == {s.name for s in rows[: number + 1]}:
            continue  # as all of them apply
        try:
            source.applied(patchset.mails(folder, needed), found)
        except LabError as why:
            bad.append(f"{one.name}, alone: {why}: it is after another series, too: say so in {division.FILE}")
    return bad


def round_trip() -> list[str]:
    """git am on BASE, the checkout's files, format-patch: the same bytes again."""
    base = data.base("mainline")
    with cache.scratch("check") as out:
        worktree.remake(base, out)
        return repository.differing(base.patches, repository.files_of(out), "make series")


def backports() -> list[str]:
    """The lists and local mails of the older kernels are what mainline's mails make."""
    return [line for name in data.names("bases") if data.base(name).of for line in backport.check(data.base(name))]


def scripts() -> list[str]:
    """What shellcheck says of the shell scripts."""
    names = [n for n in patchset.tracked() if n.endswith(".sh") or n == ".ci/run"]
    return proc.complaints(["shellcheck", "--format=gcc", *names], POSITION)


def ruff() -> list[str]:
    """What ruff says of the lab."""
    command = tools.command(tools.tool_root("ruff"), "usr/bin/ruff")
    return proc.complaints([*command, "check", "--no-cache", "--output-format=concise", "lab"], POSITION)


def mypy() -> list[str]:
    """Types; what is checked and how strictly is in pyproject.toml."""
    return proc.complaints(["mypy", "--cache-dir=/dev/null", "--no-pretty", "--no-error-summary"], r"\S+:\d+: error: ")


CHECKS: dict[str, Check] = {
    "data files": lambda: datafiles.problems(patchset.tracked()),
    "every test case names its rules": lambda: rules.Rules().problems(t.binary for t in data.suite(data.SUITE)),
    "one table of commands": lambda: commands.problems(commands.table(), cache.ROOT / "Makefile"),
    "documents: tables are what their data say": documents.stale,
    "documents hold no results and no patch numbers": documents.results_in_prose,
    "documents: links and commands exist": documents.missing,
    "RESULTS.md is what the records say": page.check,
    "SPDX lines": spdx,
    "no host names": hosts,
    "shellcheck": scripts,
    "ruff": ruff,
    "mypy": mypy,
    "series.toml names each patch": listing,
    "patches are what git format-patch makes of them": round_trip,
    "each series applies alone": alone,
    "backports are what 'make backport' makes": backports,
    "checkpatch --strict": checkpatch.complaints,
    "patches/qemu apply, and are what git format-patch makes of them": qemupatches.check,
}


def run(total: suite.Count) -> None:
    """Run each check, say its verdict, and count it."""
    install.ensure(data.packages()["check"])
    for name, check in CHECKS.items():
        try:
            bad = check()
        except LabError as why:
            bad = [str(why)]
        ui.status("FAILED" if bad else "PASSED", name)
        for line in bad:
            ui.say(f"  {line}")
        total.failed += bool(bad)
        total.passed += not bad


def unit_tests(total: suite.Count) -> None:
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


def add_coverage(code: int, said: str, total: suite.Count) -> None:
    """What 'coverage report' says: a table that ends with its total, and status 2 if that is below fail_under."""
    lines = [line for line in said.splitlines() if line.startswith("TOTAL")]
    if code not in (0, 2) or not lines:
        raise LabError(f"python3-coverage does not report (status {code}): {(said.splitlines() or ['no output'])[-1]}")
    total.failed += code == 2
    total.passed += code == 0
    more = ": fewer than fail_under in pyproject.toml" if code else ""
    ui.status("FAILED" if code else "PASSED", f"unit tests reach {lines[-1].split()[-1]} of the lab's lines{more}")


def add_unit_tests(said: str, total: suite.Count) -> None:
    """Count what unittest has said. LabError if it ran no test."""
    ran = re.search(r"^Ran (\d+) test", said, re.MULTILINE)
    if ran is None or ran[1] == "0":
        raise LabError("the lab's unit tests did not run: python3 -m unittest discover -s lab/tests -t .")
    words = Counter({k: int(v) for k, v in re.findall(r"(failures|errors|skipped)=(\d+)", said)})
    bad = words["failures"] + words["errors"]
    total.failed += bad
    total.skipped += words["skipped"]
    total.passed += max(0, int(ran[1]) - bad - words["skipped"])


def main(options: Options) -> int:
    """make check: all checks and the unit tests. FAILED if one failed."""
    total = suite.Count()
    run(total)
    unit_tests(total)
    print(total.line(), flush=True)
    return FAILED if total.failed else PASSED
