# SPDX-License-Identifier: GPL-2.0-only
"""Runs in gdb: away from the guest, and back to it while it runs."""

from __future__ import annotations

import os
import socket

from session import LIMIT, connect, do, true


def detach() -> None:
    """Let the guest run without a debugger."""
    do("detach")


def attach() -> None:
    """Stop a running guest that nobody debugs, and debug it.

    A serial line does not tell QEMU that somebody connects: the first byte stops the guest
    and is lost, and the process stays detached, where QEMU's answer to gdb's first question
    would follow a null pointer. vAttach comes first, then, and not from gdb.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(LIMIT)
        line.connect(os.environ["SESSION_SOCKET"])
        line.sendall(b"+$vAttach;1#37")
        said = b""
        while not said.partition(b"$")[2].endswith(b";"):
            said = (said + line.recv(100)).partition(b"#")[0]
        line.sendall(b"+")
        true(f"attached: {said!r}", b"$T05" in said)
    connect()
