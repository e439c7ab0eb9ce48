# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: on each host, every commit boots, so that no step of a bisection is broken; and after every
commit the selftests build, with the headers of that commit."""

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
from lab.kernel import kbuild, selftests
from lab.machine import boot, verdict

# What the selftests of KVM include or are built by.
INPUTS = ("tools/", "include/uapi/", "arch/powerpc/include/uapi/")


def boots(builds: Builds) -> dict[str, list[str]]:
    """For each target, what is wrong with which commit; boots only what has not been booted."""

    def key(commit: Commit, target: data.Target) -> str:
        build, what = target.build, commit.key_of(target.name)
        return cache.digest(what, kbuild.fragment(build), kbuild.compiler(build), target.qemu, target.boot)[:20]

    return builds.on_each_host("boot", "booting it on", key, lambda c, t: _boot(builds, t, c))


def _boot(builds: Builds, target: data.Target, commit: Commit) -> str:
    """Why it does not build or boot; empty if it does."""
    log = cache.log(f"check-boot-{target.name}")
    with builds.at(commit, target.name) as at:
        tree = dataclasses.replace(at, suffix="-check")
        try:
            vmlinux = kbuild.make(tree, target.build, log, f"building for {target.name}") / "vmlinux"
        except FullDisk:
            raise  # nothing is known of the commit
        except LabError as why:
            return str(why)
        builds.read(vmlinux.parent, target.name)
    # The tree may be at another commit while it boots. Nobody else has this host's build folder.
    spec = boot.Spec(target, kbuild.Kernel(vmlinux, tree.release), [], log=f"check-boot-{target.name}")
    judged = verdict.judge(spec, boot.run(spec))
    return " / ".join([judged.text, *judged.excerpt[-3:]]) if judged.code else ""


def programs(builds: Builds) -> dict[str, list[str]]:
    """For each target, after which commit the selftests do not build; builds only what has not been built."""

    def key(commit: Commit, target: data.Target) -> str:
        """The same for commits after which the selftests are the same."""
        stock = builds.commits[0].files
        changed = sorted(n for n, f in commit.files.items() if n.startswith(INPUTS) and stock.get(n) != f)
        parts = [x for n in changed for x in (n, matrix.code(n, commit.files[n][0]))]
        return cache.digest(builds.source.key, kbuild.compiler(target.build), *parts)[:20]

    return builds.on_each_host("selftests", "its selftests for", key, lambda c, t: _programs(builds, t, c))


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
    return said[0] if said else "" if good else (text.strip().splitlines() or ["no reason given"])[-1]
