# The commands of daily work. `make check` is what .ci/run does, in the environment of .venv.
PYTHON ?= .venv/bin/python

.PHONY: setup check test test-slow lint generate bench

setup:
	python3 -m venv .venv && .venv/bin/pip install -q -e '.[dev]'

check: lint test test-slow

test:
	$(PYTHON) -m pytest -q

test-slow:
	$(PYTHON) -m pytest -q -m slow

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m pyright --pythonpath $(PYTHON)
	$(PYTHON) scripts/schemas.py --check
	$(PYTHON) scripts/golden_plans.py --check
	$(PYTHON) scripts/provider_docs.py --check

generate:
	$(PYTHON) scripts/schemas.py
	$(PYTHON) scripts/golden_plans.py
	$(PYTHON) scripts/provider_docs.py

bench:
	$(PYTHON) benchmarks/run.py
