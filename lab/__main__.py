# SPDX-License-Identifier: GPL-2.0-only
"""The front: finds the command in lab/data/commands.toml, parses its options, runs it, and turns what goes wrong into
one line and an exit status."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import sys
import traceback

from lab.config import commands
from lab.core import cache, errors, options, ui
from lab.core.errors import LabError

HELP_WORDS = {"-h", "--help"}  # behind a command too


def run(name: str, words: list[str]) -> int:
    """The command's exit status. LabError for one that is not there, and for options that it does not take."""
    if HELP_WORDS & set(words):
        print(commands.help_about(name))
        return errors.PASSED
    command = commands.find(name)
    for word in words:
        if word.startswith(f"{options.ELSEWHERE}="):
            os.environ[options.ELSEWHERE] = word.partition("=")[2]
    words = [w for w in words if not w.startswith(f"{options.ELSEWHERE}=")]
    told = options.parse(name, words, commands.takes(command), os.environ)
    commands.check_values(told)
    options.everywhere = told
    return commands.function(command)(told)


def main(argv: list[str]) -> int:
    """Run the command that the words of a command line name; an exit status."""
    name, words = (argv[0], argv[1:]) if argv and argv[0] not in HELP_WORDS else ("help", [])
    # A killed make ends what it started, like Ctrl-C does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return run(name, words)
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
        if why.errno in (errno.ENOSPC, errno.EDQUOT):
            ui.say(f"error: {errors.FullDisk(cache.folder())}")
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
