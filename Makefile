# SPDX-License-Identifier: GPL-2.0-only
# A thin front: every command is one of the lab's, see 'make help'.

PYTHON ?= python3
COMMANDS := help test kselftest kernel run shell gdb lockstep replay demo bench tree refresh series backport check \
	check-upstream check-debian export send-dry-run clean \
	fetch unpack patch configure build boot selftests

.DEFAULT_GOAL := help
.PHONY: $(COMMANDS)

# A variable given to make reaches the lab by the environment.
VARIABLES := K T GUEST STEPS START RESUME TEST SUITE PAYLOAD ARGS LIMIT KERNEL_SRC TREE V LAB_CACHE \
	FORMAT PART OUT SERIES FROM
$(foreach v,$(VARIABLES),$(if $(filter-out undefined,$(origin $v)),$(eval export $v)))

$(COMMANDS):
	@$(PYTHON) -c 'import tomllib' 2>/dev/null || \
		{ echo 'error: Python 3.11 or later is needed: apt-get install python3' >&2; exit 2; }
	@PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='$(CURDIR)' $(PYTHON) -m lab $@
