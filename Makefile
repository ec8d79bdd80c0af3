# Every task of the project; `make` alone lists them. CI runs the same targets.
SHELL := /bin/bash
PYTHON ?= python3
UV_VERSION := 0.13.8
STACK ?= dev
UV := .venv/bin/uv
# With the hashes of its lock, which pip checks; everything else is checked by uv itself.
UV_REQUIREMENT = uv==$(UV_VERSION)$(shell sed -n '/^name = "uv"$$/,/^$$/s/.*hash = "\(sha256:[0-9a-f]*\)".*/ --hash=\1/p' uv.lock)
RUN := .venv/bin
# Containers often set it; then every process compiles all that it imports, which doubles the time
# of the tests' start.
unexport PYTHONDONTWRITEBYTECODE

# Pulumi runs `uv sync` before the program, so it has to find uv.
define pulumi
if ! command -v pulumi >/dev/null; then \
	echo 'make $(1) needs the Pulumi CLI: https://www.pulumi.com/docs/install/' >&2; exit 2; \
fi; PATH="$(CURDIR)/$(RUN):$$PATH" pulumi $(1) --stack $(STACK)
endef

.DEFAULT_GOAL := help
.PHONY: help setup demo lint type test test-slow coverage format pr audit bench measured simulate \
	package wheel preview up refresh destroy docs docs-tables notice

help: ## print this list
	@awk -F ':.*## ' '/^##@ /{printf "\n%s\n", substr($$0, 5)} \
	/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV):
	$(PYTHON) -m venv --without-pip .venv
	@echo '$(UV_REQUIREMENT)' > .venv/uv.txt
	$(PYTHON) -m pip --python .venv/bin/python install --quiet --disable-pip-version-check \
		--require-hashes --requirement .venv/uv.txt

##@ Start

setup: $(UV) ## install what is needed into .venv, from uv.lock
	@$(UV) sync --locked --quiet

demo: setup ## run everything on sample covers and photos, with no AWS account (KEEP=1 leaves it running)
	@$(RUN)/ops-dashboard demo $(if $(KEEP),--keep)

##@ Check

lint: setup ## check style and the directions of imports
	$(RUN)/ruff check --quiet --output-format concise .
	$(RUN)/ruff format --check --quiet .
	PYTHONPATH=pulumi $(RUN)/lint-imports --no-logo

type: setup ## check types
	$(RUN)/mypy

# Three workers on two cores: tests on the embedded AWS wait for a third of their time.
test: setup ## run the tests (about fourteen minutes on two cores)
	$(RUN)/pytest -n 3 --dist loadfile -m "not slow"

test-slow: setup ## run the tests that take longer
	$(RUN)/pytest -n 2 --dist load -m slow

coverage: setup ## report the branch coverage of the tests that run in one process
	$(RUN)/pytest -n 2 --dist loadfile -m "not slow" --cov --cov-report=term \
		--ignore=tests/end_to_end --ignore=tests/packaging_wheel

format: setup ## format the code
	$(RUN)/ruff format .

pr: lint type test ## run all checks that a pull request has to pass

audit: setup ## look up known vulnerabilities of the locked versions at osv.dev (an error offline)
	$(UV) audit --locked --preview-features audit-command

##@ Measure

bench: setup ## measure everything beside its peers in 50 minutes, into bench-results.json (ONLY="compose fold")
	@$(UV) run --locked --quiet --group bench python -m tests.bench $(ONLY)

measured: setup ## put the figures of bench-results.json into ops-dashboard plan and the documents
	$(RUN)/python -m tools.measured_figures
	@$(MAKE) --no-print-directory docs-tables

simulate: setup ## run 20 million rows in memory, within AWS's limits (ROWS=200000 for a short run)
	@$(UV) run --locked --quiet --group simulate python -m tests.simulate $(if $(ROWS),--rows $(ROWS))

##@ Ship

package: setup ## build the Lambda bundles for AWS (arm64, Python 3.13) into dist/
	$(RUN)/python -m ops_dashboard.packaging.bundles

wheel: setup ## build the wheel of both commands into dist/
	$(UV) build --wheel

preview: setup ## show what pulumi would change (STACK=dev; needs the Pulumi CLI)
	@$(call pulumi,preview)

up: setup ## deploy to AWS (STACK=dev; needs the Pulumi CLI)
	@$(call pulumi,up)

refresh: setup ## compare pulumi's record of a stack with what AWS has (STACK=dev; needs the Pulumi CLI)
	@$(call pulumi,refresh)

destroy: setup ## delete a stack, asking first (STACK=dev; needs the Pulumi CLI)
	@$(call pulumi,destroy)

##@ Docs

docs: setup ## build the documentation site into site/; fails at a dead link
	@NO_MKDOCS_2_WARNING=1 $(UV) run --locked --quiet --group docs mkdocs build --quiet --strict

docs-tables: setup ## write the generated tables of README.md and docs/
	@$(RUN)/cog -r -P -I . --verbosity=1 $$(grep -lrF '<!-- [[[cog' README.md docs)

notice: setup ## write NOTICE, the licences of what is bundled
	@$(RUN)/python -m tools.notice
