# What CI runs is .ci/run; this is the short way to its parts.  Needs an environment with requirements-dev.lock and leaksieve (-e .) in it.
.PHONY: test lint docs lock ci

test:
	python -m pytest -n auto

lint:
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	leaksieve rules check rules

# Everything generated: the command and rule references, the picture and the scan shown in the README.
docs:
	python docs/make_cli.py
	python -m leaksieve.ruleset.reference docs/rules.md
	python docs/make_picture.py

# Add ARGS=--upgrade for newer versions.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --quiet $(ARGS) -o requirements-dev.lock

ci:
	bash .ci/run
