# The commands of daily work. `make check` is what .ci/run does, in the environment of .venv.
PYTHON ?= .venv/bin/python

UV := build/uv/bin/uv

.PHONY: setup lock check test test-slow test-newest test-lowest lint generate docs bench

setup:
	python3 -m venv .venv
	.venv/bin/pip install -q -r requirements-dev.lock
	.venv/bin/pip install -q --no-deps --no-build-isolation -e .

# The newest versions that pyproject.toml allows, for every Python and system, with their hashes.
lock: $(UV)
	$(UV) pip compile -q --universal --python-version 3.11 --extra dev --extra docs --upgrade --generate-hashes --no-emit-index-url \
	    --custom-compile-command 'make lock' --output-file requirements-dev.lock pyproject.toml

$(UV):
	python3 -m venv build/uv && build/uv/bin/pip install -q 'uv>=0.8'

check: lint test test-slow

test:
	$(PYTHON) -m pytest -q

test-slow:
	$(PYTHON) -m pytest -q -m slow

# The lock aside: the newest of everything, and the lowest that pyproject.toml allows.
test-newest: RESOLUTION := highest
test-lowest: RESOLUTION := lowest-direct
test-newest test-lowest: test-%: $(UV)
	$(UV) venv -q --clear --python python3 build/$*
	$(UV) pip install -q --python build/$* --resolution $(RESOLUTION) -e '.[dev]'
	build/$*/bin/python -m pytest -q

lint:
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m pyright --pythonpath $(PYTHON)
	$(PYTHON) scripts/schemas.py --check
	$(PYTHON) scripts/golden_plans.py --check
	$(PYTHON) scripts/golden_parts.py --check
	$(PYTHON) scripts/provider_docs.py --check
	$(PYTHON) scripts/command_docs.py --check
	$(PYTHON) scripts/variables_page.py --check

generate:
	$(PYTHON) scripts/schemas.py
	$(PYTHON) scripts/golden_plans.py
	$(PYTHON) scripts/golden_parts.py
	$(PYTHON) scripts/provider_docs.py
	$(PYTHON) scripts/command_docs.py
	$(PYTHON) scripts/variables_page.py

# The pages as a site in build/site: without a network, every link checked.
docs:
	NO_MKDOCS_2_WARNING=1 $(PYTHON) -m mkdocs build --strict --site-dir build/site

bench:
	$(PYTHON) benchmarks/run.py
