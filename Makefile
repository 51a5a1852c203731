# Switchboard. `make up` starts everything, `make test` checks everything. All that is needed is Python 3.11 or newer
# (and, the first time, the packages of requirements*.lock; of package-lock.json too for the tests).
#
#   make up       start (PORT=8123, DATA_DIR=…, PYTHON=/path/to/python3, DATABASE_URL=…, BROKER_URL=…)
#   make down     stop what runs on this DATA_DIR
#   make reset    remove its data
#   make replay   replay recorded calls of phone systems to what runs on this DATA_DIR (ARGS="twilio --again"; without ARGS: list them)
#   make test     run the tests (ARGS="-k name" for some, LONG=1 with those that take minutes, COVERAGE=1)
#   make lint     what the tests do not see: format, types, who imports whom
#   make lint-api lint docs/openapi.yaml by the rules of redocly.yaml
#   make collection write docs/collection/ for Postman and Bruno anew from docs/openapi.yaml
#   make schema   write docs/openapi.yaml, the kinds in docs/live-feed.md, the types in docs/events.md and docs/errors/ anew from the code
#   make docs     build the documentation site into var/site, links checked (make docs-serve: look at it on port 8001)
#   make desk     build the example desk (docs/examples/agent-desk) anew from its sources and docs/openapi.yaml
#   make lock     write the locks anew from requirements*.in
#   make day      a whole day of calls at ten times the rate of life, while parts are killed (48 minutes)
#   make bench    how fast it is beside the bare least (make bench-events: of events; make bench-imports: of an import of 1,000,000 rows;
#                 make bench-reports: of reports on 10,000,000 calls; make bench-stream: of the live feed; make bench-complaints: of escalation;
#                 make bench-campaigns: of audiences and hand-outs; make bench-webhooks: of posts)
.PHONY: up down reset replay test day lint lint-api collection schema docs docs-serve bench bench-events bench-imports bench-reports bench-stream bench-complaints bench-campaigns bench-webhooks venv node desk lock help
JOBS ?= 2

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

# Talks to what runs over HTTP only: any key does, here or where nothing was ever started.
replay:
	@$(bootstrap) requirements.lock && SECRET_KEY=$$($(RUN) -c "import secrets; print(secrets.token_urlsafe(50))") exec $(RUN) manage.py replay_calls --up "$${DATA_DIR:-var}/up.json" $(ARGS)

# Tests run on embedded PostgreSQL and Valkey of their own, or on the servers that DATABASE_URL and BROKER_URL name.
test: venv node
	@$(RUN) -m config.embedded.beside $(RUN) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder --durations=15 $(if $(LONG),,-m 'not long') $(if $(COVERAGE),--cov --cov-report=term) $(ARGS)

# Simulated calls on a Switchboard of its own whose parts are killed in turns; every call is compared in the end (ARGS="--minutes 60").
day: venv
	@$(RUN) -W ignore -m tests.faults.day $(ARGS)

# Our answers beside a bare WSGI application with the same statements, on 1,000,000 contacts and 2,000,000 calls (ARGS=--small for a try).
# Servers of its own, kept in var/bench: only the first run fills them.
bench: venv
	@$(RUN) -W ignore -m tests.benchmarks $(ARGS)

# Single events and batches beside a bare INSERT of the same rows, with 1, 8 and 64 clients.
bench-events: venv
	@$(RUN) -W ignore -m tests.benchmarks.events $(ARGS)

# An import of 1,000,000 rows beside a bare COPY of what they became and beside the reading of their phones (ARGS="--rows 100000").
bench-imports: venv
	@$(RUN) -W ignore -m tests.benchmarks.imports $(ARGS)

# Reports on 10,000,000 calls beside a bare recount of the same figures, and the wallboard under load (ARGS=--small for a try).
# Servers of its own, kept in var/bench-reports (some 15 GB): only the first run fills them.
bench-reports: venv
	@$(RUN) -W ignore -m tests.benchmarks.reports $(ARGS)

# How soon a message is on the screen with 500 streams open, beside a bare LISTEN (ARGS=--small for a try).
bench-stream: venv
	@$(RUN) -W ignore -m tests.benchmarks.stream $(ARGS)

# The sweep of escalation over 1,000,000 open complaints beside the bare UPDATE of the same rows, and their list by breach (ARGS=--small).
# Servers of its own, kept in var/bench-complaints: only the first run fills them.
bench-complaints: venv
	@$(RUN) -W ignore -m tests.benchmarks.complaints $(ARGS)

# Servers of its own, kept in var/bench-campaigns: only the first run fills them.
bench-campaigns: venv
	@$(RUN) -W ignore -m tests.benchmarks.campaigns $(ARGS)

# Owed news posted to a receiver on this machine beside a bare loop of posts (ARGS="--news 20000"). Servers of its own, thrown away.
bench-webhooks: venv
	@$(RUN) -W ignore -m tests.benchmarks.webhooks $(ARGS)

lint: venv
	@$(RUN) -m ruff check . && $(RUN) -m ruff format --check . && $(VENV)/bin/lint-imports && SECRET_KEY=$$($(RUN) -c "import secrets; print(secrets.token_urlsafe(50))") $(RUN) -m mypy .

# REDOCLY_TELEMETRY=off: nothing is told to anybody.
lint-api: node
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true npx redocly lint docs/openapi.yaml

# CHECK=1 compares instead of writing.
collection: node
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" node docs/collection/make.mjs $(if $(CHECK),--check)

schema: venv
	@$(RUN) -m config.embedded.beside $(RUN) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml
	@$(RUN) -m config.embedded.beside $(RUN) manage.py describe_feed
	@$(RUN) -m config.embedded.beside $(RUN) manage.py describe_events
	@$(RUN) -m config.embedded.beside $(RUN) manage.py describe_problems

# Nothing is fetched: scripts come out of installed packages (docs/site/hooks.py). A dead link or anchor is a failure.
# The variable silences a notice about MkDocs 2, which this site does not use.
docs: venv
	@NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs build --strict $(ARGS)

docs-serve: venv
	@NO_MKDOCS_2_WARNING=1 $(RUN) -m mkdocs serve --dev-addr 127.0.0.1:8001 $(ARGS)

venv:
	@$(bootstrap) requirements-dev.lock

# Tools written in JavaScript, on a Node.js that came with the packages. Installed anew when their lock changes.
node: venv
	@cmp -s package-lock.json node_modules/.lock || { PATH="$(CURDIR)/$(VENV)/bin:$$PATH" npm ci --no-progress --loglevel=error && cp package-lock.json node_modules/.lock; }

# The page itself is committed as it is built, for `make up` needs Python only; the types are too large to keep.
DESK := docs/examples/agent-desk
BANNER := /* Built from src/ by `make desk`. It holds Preact, Copyright (c) 2015-present Jason Miller, and openapi-fetch, Copyright (c) 2023 Drew Powers, both under the MIT license: see LICENSE. */
desk: node
	@export PATH="$(CURDIR)/$(VENV)/bin:$(CURDIR)/node_modules/.bin:$$PATH"; \
	  openapi-typescript docs/openapi.yaml --default-non-nullable false -o $(DESK)/src/schema.d.ts >/dev/null && \
	  tsc -p $(DESK) && \
	  esbuild $(DESK)/src/desk.tsx --bundle --minify-whitespace --minify-syntax --line-limit=240 --format=iife --target=es2022 --charset=utf8 \
	    --banner:js='$(BANNER)' --tsconfig=$(DESK)/tsconfig.json --outfile=$(or $(OUT),$(DESK)/desk.js) --log-level=warning

lock:
	@command -v uv >/dev/null || { echo "make lock needs uv: https://docs.astral.sh/uv/"; exit 1; }
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url requirements.in -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url -c requirements.lock requirements-dev.in -o requirements-dev.lock

help:
	@sed -n '4,20s/^# \{0,3\}//p' Makefile
