# Everything a developer or a newcomer types. `make` alone lists the targets.
#
# .venv is made once and marked by two stamp files, so that a second `make run` starts in seconds:
# .installed (what serving needs) and .installed-dev (what the tests need beside it).

PYTHON ?= python3
BIN := .venv/bin
RUNTIME := .venv/.installed
DEV := .venv/.installed-dev
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517
PYTEST := $(BIN)/pytest -q
CONFIG ?= youtong.toml

# How many files of tests run at once: most of them wait for processes or for a receiver's clock.
JOBS ?= 2
# The share of the long crash runs that `make test` does; `make soak` does all of them.
SOAK_SHARE ?= 0.01
# How much mail `make soak` sends through at full speed; it fails when one is lost, doubled or refused.
SOAK_MESSAGES ?= 100000
# How long `make soak` keeps up its mixed load with kills; memory, descriptors, log and waits are plotted in build/soak.
SOAK_MINUTES ?= 30

# How long `make fuzz` searches, in all.
FUZZ_SECONDS ?= 3600

.PHONY: help run demo test check format bench soak fuzz diagrams components clean
.DEFAULT_GOAL := help

help:
	@echo 'make run        start Youtong on this machine (loopback ports, data in var/)'
	@echo 'make demo       the same against a simulated internet, with example mail'
	@echo 'make test       all tests; installs what they need'
	@echo 'make check      format, lint, strict types, rules of the house'
	@echo 'make format     let the formatter and the linter repair what they can'
	@echo 'make bench      measure (N=messages RUNS=n CASES=P1,P3b|bounces|returned|suppression QUICK=1; PEER=/path/to/peer.sh adds other mail systems)'
	@echo 'make soak       the long crash runs, whole, 30 minutes of mixed load with kills, much mail, and make fuzz'
	@echo 'make fuzz       search for inputs that break an invariant (FUZZ_SECONDS=3600 in all)'
	@echo 'make diagrams   redraw the state diagrams in ARCHITECTURE.md'
	@echo 'make clean      remove what the targets above made, but never var/'

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Youtong needs Python 3.11 or newer (make PYTHON=/path/to/python3.11)' >&2; exit 1; }
	@$(PYTHON) -m venv .venv || { echo 'Could not make .venv; on Debian: apt-get install python3-venv' >&2; exit 1; }

$(RUNTIME): pyproject.toml | $(BIN)/python
	@echo 'Installing into .venv (only this time) …'
	@$(PIP) -e .
	@touch $@

$(DEV): pyproject.toml $(RUNTIME)
	@echo 'Installing the development tools into .venv (only this time) …'
	@$(PIP) -e '.[dev]'
	@touch $@

run: $(RUNTIME)
	@$(BIN)/youtong serve --config $(CONFIG)

demo: $(RUNTIME)
	@$(BIN)/youtong demo

components:
	@bash .ci/components

test: $(DEV) components
	SOAK_SHARE=$(SOAK_SHARE) $(PYTEST) -n $(JOBS) --dist loadfile -m 'not paced' tests --ignore=tests/house
	SOAK_SHARE=$(SOAK_SHARE) $(PYTEST) -m paced tests/scenario

check: $(DEV)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/basedpyright
	$(PYTEST) tests/house
	@$(BIN)/python tests/house/sizes.py

format: $(DEV)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(RUNTIME)
	@PYTHONPATH=tests $(BIN)/python -P -m bench $(if $(N),--messages $(N)) $(if $(RUNS),--runs $(RUNS)) \
		$(if $(CASES),--cases $(CASES)) $(if $(QUICK),--quick) $(if $(PEER),--peer '$(PEER)') $(if $(PEERS),--peers '$(PEERS)')

soak: $(DEV) components
	SOAK=1 SOAK_SHARE=1 $(PYTEST) --timeout=0 tests/crash tests/fuzz tests/scenario/test_receivers.py \
		tests/scenario/test_workers_killed.py tests/scenario/test_limits_over_the_wire.py \
		tests/scenario/test_hostile_returns.py
	@PYTHONPATH=tests $(BIN)/python -P -m soak $(SOAK_MINUTES)
	@PYTHONPATH=tests $(BIN)/python -P -m bench --messages $(SOAK_MESSAGES) --runs 1
	@$(MAKE) --no-print-directory fuzz

fuzz: $(DEV)
	@$(PIP) -e '.[fuzz]'
	@PYTHONPATH=tests $(BIN)/python -P -m fuzz $(FUZZ_SECONDS)

diagrams: $(RUNTIME)
	$(BIN)/python tests/house/state_diagram.py

clean:
	rm -rf .venv build dist *.egg-info .ruff_cache .pytest_cache .hypothesis node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
