# SPDX-License-Identifier: GPL-2.0-only
"""A vCPU that is added to a POWER8 partition after gdb has set breakpoints."""

import re

import gdb
from run import breakpoint_at, go
from session import default_case, do, equal, monitor, put, reg, runs, true, word, write_words

from lab.guest.ppc import FAKE_SC_1, MSR_SF, NOP, branch

H_RTAS, START_CPU = 0xF000, 0x2006
CODE, ARGUMENTS, PLACE = 0x2000000, 0x2010000, 0x2000204
TO_START = 10  # seconds


@default_case
def breakpoint_on_a_vcpu_that_is_added() -> None:
    write_words(CODE, (FAKE_SC_1, branch(0)))
    write_words(PLACE - 4, (NOP, NOP, branch(-4)))
    do("set breakpoint always-inserted on")  # or gdb would set it anew after the vCPU has been added
    with breakpoint_at(PLACE) as here:
        put({"msr": reg("msr") | MSR_SF, "pc": PLACE - 4})
        equal("the pc of the first vCPU", go(), PLACE)  # QEMU's list has the breakpoint from here on
        listed = do("monitor info hotpluggable-cpus")
        # The core that is there has a path; 'type' begins with 'host' or the CPU's name.
        free = [core for core in listed.split("type:")[1:] if "qom_path" not in core]
        true(f"a vCPU can be added: {listed!r}", free)
        kind, number = re.search(r'"(\S+)"', free[0])[1], re.search(r'core-id: "(\d+)"', free[0])[1]
        monitor(f"device_add {kind},core-id={number}")
        hits = here.hit_count
        for cpu in (1, 8):  # the new one's number, by how many threads QEMU leaves room for
            write_words(ARGUMENTS, (START_CPU, 3, 1, cpu, PLACE - 4, 0, 0xDEAD))
            put({"r3": H_RTAS, "r4": ARGUMENTS, "pc": CODE})
            if runs("continue", TO_START):
                break
        equal("RTAS's answer", word(ARGUMENTS + 24), 0)
        equal("the pc", reg("pc"), PLACE)
        equal("gdb's thread", gdb.selected_thread().num, 2)
        equal("the hits", here.hit_count, hits + 1)
