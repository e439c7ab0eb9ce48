# SPDX-License-Identifier: GPL-2.0-only
"""The commands behind the Makefile; each is a function of the environment."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback

from lab.config import commands, data
from lab.core import cache, errors, options, ui
from lab.core.errors import LabError
from lab.debian import install, tools
from lab.kernel import source

VARIABLES = [v.name for v in commands.table().variables]
BASE, TARGET = "mainline", "pseries-p8"


def chosen() -> tuple[data.Base, data.Target]:
    return data.base(os.environ.get("K") or BASE), data.target(os.environ.get("T") or TARGET)


def cmd_help() -> int:
    asked = [v.name for v in commands.table().variables if v.lists and v.name in os.environ]
    print("\n\n".join(map(commands.help_of, asked)) or commands.help_text())
    return 0


def cmd_fetch() -> int:

    base, _ = chosen()
    print(source.find(base).tree)
    print(tools.tool_root("emulator"))
    return 0


def cmd_patch() -> int:
    base, _ = chosen()
    tree = source.prepare(base)
    with cache.lock(f"build-{tree.path.name}"):
        source.patch(base, tree)
    print(tree.path)
    return 0


def cmd_configure() -> int:
    from lab.kernel import kbuild

    base, target = chosen()
    install.ensure(kbuild.needs(target))
    tree = source.prepare(base)
    with cache.lock(f"build-{tree.path.name}"):
        source.patch(base, tree)
        print(kbuild.configure(tree, target, cache.log(f"configure-{base.name}-{target.name}")) / ".config")
    return 0


def cmd_kernel() -> int:
    from lab.kernel import kbuild

    print(kbuild.build(*chosen()).vmlinux)
    return 0


def cmd_run() -> int:
    from lab.runner import program

    return program.run(*chosen())


def cmd_boot() -> int:
    from lab.runner import program

    return program.boot_only(*chosen())


def cmd_shell() -> int:
    from lab.runner import program

    return program.interactive(*chosen())


def cmd_test() -> int:
    from lab.runner import mutants, suite

    return mutants.main() if options.flag("MUTANTS") else suite.main()


def cmd_selftests() -> int:
    from lab.kernel import selftests

    _, target = chosen()
    print(selftests.build(target))
    return 0


def cmd_kselftest() -> int:
    from lab.runner import kselftest

    return kselftest.main(*chosen())


def cmd_tree() -> int:
    from lab.series import worktree

    return worktree.tree(chosen()[0])


def cmd_refresh() -> int:
    from lab.series import worktree

    return worktree.refresh(chosen()[0])


def cmd_backport() -> int:
    from lab.series import backport

    return backport.command(chosen()[0])


def cmd_export() -> int:
    from lab.series import export

    return export.export_command(chosen()[0])


def cmd_check_debian() -> int:
    from lab.checks import debian_package

    return debian_package.main(chosen()[0])


def cmd_send_dry_run() -> int:
    from lab.series import send

    return send.command(chosen()[0])


def cmd_series() -> int:
    from lab.series import worktree

    return worktree.series_command(chosen()[0])


def cmd_check() -> int:
    from lab.checks import checkout

    return checkout.main()


def cmd_check_upstream() -> int:
    from lab.checks import upstream

    return upstream.main()


def cmd_demo() -> int:
    from lab.demo import demo

    return demo.main()


def cmd_gdb() -> int:
    from lab.gdb import session

    return session.interactive(*chosen())


def cmd_lockstep() -> int:
    from lab.lockstep import lockstep

    return lockstep.main(*chosen())


def cmd_replay() -> int:
    from lab.lockstep import replay

    target = os.environ.get("T") or replay.TARGET
    return replay.main(data.base(os.environ.get("K") or BASE), data.target(target))


def cmd_bench() -> int:
    from lab.checks import cost

    return cost.main(chosen()[1])


def cmd_fuzz() -> int:
    from lab.runner import fuzz

    return fuzz.main(*chosen())


def cmd_results() -> int:
    from lab.results import page

    return page.main()


def cmd_docs() -> int:
    from lab.checks import documents

    return documents.main()


def cmd_clean() -> int:
    import shutil

    # By name: LAB_CACHE may be a folder with other things in it, and the work
    # tree of 'make tree' may hold commits that exist nowhere else.
    for name in cache.PARTS:
        path = cache.folder() / name
        if path.exists():
            ui.say(f"removing {path}")
            shutil.rmtree(path)
    if (cache.folder() / "tree").exists():
        ui.say(f"left alone: {cache.folder() / 'tree'}, the work tree of 'make tree'")
    if (cache.folder() / "records").exists():
        ui.say(f"left alone: {cache.folder() / 'records'}, which 'make results' takes")
    return 0


COMMANDS = {
    name[4:].replace("_", "-"): function for name, function in list(globals().items()) if name.startswith("cmd_")
}
COMMANDS |= {"build": cmd_kernel, "unpack": cmd_fetch}
HELP_WORDS = {"-h", "--help"}  # behind a command too


def main(argv: list[str]) -> int:
    if HELP_WORDS & set(argv):
        argv = ["help"]
    name = argv[0] if argv else "help"
    # A killed make ends what it started, like Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        for word in argv[1:]:
            key, equals, value = word.partition("=")
            if not equals or key not in VARIABLES:
                raise LabError(f"unknown argument '{word}'; known: {', '.join(v + '=' for v in VARIABLES)}")
            os.environ[key] = value
        if name not in COMMANDS:
            raise LabError(f"unknown command '{name}'; known: {', '.join(sorted(COMMANDS))}")
        return COMMANDS[name]()
    except LabError as why:
        ui.say(f"error: {why}")
        return why.code
    except KeyboardInterrupt:
        ui.say("interrupted")
        return 130
    except BrokenPipeError:
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return errors.SETUP
    except OSError as why:
        if why.errno in errors.NO_SPACE:
            ui.say(f"error: {errors.full_disk(cache.folder())}")
        else:
            ui.say(f"error: {why.strerror}: {why.filename or 'no file'}")
        return errors.SETUP
    except Exception:
        # Python itself exits with 1 then, which would say that a test failed.
        traceback.print_exc()
        ui.say(f"error: 'make {name}' has a bug: report the lines above")
        return errors.SETUP


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
