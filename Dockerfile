# leaksieve in a container: `docker build -t leaksieve .`, then
#
#   docker run --rm --network none -v "$PWD:/repo:ro" leaksieve git
#
# No program of git's is in it and none is needed: repositories are read without it, so git's check of who owns a
# directory (safe.directory) does not come up.  A mounted repository belongs to somebody else than the user in here, so its own
# leaksieve.toml and its comments do not count; `--trust-repo-config`, or `--user "$(id -u):$(id -g)"`, makes them count.
ARG BASE=python:3.12-slim
FROM ${BASE} AS build
COPY requirements.lock /source/
RUN python3 -m venv /opt/leaksieve && /opt/leaksieve/bin/pip install --no-cache-dir --require-hashes -r /source/requirements.lock
COPY . /source
RUN /opt/leaksieve/bin/pip install --no-cache-dir --no-deps --no-build-isolation /source \
    && /opt/leaksieve/bin/pip uninstall --yes hatchling trove-classifiers pip \
    && /opt/leaksieve/bin/python -m compileall -q /opt/leaksieve

FROM ${BASE}
COPY --from=build /opt/leaksieve /opt/leaksieve
ENV PATH=/opt/leaksieve/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONSAFEPATH=1 HOME=/tmp
# A number, so that a cluster can see that it is not root.
USER 65532:65532
WORKDIR /repo
ENTRYPOINT ["leaksieve"]
CMD ["--help"]
