# Everything a newcomer, a developer and CI run. Needs Python 3.11+ and nothing else.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
DEMO   ?= demo

unexport PYTHONDONTWRITEBYTECODE  # what one process compiled the next ones, hundreds in the suite, need not

.DEFAULT_GOAL := help
.PHONY: help demo test thorough check format axe wheel bench prometheus spark readers bounds clean

help:  ## list these targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(VENV)/.runtime  ## a day with an incident, from a simulated array to its reports
	$(BIN)/analyzer --store $(DEMO)/store demo --output $(DEMO)

test: $(VENV)/.dev check  ## what CI runs
	$(BIN)/python -m pytest -q -n 2 --no-loadscope-reorder

thorough: $(VENV)/.dev  ## the suite with every random search at its deepest: an hour or two
	ANALYZER_THOROUGH=1 $(BIN)/python -m pytest -q -n 2 --no-loadscope-reorder

check: $(VENV)/.dev  ## the checks that run no code of ours
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfmt --check -q queries

format: $(VENV)/.dev  ## put every file in its form
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .
	$(BIN)/sqlfmt -q queries

axe: $(VENV)/.dev  ## the checker of accessibility, for the browser's tests (needs npm)
	npm install --silent --no-save --no-package-lock --prefix $(VENV)/axe axe-core

wheel: $(VENV)/.dev  ## the distribution, in dist/
	$(BIN)/python -m build --wheel --no-isolation --outdir dist .

bench: $(VENV)/.dev  ## side-by-side measurements, as a table and as JSON
	$(BIN)/python -m benchmarks --json bench.json

prometheus: $(VENV)/.dev  ## a year of numbers into a real Prometheus and back (its package installed)
	rm -rf .prometheus && mkdir .prometheus
	$(BIN)/python -m benchmarks.monitor .prometheus

spark: $(VENV)/.dev  ## the engine's suite on a real Spark: master, two workers, Connect (Java 17)
	test -x .venv-spark/bin/python || $(PYTHON) -m venv .venv-spark
	.venv-spark/bin/python -m pip install -q --disable-pip-version-check 'pyspark[connect]>=4.2,<4.3'
	$(BIN)/python tests/engine/cluster.py .venv-spark/bin/python $(BIN)/python -m pytest -q tests/engine

readers: $(VENV)/.dev  ## DuckDB 1.4, 1.5 and 2 read the exports, each in an environment of its own
	$(BIN)/python tests/lake/readers.py $(DEMO)

bounds: ## the suite on the oldest versions that pyproject.toml allows
	$(PYTHON) -m venv .venv-bounds
	.venv-bounds/bin/python tests/bounds.py > .venv-bounds/constraints.txt
	.venv-bounds/bin/python -m pip install -q --disable-pip-version-check --upgrade pip
	.venv-bounds/bin/python -m pip install -q --disable-pip-version-check -c .venv-bounds/constraints.txt -e '.[charts,lake,serve,spark]' --group dev
	.venv-bounds/bin/python -m pytest -q -n 2 --no-loadscope-reorder

clean:  ## remove what the targets above made
	rm -rf $(VENV) .venv-bounds .venv-spark .venv-readers .prometheus $(DEMO) bench.json dist build

$(VENV)/.runtime: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[charts,lake,serve,spark]'
	touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(BIN)/python -m pip install -q --disable-pip-version-check --upgrade pip
	$(BIN)/python -m pip install -q --disable-pip-version-check --group dev
	touch $@
