# Every door of the project; `make` alone prints this list. The same targets run here and in CI.
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.8
STACK ?= dev
UV := .venv/bin/uv
RUN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow bench docs docs-tables measured lint type format package preview up pr

help: ## print this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

$(UV):
	$(PYTHON) -m venv --without-pip .venv
	$(PYTHON) -m pip --python .venv/bin/python install --quiet --disable-pip-version-check uv==$(UV_VERSION)

setup: $(UV) ## install what is needed into .venv, from uv.lock
	@$(UV) sync --locked --quiet

demo: setup ## run the main job on sample covers, with no AWS account (KEEP=1 leaves it running)
	@$(RUN)/ops-dashboard demo $(if $(KEEP),--keep)

test: setup ## run the tests (under 6 minutes)
	$(RUN)/pytest -n 2 --dist loadfile -m "not slow"

test-slow: setup ## run the tests that take longer
	$(RUN)/pytest -n 2 --dist load -m slow

bench: setup ## measure everything beside its peers, into bench-results.json (ONLY="compose fold")
	@$(UV) run --locked --quiet --group bench python -m tests.bench $(ONLY)

simulate: setup ## 20 million rows of 200,000 creators in memory, within AWS's limits (ROWS=200000 for a quick look)
	@$(UV) run --locked --quiet --group simulate python -m tests.simulate $(if $(ROWS),--rows $(ROWS))

lint: setup ## check style and the directions of imports
	$(RUN)/ruff check --quiet --output-format concise .
	$(RUN)/ruff format --check --quiet .
	PYTHONPATH=pulumi $(RUN)/lint-imports --no-logo

type: setup ## check types
	$(RUN)/mypy

format: setup ## format the code
	$(RUN)/ruff format .

docs-tables: setup ## write the generated tables of README.md and docs/
	@$(RUN)/cog -r -P -I . --verbosity=1 $$(grep -lrF '<!-- [[[cog' README.md docs)

docs: setup ## build the documentation site into site/
	@NO_MKDOCS_2_WARNING=1 $(UV) run --locked --quiet --group docs mkdocs build --quiet --strict

measured: setup ## put the figures of bench-results.json into ops-dashboard plan and the documents
	$(RUN)/python -m tools.measured_figures
	@$(MAKE) --no-print-directory docs-tables

package: setup ## build the Lambda bundles for AWS (arm64, Python 3.13) into dist/
	$(RUN)/python -m ops_dashboard.packaging.bundles

preview: setup ## show what pulumi would change (STACK=dev; needs the Pulumi CLI)
	pulumi preview --stack $(STACK)

up: setup ## deploy to AWS (STACK=dev; needs the Pulumi CLI)
	pulumi up --stack $(STACK)

pr: lint type test ## all checks before handing in
