# SPDX-License-Identifier: GPL-2.0-only
"""A vCPU that is added to a POWER8 partition after gdb has set breakpoints."""

import re

import gdb
from session import (
    MSR_SF,
    breakpoint_at,
    default_case,
    do,
    equal,
    go,
    main,
    put,
    reg,
    step_to,
    true,
    word,
    write_words,
)

FAKE_SC_1 = 0x7C000268  # what KVM PR takes for a hypercall in a host that is a partition itself
H_RTAS, START_CPU = 0xF000, 0x2006
CODE, ARGUMENTS, LOOP, PLACE = 0x2000000, 0x2010000, 0x2000100, 0x2000204
BACK = 0x4BFFFFFC  # b to the instruction before


@default_case
def breakpoint_on_a_vcpu_that_is_added() -> None:
    write_words(CODE, (FAKE_SC_1,))
    write_words(LOOP, (0x60000000, BACK))
    write_words(PLACE - 4, (0x60000000, 0x60000000, BACK))
    with breakpoint_at(f"*{PLACE:#x}") as here:
        put({"msr": reg("msr") | MSR_SF, "pc": PLACE - 4})
        equal("the pc of the first vCPU", go(), PLACE)  # QEMU's list has the breakpoint from here on
        listed = do("monitor info hotpluggable-cpus")
        kind = re.search(r"(power8\S*-spapr-cpu-core)", listed)
        true(f"a vCPU can be added: {listed!r}", kind)
        do("set breakpoint always-inserted on")
        number = re.findall(r"core-id: \"?(\d+)", do("monitor info hotpluggable-cpus"))[0]
        said = do(f"monitor device_add {kind[1]},core-id={number}")
        true(f"it is added: {said}", "rror" not in said)
        for cpu in (1, 8):
            write_words(ARGUMENTS, (START_CPU, 3, 1, cpu, PLACE - 4, 0, 0xDEAD))
            put({"r3": H_RTAS, "r4": ARGUMENTS, "pc": CODE})
            step_to(CODE + 4, "a hypercall")
            if word(ARGUMENTS + 24) == 0:
                break
        equal("RTAS's answer", word(ARGUMENTS + 24), 0)
        put({"pc": LOOP})
        hits = here.hit_count
        equal("the pc", go(), PLACE)
        equal("gdb's thread", gdb.selected_thread().num, 2)
        equal("the hits", here.hit_count, hits + 1)


main()
