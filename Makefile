# `make help` lists what there is. Only Python 3.11 or later is needed; everything else is fetched by `make install`.
PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
ARGS ?=

BIN := .venv/bin
MANAGE := $(BIN)/python manage.py
# As in production, with the values that its checks ask for.
AS_IN_PRODUCTION := ENV_FILES=deploy/check.env

.DEFAULT_GOAL := help
.PHONY: help install run reset test prove bench check lint types layers migrations templates deploy-check schema format lock vendor

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: ## the virtual environment, by the lock file; nothing to do where it is up to date
	@$(PYTHON) dev/install.py

run: install ## everything on http://localhost:8000 (PORT=, HOST=), until Ctrl-C
	@exec $(MANAGE) run --host $(HOST) --port $(PORT)

reset: install ## throw away the development database, so that the next run starts anew (asks first)
	@$(MANAGE) remove_embedded

test: install ## the whole suite (ARGS="tests/core -k idempotency" for a part)
	@$(BIN)/python -m pytest -n 2 --dist loadgroup $(ARGS)

prove: install ## the long proofs, with their figures
	@$(BIN)/python -m pytest -m prove -s -p no:randomly $(ARGS)

bench: install ## the benchmarks of docs/performance.md
	@$(BIN)/python -m benchmarks $(ARGS)

check: install lint types layers migrations templates deploy-check schema ## all that can be checked without running it

lint:
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types:
	@$(BIN)/mypy

layers:
	@$(BIN)/lint-imports --no-logo

migrations:
	@$(MANAGE) makemigrations --check --dry-run

templates:
	@$(BIN)/djlint --lint --quiet templates

deploy-check:
	@$(AS_IN_PRODUCTION) $(MANAGE) check --deploy --fail-level WARNING

schema:
	@$(MANAGE) spectacular --validate --fail-on-warn --file var/openapi.yaml

format: install ## put code into the house's layout
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

lock: install ## write the lock files anew from requirements*.in (ARGS=--upgrade for newer versions)
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes $(ARGS) requirements-dev.in -o requirements-dev.txt
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes requirements.in -c requirements-dev.txt -o requirements.txt

vendor: ## fetch the front-end packages of package-lock.json and copy what we serve into static/vendor
	@npm ci --ignore-scripts
	@node tools/vendor.mjs

