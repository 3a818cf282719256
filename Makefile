# `make demo` shows the main job, `make test` runs the tests that a change usually
# breaks, `make test-all` runs every one; each sets up all that it needs.

PYTHON ?= python3
VENV ?= .venv
# A release of Django, instead of the newest that the Python supports.
DJANGO ?=
BIN := $(VENV)/bin
# The documentation has an environment of its own.
DOCS := .cache/venv-docs
DOCS_PYTHON ?= $(PYTHON)
READY := $(VENV)/ready
QUICK := unit golden audit coherence surface traps runtime history soak
# The tests of a module stay together: they share what it made.
SIDE_BY_SIDE := --numprocesses auto --maxprocesses 4 --dist loadfile

.PHONY: demo test test-all coverage lint types check docs pictures schema golden lock clean

# The bookshop is copied without what is generated, so that the demo shows it being written, and
# leaves the committed files as they are: the stubs of its managers are those of Django 6.1.
demo: $(READY)
	$(BIN)/asyncgen build
	rm -rf .cache/bookshop
	mkdir -p .cache
	cp -R examples/bookshop .cache/bookshop
	rm .cache/bookshop/shop/*_async.py* .cache/bookshop/shop/*_managers.py*
	$(BIN)/asyncgen --config .cache/bookshop/pyproject.toml build
	$(BIN)/python .cache/bookshop/demo.py

# What a change usually breaks, in five minutes on two cores.
test: $(READY)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(QUICK:%=tests/%) $(PYTEST_OPTIONS)

# Everything: also other people's packages, Django's own tests, type checkers, pre-commit, the site.
test-all: $(READY)
	$(BIN)/python -m pytest $(SIDE_BY_SIDE) $(PYTEST_OPTIONS)

# Which branches of generator and runtime the tests take, and a check of all that is generated;
# COVERED=tests/unit measures these alone.
COVERED := $(QUICK:%=tests/%)
coverage: $(READY)
	rm -rf .cache/coverage
	mkdir -p .cache/coverage
	rm -rf .asyncgen_cache
	ASYNCGEN_NO_CACHE=1 $(BIN)/python -m coverage run -m asyncgen check
	$(BIN)/python -m coverage run -m pytest $(SIDE_BY_SIDE) $(COVERED) $(PYTEST_OPTIONS)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report

# The tests that type checkers read, too. Those of the others replace what is there, hand over what does
# not fit, or override what Django declares otherwise, in nearly each test.
TYPED := adoption audit databases django docs forwarding golden history hooks projects soak support surface \
	traps typing unit

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy
	MYPYPATH=.:benchmarks:stubs $(BIN)/mypy --explicit-package-bases --ignore-missing-imports \
		$(TYPED:%=tests/%)

# The stubs of the bookshop's managers list the methods of the installed Django; they are committed
# as Django 6.1 has them. Not said, its environment would be the nearest .venv.
check: $(READY)
	$(BIN)/asyncgen check
	@if $(BIN)/python -c 'import sys, django; sys.exit(django.VERSION[:2] != (6, 1))'; then \
		$(BIN)/asyncgen --config examples/bookshop/pyproject.toml \
			--python $(abspath $(VENV)) check; \
	else echo "examples/bookshop: not checked, its stubs are those of Django 6.1"; fi

# The site, in .cache/docs/html. Every warning is an error, and so is a link to a name that is not there.
docs: $(DOCS)/ready
	rm -rf .cache/docs/html
	$(DOCS)/bin/sphinx-build --quiet --fail-on-warning --keep-going --fresh-env \
		--doctree-dir .cache/docs/read \
		docs .cache/docs/html

# Draw the pictures of the documentation anew.
pictures: $(READY)
	$(BIN)/python docs/draw.py

# Write the JSON Schema of the configuration anew.
schema: $(READY)
	$(BIN)/python docs/write_schema.py

# Write the lock files of requirements/ anew.
lock: $(READY)
	for name in dev docs environments typing release; do $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--generate-hashes --no-header --no-emit-find-links --upgrade \
		--output-file requirements/$$name.txt requirements/$$name.in || exit 1; done

$(READY): requirements/dev.txt pyproject.toml runtime/pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/dev.txt
	$(if $(DJANGO),$(BIN)/python -m pip install --quiet --disable-pip-version-check Django==$(DJANGO))
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation \
		--no-deps --editable ./runtime --editable .
	touch $@

$(DOCS)/ready: requirements/docs.txt pyproject.toml runtime/pyproject.toml
	$(DOCS_PYTHON) -m venv --clear $(DOCS)
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		--requirement requirements/docs.txt
	$(DOCS)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation \
		--no-deps --editable ./runtime --editable .
	touch $@

clean:
	rm -rf $(VENV) dist .cache .asyncgen_cache

# Write the expectations of tests/golden anew.
golden: $(READY)
	ASYNCGEN_UPDATE_GOLDEN=1 $(BIN)/python -m pytest -q tests/golden
