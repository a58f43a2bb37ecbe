# Every target does all of its own set-up and is quick the second time. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8

.PHONY: help setup demo test lint bench clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(VENV)/.stamp ## Make the Python environment (.venv) from constraints.txt

$(VENV)/.stamp: pyproject.toml constraints.txt
	@echo "==> setting up $(VENV)"
	@command -v uv >/dev/null || python3 -m pip install --quiet "uv==$(UV_VERSION)"
	@uv venv --quiet --allow-existing --python 3.11 $(VENV)
	@uv pip install --quiet --python $(BIN)/python -c constraints.txt -e '.[dev]'
	@touch $@

lint: setup ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup ## Pass all tests (starts the local stack by itself)
	$(BIN)/pytest $(PYTEST_ARGS)

clean: ## Remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
