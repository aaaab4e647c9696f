# Thin: every target calls a program of this repository. `make` alone lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.PHONY: help setup run up down test test-compose lint typecheck check bench experiment migrate migration new-service demo dlq reset infra-check

# The first Python that is new enough; without one, whichever there is says so itself.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$python"; exit; }; \
	done)
ifeq ($(PYTHON),)
$(error muster: Python 3.11 or newer is needed, and there is none on this machine)
endif
PREPARE := $(PYTHON) infra/local/prepare.py
IN := .venv/bin/python
WORKERS ?= auto
ARGS ?=

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run:  ## Muster on this machine, no Docker: http://localhost:8080
	@$(PREPARE) -- $(IN) -m local.runner $(ARGS)

setup:  ## what the other targets need, ahead of time
	@$(PREPARE) dev

up:  ## Muster in containers
	docker compose up --build --wait

down:  ## ends the containers; volumes stay
	docker compose down

test:  ## every test that needs no Docker (ARGS="-k name")
	@$(PREPARE) dev browser -- $(IN) -m pytest -m "not compose" -n $(WORKERS) --dist loadgroup $(ARGS)

test-compose:  ## the tests of the containers; brings them up and down itself
	@$(PREPARE) dev browser -- $(IN) -m pytest -m compose $(ARGS)

lint:  ## style of the Python and of the dashboard
	@$(PREPARE) dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports --no-cache
	@$(PREPARE) dev -- $(IN) -m local.npm run check

typecheck:  ## mypy, strict
	@$(PREPARE) dev
	.venv/bin/mypy shared/muster_shared services/*/muster_* infra/local

check: lint typecheck infra-check  ## all that needs no test run

bench:  ## one figure beside its baseline (NAME=start)
	@$(PREPARE) dev $(if $(filter listing-edge,$(NAME)),peer) -- $(IN) -m tests.bench $(NAME)

experiment:  ## one fault or attack (NAME=kill-workers)
	@$(PREPARE) dev -- $(IN) -m tests.experiments $(NAME)

migrate:  ## applies the migrations to the stack that runs here
	@$(PREPARE) -- $(IN) -m local.migrations apply

migration:  ## an empty migration (SERVICE=events NAME=add_colour)
	@$(PREPARE) -- $(IN) -m local.migrations new $(SERVICE) $(NAME)

new-service:  ## a service that runs and is tested (NAME=invoices)
	@$(PREPARE) dev -- $(IN) -m local.new_service $(NAME)

demo:  ## demo data into the stack that runs here
	@$(PREPARE) -- $(IN) -m local.demo

dlq:  ## the dead letters of the stack that runs here (ARGS="show notifications")
	@$(PREPARE) -- $(IN) -m local.dlq $(or $(ARGS),list)

reset:  ## forgets the data of `make run`
	@$(PYTHON) infra/local/reset.py

infra-check:  ## nginx, compose and the list of services agree
	@$(PREPARE) dev -- $(IN) -m local.check
