# SPDX-License-Identifier: GPL-2.0-only
"""The stages of a build as commands: make fetch, patch, configure, kernel, selftests."""

from __future__ import annotations

from lab.config import data
from lab.core import cache
from lab.core.options import Options
from lab.debian import install, tools
from lab.kernel import kbuild, selftests, source


def fetch(options: Options) -> int:
    """The kernel's source and the emulator; prints where they are."""
    print(source.find(data.chosen(options)[0]).tree)
    print(tools.tool_root("emulator"))
    return 0


def patch(options: Options) -> int:
    """The tree with the series applied; prints where it is."""
    base, _ = data.chosen(options)
    tree = source.prepare(base)
    with cache.lock(f"build-{tree.path.name}"):
        source.patch(base, tree)
    print(tree.path)
    return 0


def configure(options: Options) -> int:
    """The kernel's configuration; prints the .config."""
    base, target = data.chosen(options)
    install.ensure(kbuild.needs(target.build))
    tree = source.prepare(base)
    with cache.lock(f"build-{tree.path.name}"):
        source.patch(base, tree)
        log = cache.log(f"configure-{base.name}-{target.name}")
        print(kbuild.configure(tree, base.configured(target.build), log) / ".config")
    return 0


def kernel(options: Options) -> int:
    """The kernel; prints its vmlinux."""
    base, target = data.chosen(options)
    print(kbuild.build(base, target.build).vmlinux)
    return 0


def programs(options: Options) -> int:
    """The selftests; prints their folder."""
    print(selftests.build(data.chosen(options)[1].build))
    return 0
