# Everything sets itself up: python3 (3.10 or newer, with pip and venv) is all that has to be there.

PYTHON ?= python3
BIN := .venv/bin
UV := $(BIN)/uv

export UV_PYTHON_DOWNLOADS := never
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help demo test test-quick test-frameworks test-engines test-editors vsix bench corpus format clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

$(UV):
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"

.venv/.run: $(UV) pyproject.toml
	@$(UV) pip install --quiet --python $(BIN)/python --editable .
	@touch $@

.venv/.dev: .venv/.run
	@$(UV) pip install --quiet --python $(BIN)/python --editable . --group dev
	@touch $@

demo: .venv/.run ## check examples/ and compare what is found with examples/expected.json
	@$(BIN)/python tests/demo.py

test: .venv/.dev ## every test: lint, types, all suites, every interpreter found, the compiled parser, real frameworks
	@$(BIN)/python tests/suite.py

test-quick: .venv/.dev ## lint, types and all suites, on this interpreter only
	@$(BIN)/python tests/suite.py --quick

test-frameworks: .venv/.dev ## the proofs against real frameworks only
	@$(BIN)/python tests/suite.py --frameworks

test-engines: .venv/.dev ## the proofs on Spark and Flink, which want a JDK: about two minutes
	@$(BIN)/python tests/suite.py --engines

test-editors: .venv/.dev ## the VS Code extension and the tests in real editors only
	@$(BIN)/python tests/suite.py --editors

vsix: $(UV) ## build the VS Code extension with its server into dist/, for every platform and for this one
	@$(BIN)/python client-extension/scripts/package.py

bench: .venv/.dev ## measure latency, memory and start; writes tests/bench/RESULTS.md
	@$(BIN)/python tests/bench/run.py $(ARGS)

corpus: .venv/.dev ## check real projects: make corpus CORPUS=DIR (folders named owner+name)
	@$(BIN)/python tests/corpus/run.py $(if $(CORPUS),--corpus "$(CORPUS)") --out corpus-report.md --json corpus-report.json $(ARGS)

format: .venv/.dev ## format the code and apply the linter's safe fixes
	@$(BIN)/ruff check --fix --quiet . || true
	@$(BIN)/ruff format .

clean: ## remove environments and caches
	rm -rf .venv .venvs .mypy_cache .ruff_cache .pytest_cache .hypothesis build dist
	rm -rf client-extension/node_modules client-extension/dist client-extension/bundled/libs client-extension/schemas
	rm -rf tests/editors/node_modules tests/editors/out
