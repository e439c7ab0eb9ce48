# SPDX-License-Identifier: GPL-2.0-only
"""The gdb remote protocol, as much of it as stepping needs: plain, or by lab/lockstep/pilot.c."""

from __future__ import annotations

import re
import socket
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from lab.core.errors import LabError

CHUNK = 0x800  # of a feature's text, per packet
PACKET = re.compile(rb"\$([^#]*)#..", re.DOTALL)


class Broken(LabError):
    """The other side has gone, or says what it must not."""


def frame(text: str) -> bytes:
    """A packet of the protocol, with its checksum."""
    data = text.encode()
    return b"$%s#%02x" % (data, sum(data) & 0xFF)


def unhex(text: str) -> bytes:
    """Bytes from hexadecimal digits. Broken if they are none, as where a register is not there ('xx')."""
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise Broken(f"QEMU's gdbstub answers '{text[:40]}' instead of registers or memory") from None


class Wire:
    """Bytes to and from a Unix socket, with a limit for each wait."""

    def __init__(self, path: Path, limit: float) -> None:
        self.limit = limit
        self._socket = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + limit
        while True:
            try:
                self._socket.connect(str(path))
                break
            except OSError as why:
                if time.monotonic() > end:
                    self._socket.close()
                    raise Broken(f"nobody listens at {path}: {why.strerror}") from None
                time.sleep(0.02)
        self._socket.settimeout(limit)
        self._have = b""

    def patience(self, limit: float) -> None:
        """Seconds that each answer may take from now on."""
        self.limit = limit
        self._socket.settimeout(limit)

    def send(self, data: bytes) -> None:
        """All of it. Broken if the other side has gone."""
        try:
            self._socket.sendall(data)
        except OSError as why:
            raise Broken(f"QEMU does not listen: {why}") from None

    def _more(self) -> None:
        try:
            got = self._socket.recv(65536)
        except OSError as why:
            raise Broken(f"no answer from QEMU's gdbstub within {self.limit:.0f} s ({why})") from None
        if not got:
            raise Broken("QEMU has ended")
        self._have += got

    def take(self, count: int) -> bytes:
        """So many bytes, waited for. Broken at the limit or if the other side has gone."""
        while len(self._have) < count:
            self._more()
        data, self._have = self._have[:count], self._have[count:]
        return data

    def packet(self) -> str:
        """The next packet; acknowledgements are not looked at."""
        while not (found := PACKET.search(self._have)):
            self._more()
        self._have = self._have[found.end() :]
        return found[1].decode()

    def line(self) -> str:
        """The next line, without its end."""
        while b"\n" not in self._have:
            self._more()
        line, _, self._have = self._have.partition(b"\n")
        return line.decode()

    def close(self) -> None:
        """End the connection; QEMU goes on."""
        self._socket.close()


class Register(NamedTuple):
    """As QEMU's target description has it."""

    name: str
    number: int  # as 'p' takes it
    size: int  # bytes


class Stub:
    """What both ways to a gdbstub have in common."""

    wire: Wire

    def ask(self, text: str) -> str:
        """The answer to a packet's text, as text."""
        raise NotImplementedError

    def choose(self, registers: list[int]) -> None:
        """Which registers, by their numbers, a state has after those of the 'g' packet."""
        raise NotImplementedError

    def steps(self, count: int) -> Iterator[bytes]:
        """The state, and that after each of so many steps."""
        raise NotImplementedError

    def state(self) -> bytes:
        """The bytes of 'g', then those of each chosen register, in the guest's byte order; nothing is run."""
        (state,) = self.steps(0)
        return state

    def sure(self, text: str, wanted: str = "OK") -> None:
        """Ask, and raise Broken if the answer does not begin as wanted."""
        said = self.ask(text)
        if not said.startswith(wanted):
            raise Broken(f"QEMU's gdbstub answers '{said}' to '{text[:40]}'")

    def memory(self, address: int, count: int) -> bytes:
        """So many bytes at a virtual address; none if they cannot be read."""
        said = self.ask(f"m{address:x},{count:x}")
        return b"" if said.startswith("E") else unhex(said)

    def insert(self, address: int) -> None:
        """A software breakpoint. Broken if QEMU refuses it."""
        self.sure(f"Z0,{address:x},4")

    def remove(self, address: int) -> None:
        """Take the software breakpoint away."""
        self.sure(f"z0,{address:x},4")

    def watch(self, address: int) -> None:
        """Stop before stores to 4 bytes. Broken if QEMU refuses it, as Debian's does under KVM PR."""
        self.sure(f"Z2,{address:x},4")

    def save(self, path: Path) -> None:
        """The machine, to a file from which it goes on; only the reference can be saved."""
        raise NotImplementedError

    def resume(self) -> None:
        """Until it stops by itself."""
        self.sure("c", "T05")

    def feature(self, name: str) -> str:
        """A file of the target's description (XML). Broken if QEMU has none."""
        text, more = "", True
        while more:
            said = self.ask(f"qXfer:features:read:{name}:{len(text):x},{CHUNK:x}")
            if said[:1] not in ("m", "l"):
                raise Broken(f"QEMU's gdbstub does not describe its registers ({name})")
            text, more = text + said[1:], said[0] == "m"
        return text

    def layout(self) -> list[Register]:
        """All registers, in the order of their numbers."""
        found: list[Register] = []
        number = 0
        for include in re.findall(r'href="([^"]+)"', self.feature("target.xml")):
            for reg in ET.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", self.feature(include))).iter("reg"):
                number = int(reg.get("regnum", number))
                found.append(Register(reg.get("name", ""), number, int(reg.get("bitsize", "32")) // 8))
                number += 1
        return found


class Direct(Stub):
    """A gdbstub on this machine."""

    def __init__(self, path: Path, limit: float) -> None:
        self.wire = Wire(path, limit)
        self.choose([])

    def ask(self, text: str) -> str:
        self.wire.send(frame(text))
        return self.wire.packet()

    def choose(self, registers: list[int]) -> None:
        self._questions = [frame(question) for question in ["g", *(f"p{n:x}" for n in registers)]]

    def steps(self, count: int) -> Iterator[bytes]:
        wire, questions, step = self.wire, b"".join(self._questions), frame("s")
        for left in range(count, -1, -1):
            wire.send(questions + step if left else questions)
            yield unhex("".join([wire.packet() for _ in self._questions]))
            if left and not (said := wire.packet()).startswith("T05"):
                raise Broken(f"no stop by a step: '{said}'")


class Pilot(Stub):
    """A gdbstub in a target, by way of pilot.c."""

    def __init__(self, path: Path, limit: float) -> None:
        self.wire = Wire(path, limit)
        self._words = bytearray()

    def _packet(self) -> str:
        head = self.wire.take(5)
        text = self.wire.take(int.from_bytes(head[1:], "big")).decode()
        if head[:1] != b"<":
            raise Broken(f"the pilot in the target says: {text}")
        return text

    def greeting(self) -> None:
        """Wait until pilot.c is connected to QEMU."""
        if self._packet() != "pilot":
            raise Broken("no greeting from the pilot in the target")

    def ask(self, text: str) -> str:
        self.wire.send(f"p {text}\n".encode())
        return self._packet()

    def choose(self, registers: list[int]) -> None:
        self.wire.send(("r" + "".join(f" {n:x}" for n in registers) + "\n").encode())
        self._words = bytearray()

    def steps(self, count: int) -> Iterator[bytes]:
        self.wire.send(b"n %d\n" % count)
        for _ in range(count + 1):
            head = self.wire.take(2)
            if head[:1] != b".":
                size = int.from_bytes(head[1:] + self.wire.take(3), "big")
                raise Broken(f"the pilot in the target says: {self.wire.take(size).decode(errors='replace')}")
            changes = self.wire.take(5 * head[1])
            for at in range(0, len(changes), 5):
                word = 4 * changes[at]
                if len(self._words) < word + 4:
                    self._words += bytes(word + 4 - len(self._words))
                self._words[word : word + 4] = changes[at + 1 : at + 5]
            yield bytes(self._words)
