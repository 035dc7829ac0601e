# Two commands do everything: `make run` and `make test`. Needed beforehand: Python 3.11+ and make.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: schemas-write setup run test check lint types contracts schemas slow-test kafka-test browser-test compose-test bench lock faults

setup: $(VENV)/ready

$(VENV)/ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Ritme needs Python 3.11 or newer; this is %s" % sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: setup ## everything on one machine: http://127.0.0.1:8000
	$(BIN)/ritme serve

test: setup ## the tests that need nothing but Python, on all cores
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

check: lint types contracts schemas test slow-test kafka-test browser-test compose-test ## what CI runs

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

schemas: setup ## golden schemas and docs/events.md are as fresh as the code
	$(BIN)/python -m tests.support.schemas --check

schemas-write: setup
	$(BIN)/python -m tests.support.schemas --write

slow-test: setup
	$(BIN)/python -m pytest -m slow

kafka-test: setup ## the bus suite and a story on Apache Kafka itself; says why where it cannot
	$(BIN)/python -m pytest -m kafka

browser-test: setup
	$(BIN)/python -m pytest -m browser

compose-test: setup
	$(BIN)/python -m pytest -m compose

bench: setup ## months of 220,000, ten thousand and a million people beside their floors; writes docs/performance.md (a quarter of an hour)
	$(BIN)/ritme bench --people 220000 --also 10000 --also 1000000 --write docs/performance.md
	$(BIN)/python -m tests.support.bench_inquiries --write docs/performance.md
	$(BIN)/ritme bench-findings

lock: setup ## pin every dependency with its hashes
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --group dev pyproject.toml -o requirements.lock
