# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: on each host, every commit boots, so that no step of a bisection is broken; after every commit
the selftests build, with the headers of that commit; and after every series those that there are by then pass."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

from lab.checks import matrix
from lab.checks.matrix import Commit
from lab.checks.upstream_builds import Builds
from lab.config import data
from lab.core import cache, proc
from lab.core.errors import FullDisk, LabError
from lab.kernel import kbuild, selftests, source
from lab.machine import boot, verdict
from lab.runner import suite

# What the selftests of KVM include or are built by.
INPUTS = ("tools/", "include/uapi/", "arch/powerpc/include/uapi/")


def boots(builds: Builds) -> dict[str, list[str]]:
    """For each target, what is wrong with which commit; boots only what has not been booted."""

    def key(commit: Commit, target: data.Target) -> str:
        return cache.digest(*_parts(commit, target))[:20]

    return builds.on_each_host("boot", "booting it on", builds.commits, key, lambda c, t: _boot(builds, t, c))


def _parts(commit: Commit, target: data.Target) -> list[object]:
    """What decides how a commit boots."""
    build = target.build
    return [commit.key_of(target.name), kbuild.fragment(build), kbuild.compiler(build), target.qemu, target.boot]


def _kernel(at: source.Tree, target: data.Target) -> kbuild.Kernel:
    """The kernel of a tree that is at a commit. LabError if it does not build."""
    tree = dataclasses.replace(at, suffix="-check")
    log = cache.log(f"check-boot-{target.name}")
    return kbuild.Kernel(kbuild.make(tree, target.build, log, f"building for {target.name}") / "vmlinux", tree.release)


def _boot(builds: Builds, target: data.Target, commit: Commit) -> str:
    """Why it does not build or boot; empty if it does."""
    with builds.at(commit, target.name) as at:
        try:
            kernel = _kernel(at, target)
        except FullDisk:
            raise  # nothing is known of the commit
        except LabError as why:
            return str(why)
        builds.read(kernel.vmlinux.parent, target.name)
    # The tree may be at another commit while it boots. Nobody else has this host's build folder.
    spec = boot.Spec(target, kernel, [], log=f"check-boot-{target.name}")
    judged = verdict.judge(spec, boot.run(spec))
    return " / ".join([judged.text, *judged.excerpt[-3:]]) if judged.code else ""


def programs(builds: Builds) -> dict[str, list[str]]:
    """For each target, after which commit the selftests do not build; builds only what has not been built."""

    def key(commit: Commit, target: data.Target) -> str:
        return cache.digest(builds.source.key, kbuild.compiler(target.build), *_inputs(builds, commit))[:20]

    doing = "its selftests for"
    return builds.on_each_host("selftests", doing, builds.commits, key, lambda c, t: _programs(builds, t, c))


def _inputs(builds: Builds, commit: Commit) -> list[object]:
    """What decides how the selftests build: the same for commits that change nothing of it."""
    stock = builds.commits[0].files
    changed = sorted(n for n, f in commit.files.items() if n.startswith(INPUTS) and stock.get(n) != f)
    return [x for n in changed for x in (n, matrix.code(n, commit.files[n][0]))]


def tests(builds: Builds) -> dict[str, list[str]]:
    """For each target, which tests that there are after a series do not pass; runs only what has not been run.

    The last series is the first one, because its kernel has just been booted.
    """

    def key(commit: Commit, target: data.Target) -> str:
        names = [word for test in data.programs(target) for word in (test.id, *test.args)]
        return cache.digest(*_parts(commit, target), *_inputs(builds, commit), *names)[:20]

    ends = matrix.ends(builds.commits)[:0:-1]
    return builds.on_each_host("tests", "the tests that there are, on", ends, key, lambda c, t: _run(builds, t, c))


def _run(builds: Builds, target: data.Target, commit: Commit) -> str:
    """How many tests do not pass, and what the first one says; empty if all do, or if there is none yet.

    LabError if the kernel or the tests do not build, which has been judged before.
    """
    log = f"check-tests-{target.name}"
    with builds.at(commit, target.name) as at, cache.scratch(log) as folder:
        good, text = build(at.path, target, "-Wall")
        if not good:
            raise LabError(f"the selftests of {commit.number} {commit.subject} do not build: {_last(text)}")
        for path in selftests.executables(at.path / f"out-selftests-{target.name}/kselftest/kvm"):
            selftests.strip(path, folder / path.name, target.build)
        some = [test for test in data.programs(target) if (folder / test.binary).exists()]
        if not some:
            return ""
        spec = suite.spec(target, _kernel(at, target), some, log, folder)
    record = boot.run(spec)
    job = suite.Job(builds.base, target, some)
    bad = [r for r in suite.collect(job, record, verdict.judge(spec, record)) if r.status.bad]
    return f"{len(bad)} fail: {' / '.join([bad[0].id, bad[0].why, *bad[0].notes[:3]])}" if bad else ""


def build(tree: Path, target: data.Target, cflags: str) -> tuple[bool, str]:
    """Build the kvm selftests of a tree from nothing; whether that went well, and what make said. The kernel's headers
    stay in the folder: kbuild installs those that have changed."""
    out = tree / f"out-selftests-{target.name}"
    out.mkdir(exist_ok=True)
    shutil.rmtree(out / "kselftest", ignore_errors=True)
    command, env = selftests.prepare(tree, target.build, out, cache.log("check-selftests"), "headers")
    code, text = proc.captured(command, f"selftests for {target.name}", cwd=tree, env=env | {"CFLAGS": cflags})
    return not code, text


def _programs(builds: Builds, target: data.Target, commit: Commit) -> str:
    """Why the selftests do not build without a warning; empty if they do."""
    with builds.at(commit, target.name) as tree:
        good, text = build(tree.path, target, "-Wall")
    said = [line for line in text.splitlines() if "warning:" in line or "error:" in line]
    return said[0] if said else "" if good else _last(text)


def _last(text: str) -> str:
    """The last line of what make said."""
    return (text.strip().splitlines() or ["no reason given"])[-1]
