# Every target does all of its own set-up and is quick the second time. `make help` lists them.
SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.8
# Where Python may keep nothing that it compiled, each of the many processes here would compile all that it imports: seconds.
COMPILE := $(if $(PYTHONDONTWRITEBYTECODE),--compile-bytecode)
PACKAGES_STAMP := $(VENV)/.packages

# What the demo runs on, if not on synthetic cameras and Sightline's own models: VIDEO="a.mp4 b.mp4" MODELS="detector.onnx
# embedder.onnx". DURATION_S=90 ends it by itself, FIGURES=figures.json keeps what it measured.
VIDEO ?=
MODELS ?=
DURATION_S ?=
FIGURES ?=
# Two processes, each with servers of its own; a file stays in one. PARALLEL= runs one test after the other.
# The end-to-end tests come after, one by one: each starts the whole product, and judges it by what it does in time. The
# cluster's has a target of its own.
PARALLEL ?= -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: help setup packages demo test test-cluster soak lint bench dashboards constraints clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

setup: $(VENV)/.stamp ## Make the Python environment (.venv) from constraints.txt

$(VENV)/.stamp: pyproject.toml constraints.txt
	@echo "==> setting up $(VENV)"
	@command -v uv >/dev/null || python3 -m pip install --quiet "uv==$(UV_VERSION)"
	@uv venv --quiet --allow-existing --python 3.11 $(VENV)
	@uv pip install --quiet $(COMPILE) --python $(BIN)/python -c constraints.txt -e '.[dev,training]'
	@touch $@

demo: export SIGHTLINE_LOCAL__STATE_DIR ?= $(CURDIR)/.sightline
demo: setup ## Run the product on synthetic cameras, or on yours: make demo VIDEO="a.mp4 b.mp4" [DURATION_S=90]
	@infra/local/packages.sh java maven
	$(BIN)/sightline demo $(foreach v,$(VIDEO),--video $(v)) $(foreach m,$(MODELS),--model $(m)) $(if $(DURATION_S),--duration $(DURATION_S)) $(if $(FIGURES),--figures $(FIGURES))

lint: setup ## ruff, mypy --strict, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: setup packages ## Pass all tests (starts the servers that they need by itself)
ifdef PYTEST_ARGS
	$(BIN)/pytest $(PARALLEL) $(PYTEST_ARGS)
else
	$(BIN)/pytest $(PARALLEL) --ignore=tests/e2e; first=$$?; $(BIN)/pytest tests/e2e --ignore=tests/e2e/test_cluster.py && exit $$first
endif

test-cluster: setup packages ## Three hosts of namespaces, the real `ray up`, a host that dies: as root, some ten minutes
	$(BIN)/pytest tests/e2e/test_cluster.py -s

packages: ## Install the Debian packages that the tests need, or say which are missing
	@infra/local/packages.sh java maven chromium prometheus rtsp hosts

soak: setup packages ## Kill everything at random for SOAK_S seconds (default 600) and check the invariants
	SOAK_S=$${SOAK_S:-600} $(BIN)/pytest tests/e2e -m soak -s

bench: setup packages ## Run every benchmark; tables go to benchmarks/results/
	$(BIN)/python -m benchmarks

dashboards: setup ## Make Grafana's dashboards anew from infra/grafana/boards
	$(BIN)/python -m infra.grafana

constraints: ## Resolve all dependencies anew, in one go
	uv pip compile --quiet pyproject.toml --all-extras --universal --python-version 3.11 --no-annotate --no-header -o constraints.txt

clean: ## Remove the environment and caches (not the state folder)
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
