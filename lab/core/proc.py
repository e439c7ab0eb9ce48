# SPDX-License-Identifier: GPL-2.0-only
"""Child processes: each in its own group, logged, never left behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from lab.core import cache, options, ui
from lab.core.errors import FullDisk, LabError

NO_SPACE_TEXT = b"No space left on device"
Argv = Sequence[str | Path]
Env = Mapping[str, str] | None  # on top of environment()
Share = Callable[[bytes], str]  # says in words how far a long command is, from its output
_alive: set[subprocess.Popen] = set()
_ending = threading.Event()  # kill_all() was called: nothing is started any more


def _kill(child: subprocess.Popen) -> None:
    """Kill a child made by group(), and all it has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


@contextlib.contextmanager
def group(argv: Argv, **options: Any) -> Iterator[subprocess.Popen]:
    """Run argv as a process group that does not outlive the block. LabError if there is no such command;
    KeyboardInterrupt after kill_all(): how a killed command ends is no result, and must not be kept as one."""
    try:
        child = subprocess.Popen([str(a) for a in argv], start_new_session=True, **options)
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: command not found; install it or put it in PATH") from None
    _alive.add(child)
    try:
        if _ending.is_set():  # set later, kill_all() finds the child in _alive
            raise KeyboardInterrupt
        yield child
    finally:
        _alive.discard(child)
        _kill(child)
        child.wait()
    if _ending.is_set():
        raise KeyboardInterrupt


def kill_all() -> None:
    """End every child now, whichever thread waits for it, and let no thread start another one."""
    _ending.set()
    for child in list(_alive):
        _kill(child)


# What would change a build or a git command behind our back.
DROP_PREFIXES = ("MAKE", "KBUILD", "KCONFIG", "GIT_")
# The lab's own options too, which a build would take for its own: V, OUT, FORMAT.
DROP = ("MFLAGS", "CROSS_COMPILE", "ARCH", "CC", "CFLAGS", "CPPFLAGS", "LDFLAGS", "O", *options.variables())
# The checkout may belong to another user, as in a container.
GIT_TRUST = {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "safe.directory", "GIT_CONFIG_VALUE_0": "*"}


def environment(extra: Env = None) -> dict[str, str]:
    """The caller's environment, cleaned, and what is given."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(DROP_PREFIXES) and k not in DROP}
    return kept | {"LC_ALL": "C.UTF-8"} | GIT_TRUST | dict(extra or {})


def _waited(argv: Argv, out: IO[bytes], heart: ui.Heartbeat, cwd: Path | None, env: Env) -> int:
    """The status of a long command whose output goes to 'out'; it tells now and then that it is alive."""
    to = {"stdin": subprocess.DEVNULL, "stdout": out, "stderr": subprocess.STDOUT}
    with group(argv, cwd=cwd, env=environment(env), **to) as child:
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                return child.wait(timeout=1)
            heart.beat()


def logged(
    argv: Argv, log: Path, what: str, *, cwd: Path | None = None, env: Env = None, share: Share = lambda said: ""
) -> None:
    """Run argv with its output appended to log; on failure one line and the log's tail."""
    log.parent.mkdir(parents=True, exist_ok=True)
    heart = ui.Heartbeat(what)
    with open(log, "ab") as out:
        out.write(f"\n# {' '.join(str(a) for a in argv)}\n".encode())
        out.flush()
        begin = out.tell()
        heart.note = lambda: share(log.read_bytes()[begin:])
        code = _waited(argv, out, heart, cwd, env)
    if code == 0:
        return
    said = log.read_bytes()[begin:]
    if NO_SPACE_TEXT in said:
        raise FullDisk(what)
    lines = said.decode(errors="replace").splitlines()
    for line in lines[-12:]:
        ui.say(f"  {line}")
    errors = [x.strip() for x in lines if any(w in x for w in ("rror:", "E: ", "fatal:"))]
    raise LabError(f"{what} failed: {(errors or lines or ['no output'])[0]} (log: {log})")


def captured(argv: Argv, what: str, *, cwd: Path, env: Env = None) -> tuple[int, str]:
    """The status of a long command and all that it says; it tells now and then that it is alive."""
    with tempfile.TemporaryFile() as out:
        code = _waited(argv, out, ui.Heartbeat(what), cwd, env)
        out.seek(0)
        said = out.read()
    if NO_SPACE_TEXT in said:
        raise FullDisk(what)
    return code, said.decode(errors="replace")


def finished(
    argv: Argv, *, cwd: Path | None = None, env: Env = None, data: bytes | None = None
) -> subprocess.CompletedProcess[bytes]:
    """A short command, with its status and all that it says. LabError if there is no such command."""
    stdin: dict[str, Any] = {"stdin": subprocess.DEVNULL} if data is None else {"input": data}
    try:
        return subprocess.run(
            [str(a) for a in argv], cwd=cwd, env=environment(env), check=False, capture_output=True, **stdin
        )
    except FileNotFoundError:
        raise LabError(f"{argv[0]}: command not found; install it or put it in PATH") from None


def output(
    argv: Argv, *, cwd: Path | None = None, env: Env = None, data: bytes | None = None, ok: Sequence[int] = (0,)
) -> bytes:
    """The standard output of a short command. LabError with its last words if its status is none of 'ok'."""
    done = finished(argv, cwd=cwd, env=env, data=data)
    if done.returncode not in ok:
        if NO_SPACE_TEXT in done.stderr:
            raise FullDisk(argv[0])
        said = (done.stderr or done.stdout).decode(errors="replace").strip().splitlines()
        raise LabError(f"{' '.join(str(a) for a in argv[:3])} failed: {(said or ['no output'])[-1]}")
    return done.stdout


def complaints(argv: Argv, form: str, cwd: Path = cache.ROOT) -> list[str]:
    """The lines of a tool's output that begin with 'form', a regular expression.

    LabError if the tool fails (status 1) without such a line: it has judged nothing, or speaks another language.
    """
    done = finished(argv, cwd=cwd)
    said = done.stdout.decode(errors="replace").splitlines()
    found = [line for line in said if re.match(form, line)]
    if done.returncode not in (0, 1) or (done.returncode == 1 and not found):
        why = (done.stderr.decode(errors="replace").splitlines() or said or ["no output"])[-1]
        raise LabError(f"{' '.join(str(a) for a in argv[:2])} fails with status {done.returncode}: {why}")
    return found
