# The commands of the house; `just` lists them.

set shell := ["bash", "-euc"]

_default:
    @just --justfile {{justfile()}} --list

# make .venv with everything that tests and linters need
setup:
    python3.11 -m venv .venv
    .venv/bin/pip install -q --require-hashes -r requirements-dev.lock
    .venv/bin/pip install -q --no-deps --no-build-isolation -e .

# everything that CI runs
ci:
    .ci/run

test *args:
    .venv/bin/python -m pytest {{args}}

lint:
    .venv/bin/ruff check .
    .venv/bin/mypy

# a numbered database step from what the tables say now
migration what:
    .venv/bin/python -m tests.make_migration "{{what}}"

# write both lock files anew, with hashes and no index addresses; needs uv
lock:
    uv pip compile -q --generate-hashes --no-header --no-annotate --python-version 3.11 --group build -o requirements.lock pyproject.toml
    uv pip compile -q --generate-hashes --no-header --no-annotate --python-version 3.11 --group dev -o requirements-dev.lock pyproject.toml

bench name:
    .venv/bin/python -m bench.{{name}}
