# SPDX-License-Identifier: GPL-2.0-only
"""make check-upstream: the boots: every commit, so that no step of a bisection is broken."""

from __future__ import annotations

from lab.checks.matrix import Commit
from lab.checks.upstream_builds import Builds
from lab.config import data
from lab.core import cache
from lab.core.errors import LabError
from lab.kernel import kbuild, source
from lab.machine import boot, verdict


def run(builds: Builds) -> dict[str, list[str]]:
    """For each target, what is wrong with which commit; boots only what has not been booted."""
    tree = source.Tree(builds.tree.path, builds.source.kernel, "-check", builds.source.key)

    def key(commit: Commit, target: data.Target) -> str:
        build = target.build
        return cache.digest(commit.key, kbuild.fragment(build), kbuild.compiler(build), target.qemu, target.boot)[:20]

    return builds.on_each_host("boot", "booting it on", key, lambda c, t: _boot(builds, tree, t, c))


def _boot(builds: Builds, tree: source.Tree, target: data.Target, commit: Commit) -> str:
    """Why it does not build or boot; empty if it does."""
    log = cache.log(f"check-boot-{target.name}")
    with cache.lock(f"build-{tree.path.name}"):
        source.sync(tree.path, builds.source, commit.files)
        cache.need_space(1.5)
        try:
            vmlinux = kbuild.make(tree, target.build, log, f"building for {target.name}") / "vmlinux"
        except LabError as why:
            return str(why)
        spec = boot.Spec(target, kbuild.Kernel(vmlinux, tree.release), [], log=f"check-boot-{target.name}")
        judged = verdict.judge(spec, boot.run(spec))
    return " / ".join([judged.text, *judged.excerpt[-3:]]) if judged.code else ""
