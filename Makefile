.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.ready

.PHONY: help setup demo test browser rehearse check docs bench lock

help: ## Show what can be made
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | awk -F'\t' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(STAMP) ## Make .venv with the exact versions of requirements.lock (quick the second time)

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Syncline needs Python 3.11: install it, or say which one: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## Two calendars and a server of this machine kept the same, step by step, in about two minutes
	$(BIN)/syncline demo

test: setup browser ## Run all tests
	$(BIN)/python -m pytest -n 2 --dist worksteal

ROOT := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)

browser: ## Debian's chromium, for the tests of Prefect's page: installed where it is missing, else they are skipped
	@command -v chromium >/dev/null || { $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq chromium; } \
		|| echo "No chromium: the test that uses Prefect's page in a browser is skipped"

N ?= 2000
SEED ?= 0
rehearse: setup ## Play N random histories with faults and crashes, from seed SEED on: make rehearse N=100000
	$(BIN)/syncline rehearse --histories $(N) --seed $(SEED)

check: setup ## Format, lint, types, layers, documentation
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	PATH="$(CURDIR)/$(BIN):$$PATH" PYTHONPATH=. $(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_docs.py

docs: setup ## Write the generated parts of the documentation anew
	$(BIN)/python -m syncline.docs

bench: setup ## Measure what runs cost: 10,000 meetings, 100,000 copies, start-up, seconds from edit to visible (about a quarter of an hour)
	$(BIN)/python -m benchmarks

lock: ## Resolve the newest allowed versions into requirements.lock (needs pip 25.1 or later)
	rm -rf build/lock && $(PYTHON) -m venv build/lock
	build/lock/bin/python -m pip install --quiet --upgrade pip
	build/lock/bin/python -m pip install --quiet '.[sandbox]' --group dev
	build/lock/bin/python -m pip freeze --exclude syncline > requirements.lock
	rm -rf build/lock
