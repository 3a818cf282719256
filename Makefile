# `make demo` shows the main job, `make test` runs the tests; each sets up all that it needs.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready

.PHONY: demo test lint types check golden lock clean

demo: $(READY)
	$(BIN)/asyncgen build
	$(BIN)/asyncgen --config examples/bookshop/pyproject.toml build
	$(BIN)/python examples/bookshop/demo.py

test: $(READY)
	$(BIN)/python -m pytest $(PYTEST_OPTIONS)

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

# The stubs of the bookshop's managers list the methods of the installed Django; they are committed
# as Django 6.1 has them.
check: $(READY)
	$(BIN)/asyncgen check
	@if $(BIN)/python -c 'import sys, django; sys.exit(django.VERSION[:2] != (6, 1))'; then \
		$(BIN)/asyncgen --config examples/bookshop/pyproject.toml check; \
	else echo "examples/bookshop: not checked, its stubs are those of Django 6.1"; fi

# Write the lock files of requirements/ anew.
lock: $(READY)
	for name in dev typing; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-find-links --upgrade \
		--output-file requirements/$$name.txt requirements/$$name.in || exit 1; done

$(READY): requirements/dev.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation \
		--no-deps --editable .
	touch $@

clean:
	rm -rf $(VENV) dist .cache .asyncgen_cache

# Write the expectations of tests/golden anew.
golden: $(READY)
	ASYNCGEN_UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/golden
