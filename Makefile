# Switchboard. `make up` starts everything, `make test` checks everything. All that is needed is Python 3.11 or newer.
#
#   make up       start (PORT=8123, DATA_DIR=…, PYTHON=/path/to/python3, DATABASE_URL=…, BROKER_URL=…)
#   make down     stop what runs on this DATA_DIR
#   make reset    remove its data
#   make test     run the tests (ARGS="-k name" for some)
#   make lint     what the tests do not see: format, types, who imports whom
#   make lock     write the locks anew from requirements*.in
.PHONY: up down reset test lint lock help

VENV ?= .venv
RUN := $(VENV)/bin/python
MAKEFLAGS += --no-print-directory
export PYTHON VENV

# The first Python of the usual names that runs and is new enough; said plainly when there is none.
define bootstrap
for python in $${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14}; do \
  if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
done; \
if [ -z "$$found" ]; then echo "Switchboard needs Python 3.11 or newer, and none of $${PYTHON:-python3, python3.13, python3.12, python3.11} is one. Install it, or name it: PYTHON=/path/to/python3 make up"; exit 1; fi; \
$$found config/embedded/bootstrap.py
endef

up:
	@$(bootstrap) requirements.lock && exec $(RUN) -m config.embedded.up

down:
	@$(bootstrap) requirements.lock && exec $(RUN) -m config.embedded.down

reset:
	@$(bootstrap) requirements.lock && exec $(RUN) -m config.embedded.down --reset

test:
	@$(bootstrap) requirements-dev.lock && exec $(RUN) -m config.embedded.beside $(RUN) -m pytest $(ARGS)

lint:
	@$(bootstrap) requirements-dev.lock && $(RUN) -m ruff check . && $(RUN) -m ruff format --check . && $(VENV)/bin/lint-imports && $(RUN) -m mypy .

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements.in -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url -c requirements.lock requirements-dev.in -o requirements-dev.lock

help:
	@sed -n '2,9s/^# \{0,3\}//p' Makefile
