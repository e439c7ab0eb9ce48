# SPDX-License-Identifier: GPL-2.0-only
"""The emulator of a host, and its command line."""

from __future__ import annotations

from pathlib import Path

from lab.config import data
from lab.debian import tools
from lab.machine.spec import Spec


def emulator(target: data.Target) -> list[str]:
    """How to run the QEMU of tools.toml for a target, without the words for a boot. It may be fetched first."""
    root = tools.tool_root("emulator")
    return [*tools.command(root, f"usr/bin/{target.qemu.binary}"), "-L", str(root / "usr/share/qemu")]


def command_line(spec: Spec, initrd: Path, console: str, result: str) -> list[str]:
    """QEMU's arguments for a boot; console, result: -chardev's words for the two terminals."""
    target = spec.target
    words = [f"console={target.boot.console}", "panic=-1", "oops=panic", target.boot.cmdline, spec.cmdline]
    args = [*target.qemu.args, "-m", target.qemu.memory, "-smp", str(target.qemu.smp), *data.options_of("qemu")]
    args += ["-kernel", str(spec.kernel.vmlinux), "-initrd", str(initrd), "-append", " ".join(w for w in words if w)]
    args += ["-chardev", console, "-serial", "chardev:console", "-chardev", result]
    buses = iter(f",bus={bus}" for bus in target.qemu.buses)
    ports = ["result"]
    for number, path in enumerate(spec.sockets):
        ports.append(f"port{number}")
        args += ["-chardev", f"socket,id={ports[-1]},path={path},server=on,wait=off"]
    if target.qemu.virtio_ports:
        args += ["-device", f"virtio-serial-pci{next(buses, '')}"]
    for port in ports:
        # A client needs a terminal: a port without one hangs up on it while nobody is at the other end.
        kind = "virtconsole" if port != "result" and target.boot.client.startswith("hvc") else "virtserialport"
        virtio = ["-device", f"{kind},chardev={port},name={port}"]
        args += virtio if target.qemu.virtio_ports else ["-serial", f"chardev:{port}"]
    if spec.share:
        args += ["-fsdev", f"local,id=share,path={spec.share},security_model=none,readonly=on,multidevs=remap"]
        args += ["-device", f"virtio-9p-pci,fsdev=share,mount_tag=share{next(buses, '')}"]
    return [*args, *spec.qemu_args]
