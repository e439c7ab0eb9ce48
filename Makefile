# SPDX-License-Identifier: GPL-2.0-only
# A thin front: every command is one of the lab's, see 'make help'.

PYTHON ?= python3
# Commands have small letters, variables have capital ones.
NAMES := $(shell sed -n 's/^name = "\(.*\)"/\1/p' '$(CURDIR)/lab/data/commands.toml')
VARIABLES := $(shell sed -n 's/^name = "\([A-Z_]*\)"/\1/p' '$(CURDIR)/lab/data/commands.toml')
COMMANDS := $(filter-out $(VARIABLES),$(NAMES))

.DEFAULT_GOAL := help
.PHONY: $(COMMANDS)

# What is given to make by its command line is given to the lab in the same way:
# it is refused by a command that does not take it.
quoted = '$1=$(subst ','\'',$($1))'
GIVEN = $(foreach v,$(VARIABLES),$(if $(filter command,$(origin $v)),$(call quoted,$v)))

$(COMMANDS):
	@$(PYTHON) -c 'import tomllib' 2>/dev/null || \
		{ echo 'error: Python 3.11 or later is needed: apt-get install python3' >&2; exit 2; }
	@PYTHONDONTWRITEBYTECODE=1 PYTHONPATH='$(CURDIR)' $(PYTHON) -m lab $@ $(GIVEN)
