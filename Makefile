# What CI runs is .ci/run; this is the short way to its parts.  Needs an environment with requirements-dev.lock and leaksieve (-e .) in it.
.PHONY: test heavy lint docs man lock ci

test:
	python -m pytest -n auto

# What needs servers that Debian does not have (OpenBao, FerretDB 1), built by hand and in PATH.
heavy:
	@for program in bao ferretdb; do command -v $$program >/dev/null || { echo "no $$program in PATH: build it first" >&2; exit 1; }; done
	python -m pytest -ra tests/cli/test_openbao_tokens.py tests/e2e/test_mongodb_logins.py

lint:
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	leaksieve rules check rules

# Everything generated: the command and rule references, the manual pages, the picture and the scan shown in the README.
docs: man
	python docs/make_cli.py
	python -m leaksieve.ruleset.reference docs/rules.md
	python docs/make_picture.py

man:
	python docs/make_man.py

# Add ARGS=--upgrade for newer versions.
lock:
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --quiet $(ARGS) -o requirements-dev.lock
	uv pip compile pyproject.toml --group build --constraints requirements-dev.lock --universal --python-version 3.11 --generate-hashes --no-header --quiet -o requirements.lock

ci:
	bash .ci/run
