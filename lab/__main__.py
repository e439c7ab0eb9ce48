# SPDX-License-Identifier: GPL-2.0-only
"""The commands behind the Makefile; each is a function of the environment."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

from . import cache, data, errors, source, ui
from .errors import LabError

HELP = """\
usage: make COMMAND [VARIABLE=value ...]

  test       build, boot and test; K= T= TEST= SUITE= narrow it down
  kselftest  the installed tests, run by the kernel's own run_kselftest.sh on T
  kernel     build the kernel K for the target T; prints the path of vmlinux
  run        boot K on T with the static program PAYLOAD (ARGS=) and exit with its status
  shell      boot K on T and give an interactive console
  gdb        a gdb prompt, attached to GUEST in a QEMU in the booted host
  lockstep   step GUEST under KVM and under TCG, STEPS times (from START=, or on with RESUME=1), and compare
  demo       see the fault and the cure, in a real QEMU with a real gdb
  bench      what the series costs, in instructions of the emulated host
  tree       a git work tree of the kernel with the patches as commits (TREE= where); SERIES=: one series
             and what it needs, to read and build
  refresh    bring the commits of that tree back into patches/ and the new files
  series     bring the checkout's new kernel files, and the division of patches/mainline/series.toml,
             into the mails of patches/mainline/
  backport   the list and the local mails of K=6.12 or K=6.1, from mainline's mails
  export     the patches for others: FORMAT=quilt, mbox or debian; SERIES=name or PART=stable or safety,
             with what they need; OUT=folder
  check-debian     Debian's source package of K takes the exported patches and builds
  send-dry-run     the mails of SERIES= as they would be sent, in a folder; nothing is sent. FROM='Name <address>'
             is the person who takes them over and signs them
  check      patches, mails, scripts and data files are in order
  check-upstream   every commit on every configuration (T=pmac32,e500: on these), and what
             else maintainers check
  clean      remove what is in the cache, but not the tree of 'make tree'

  fetch unpack patch configure build boot   single stages of the above

  K=         kernel base: {bases}
  T=         target: {targets}
  GUEST=     guest of a QEMU in the target: {guests}
  KERNEL_SRC=/path    a kernel tree or linux-source tarball to use instead
  LIMIT=     seconds that PAYLOAD may take (600)
  LAB_CACHE=/path     where everything is kept ({folder})
  V=1        print the kernel console and all test output

exit status: 0 passed, 1 failed, 2 set-up or tool problem, 3 guest kernel crashed, 4 time limit
make itself turns every failure into 2; 'python3 -m lab COMMAND VARIABLE=value ...' is the
same as 'make COMMAND VARIABLE=value ...' and exits with the status as it is."""

VARIABLES = (
    "K",
    "T",
    "GUEST",
    "STEPS",
    "START",
    "RESUME",
    "TEST",
    "SUITE",
    "PAYLOAD",
    "ARGS",
    "LIMIT",
    "KERNEL_SRC",
    "TREE",
    "V",
    "FORMAT",
    "PART",
    "SERIES",
    "FROM",
    "OUT",
    "LAB_CACHE",
)
BASE, TARGET = "mainline", "pseries-p8"


def chosen() -> tuple[data.Base, data.Target]:
    return data.base(os.environ.get("K") or BASE), data.target(os.environ.get("T") or TARGET)


def cmd_help() -> int:
    print(
        HELP.format(
            bases=", ".join(data.names("bases")),
            targets=", ".join(data.names("targets")),
            guests=", ".join(data.names("guests")),
            folder=cache.folder(),
        )
    )
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
    from . import testrun

    return testrun.main()


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
    return 0


COMMANDS = {
    name[4:].replace("_", "-"): function for name, function in list(globals().items()) if name.startswith("cmd_")
}
COMMANDS |= {"build": cmd_kernel, "unpack": cmd_fetch}


def main(argv: list[str]) -> int:
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
