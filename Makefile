# Two commands are all: `make run` shows the product, `make test` proves it.
PY := .venv/bin/python
PORT ?= 8000
PYTEST := $(PY) -m tests.again
WORKERS ?= 4  # on two cores: half of what most tests do is waiting for servers and clocks
BROWSERS ?= 2  # files of flows side by side: each has a server, a call loop, a media worker and browsers of its own
DATABASE_WORKERS ?= 3
unexport PYTHONDONTWRITEBYTECODE  # every start of Python would take seconds more
BESIDE := --dist loadfile --no-loadscope-reorder

.PHONY: help run test bench faults check lock screens vendor clean

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: ## install, migrate, load the demo, serve on http://localhost:8000
	@./venv.sh requirements/run.txt
	@CURBSIDE_PUBLIC_URL=$${CURBSIDE_PUBLIC_URL:-http://localhost:$(PORT)} $(PY) manage.py start --port $(PORT)

test: ## install what the tests need and run them all, faults with nothing beside them
	@./venv.sh requirements/test.txt
	@$(PY) -m tests.peers.install
	@$(PY) -m tests.peers.run $(PYTEST) $(BESIDE) -n $(DATABASE_WORKERS) -m databases
	@$(PYTEST) $(BESIDE) -n $(WORKERS) -m "not faults" --ignore tests/flows
	@$(PYTEST) $(BESIDE) -n $(BROWSERS) -m "not faults" tests/flows
	@$(PYTEST) -m faults tests/faults tests/flows/test_restore.py

bench: ## measure beside Socket.IO and stock Channels (BENCH=--short: only that it works)
	@./venv.sh requirements/test.txt
	@$(PY) -m tests.peers.install
	@$(PY) -m bench $(BENCH)

faults: ## break everything under load and count what was lost (FAULTS=--soak: half an hour with churn)
	@./venv.sh requirements/test.txt
	@$(PY) -m tests.peers.install
	@PYTHONPATH=clients/python $(PY) -m tests.faults $(FAULTS)

check: ## style, types and import rules
	@./venv.sh requirements/test.txt
	@.venv/bin/ruff check .
	@.venv/bin/mypy .
	@.venv/bin/lint-imports --no-cache

screens: ## walk the journeys and store pictures under docs/screens
	@./venv.sh requirements/test.txt
	@$(PY) -m tests.client.screens

lock: ## resolve the dependencies anew
	@./venv.sh requirements/test.txt
	@.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url pyproject.toml -o requirements/run.txt
	@.venv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
		--no-emit-index-url pyproject.toml --group test -c requirements/run.txt -o requirements/test.txt

clean: ## remove what was installed and the demo's data
	@rm -rf .venv var
