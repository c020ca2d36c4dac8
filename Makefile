# Two commands are enough: `make demo` and `make test`. Each sets up what it needs in .venv.

VENV := .venv
BIN := $(VENV)/bin
DEMO_SECONDS ?= 20
SOAK_SECONDS ?= 3600
# The first of these that is Python 3.11 or newer; PYTHON=... names another.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

.PHONY: help setup demo test compile lint bench fuzz trust screenshots clean
.DEFAULT_GOAL := help

help: ## what can be made
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /  make \1\t/'

$(VENV)/.ready: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; none was found. PYTHON=/path/to/python3 make ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev]"
	@touch $@

$(VENV)/.bench: $(VENV)/.ready
	PIP_CONSTRAINT=constraints.txt $(BIN)/pip install --quiet --disable-pip-version-check --editable ".[dev,bench]"
	@touch $@

setup: $(VENV)/.ready ## the environment in .venv, exact versions

demo: setup ## the emulator on a virtual serial port and the dashboard on it
	@DEMO_SECONDS=$(DEMO_SECONDS) $(BIN)/python examples/demo.py

test: setup ## everything: lint, types, import contract, unit, property, acceptance
	$(MAKE) --jobs=2 --output-sync lint compile
	$(BIN)/python -m pytest -n auto --dist worksteal

compile: setup # else each of the tests' workers would rewrite the same assertions, at once; what is wrong they tell too
	-@$(BIN)/python -m pytest --collect-only -q > /dev/null

lint: setup ## style, types and walls
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.bench ## the budgets, each beside its reference in the same run
	$(BIN)/python benchmarks/run.py

fuzz: setup ## the property tests, a hundred times longer, and an hour of a pump to which everything happens
	$(BIN)/python -m tests.soak --seconds $(SOAK_SECONDS)
	$(BIN)/python -m pytest tests/model tests/protocol tests/pumpmock/model --hypothesis-profile=fuzz --timeout=3600

trust: setup ## the campaigns that prove the wire, each with its controls, and a row of figures for each
	@$(BIN)/python -m tests.campaigns

screenshots: setup ## take the walks of docs/monitor.md anew with running pumps, and draw their pictures
	@$(BIN)/python -m docs.walks --write

clean: ## remove what was made
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
