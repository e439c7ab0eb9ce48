# SPDX-License-Identifier: GPL-2.0-only
"""The commands behind the Makefile; each is a function of the environment."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import traceback

from . import cache, commands, data, errors, options, source, ui
from .errors import LabError

VARIABLES = [v.name for v in commands.table().variables]
BASE, TARGET = "mainline", "pseries-p8"


def chosen() -> tuple[data.Base, data.Target]:
    return data.base(os.environ.get("K") or BASE), data.target(os.environ.get("T") or TARGET)


def cmd_help() -> int:
    asked = [v.name for v in commands.table().variables if v.lists and v.name in os.environ]
    print("\n\n".join(map(commands.help_of, asked)) or commands.help_text())
    return 0


def cmd_fetch() -> int:
    from . import debian

    base, _ = chosen()
    print(source.find(base).tree)
    print(debian.tool_root("emulator"))
    return 0


def cmd_patch() -> int:
    base, _ = chosen()
    tree = source.prepare(base)
    with cache.lock(f"build-{tree.path.name}"):
        source.patch(base, tree)
    print(tree.path)
    return 0


def cmd_configure() -> int:
    from . import debian, kernel

    base, target = chosen()
    debian.ensure(kernel.needs(target))
    tree = source.prepare(base)
    with cache.lock(f"build-{tree.path.name}"):
        source.patch(base, tree)
        print(kernel.configure(tree, target, cache.log(f"configure-{base.name}-{target.name}")) / ".config")
    return 0


def cmd_kernel() -> int:
    from . import kernel

    print(kernel.build(*chosen()).vmlinux)
    return 0


def cmd_run() -> int:
    from . import payload

    return payload.run(*chosen())


def cmd_boot() -> int:
    from . import payload

    return payload.boot_only(*chosen())


def cmd_shell() -> int:
    from . import payload

    return payload.shell(*chosen())


def cmd_test() -> int:
    from . import mutants, testrun

    return mutants.main() if options.flag("MUTANTS") else testrun.main()


def cmd_selftests() -> int:
    from . import selftests

    _, target = chosen()
    print(selftests.build(target))
    return 0


def cmd_kselftest() -> int:
    from . import kselftest

    return kselftest.main(*chosen())


def cmd_tree() -> int:
    from . import export

    return export.tree(chosen()[0])


def cmd_refresh() -> int:
    from . import export

    return export.refresh(chosen()[0])


def cmd_backport() -> int:
    from . import backport

    return backport.command(chosen()[0])


def cmd_export() -> int:
    from . import deliver

    return deliver.export_command(chosen()[0])


def cmd_check_debian() -> int:
    from . import packager

    return packager.main(chosen()[0])


def cmd_send_dry_run() -> int:
    from . import send

    return send.command(chosen()[0])


def cmd_series() -> int:
    from . import export

    return export.series_command(chosen()[0])


def cmd_qemu_tree() -> int:
    from . import qemupatches

    return qemupatches.tree()


def cmd_qemu_refresh() -> int:
    from . import qemupatches

    return qemupatches.refresh()


def cmd_check() -> int:
    from . import check

    return check.main()


def cmd_check_upstream() -> int:
    from . import gauntlet

    return gauntlet.main()


def cmd_demo() -> int:
    from . import demo

    return demo.main()


def cmd_gdb() -> int:
    from . import gdbsession

    return gdbsession.interactive(*chosen())


def cmd_lockstep() -> int:
    from . import lockstep

    return lockstep.main(*chosen())


def cmd_replay() -> int:
    from . import replay

    target = os.environ.get("T") or replay.TARGET
    return replay.main(data.base(os.environ.get("K") or BASE), data.target(target))


def cmd_bench() -> int:
    from . import bench

    return bench.main(chosen()[1])


def cmd_fuzz() -> int:
    from . import fuzz

    return fuzz.main(*chosen())


def cmd_results() -> int:
    from . import results

    return results.main()


def cmd_docs() -> int:
    from . import docs

    return docs.main()


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
        if os.environ.get("CLIENT"):
            from . import client

            client.chosen()  # a wrong one is told before anything is built
        if os.environ.get("FLOW"):
            from . import gdbsession

            gdbsession.flow()
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
