# One line of help for each target: `make help`.
.DEFAULT_GOAL := help
PYTHON ?= python3
UV := PYTHONPATH=.tool $(PYTHON) -m uv
LOCK := $(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11
BIN := .venv/bin
export UV_LINK_MODE ?= copy

.PHONY: help setup clients demo test test-full check bench docs lock ui clean

CLIENTS := mlflow3 mlflow2

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/' | expand -t 14

setup: .venv/.ready ## make .venv with trivium in it, from hash-locked packages

.tool/bin/uv:
	@echo "setting up: uv"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target .tool uv

.venv/.ready: requirements.lock pyproject.toml $(wildcard hatch_build.py) $(shell find ui -type f -not -path "*/node_modules/*") | .tool/bin/uv
	@echo "setting up: packages into .venv"
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .venv
	@$(UV) pip sync --quiet --compile-bytecode --require-hashes --python $(BIN)/python requirements.lock
	@$(UV) pip install --quiet --no-deps --python $(BIN)/python -e .
	@touch $@

clients: $(CLIENTS:%=.clients/%/.ready) ## make .clients, the environments of clients that stay out of .venv (tests/clients/*.lock)

.clients/%/.ready: tests/clients/%.lock | .tool/bin/uv
	@echo "setting up: packages of the client $* into .clients/$*"
	@$(UV) venv --quiet --allow-existing --python $(PYTHON) .clients/$*
	@$(UV) pip sync --quiet --require-hashes --python .clients/$*/bin/python $<
	@touch $@

demo: setup ## the main job: a filled server at http://127.0.0.1:8080 (ARGS=--exit ends after printing)
	@$(BIN)/trivium demo $(ARGS)

test: setup clients ## all tests (bounded forms of the slow suites)
	@bash tools/test_needs.sh
	@$(BIN)/python -m pytest -m "not full" $(ARGS)

test-full: setup clients ## all tests, slow suites in their long form
	@bash tools/test_needs.sh
	@$(BIN)/python -m pytest $(ARGS)

check: setup ## lint, types, import contracts, tidy
	@failed=0; \
	$(BIN)/ruff format --check . || failed=1; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/mypy || failed=1; \
	$(BIN)/lint-imports --no-cache --no-logo || failed=1; \
	$(BIN)/python tools/tidy.py || failed=1; \
	exit $$failed

bench: setup clients ## measure peers and Trivium side by side; the last result is kept in bench/RESULTS.md
	@$(BIN)/python -m bench $(ARGS)

docs: setup ## write docs/reference from the code
	@$(BIN)/python tools/reference.py

ui: setup ## build the page bundle again after a change below ui/
	@$(UV) pip install --quiet --no-deps --python $(BIN)/python -e .

lock: .tool/bin/uv ## resolve requirements.lock and tests/clients/*.lock again
	@$(LOCK) --all-extras --group dev pyproject.toml -o requirements.lock
	@for client in $(CLIENTS); do $(LOCK) tests/clients/$$client.in -o tests/clients/$$client.lock || exit 1; done

clean: ## remove what setup, tests and builds made
	rm -rf .venv .clients .tool build dist .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis *.egg-info
	rm -rf ui/node_modules src/trivium/entrypoints/web/static/bundle
	find src tests tools bench -name __pycache__ -prune -exec rm -rf {} +
