# syntax=docker/dockerfile:1
FROM python:3.12-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
RUN python -m venv /venv
ENV PATH=/venv/bin:$PATH
COPY requirements.txt /build/requirements.txt
RUN pip install --require-hashes -r /build/requirements.txt
COPY . /app
WORKDIR /app
# Hashes and compresses static files. It needs settings that are complete, not settings that are true.
RUN ENV_FILES=deploy/check.env python manage.py collectstatic --no-input --verbosity 0 \
    && python -m compileall -q /venv /app

FROM python:3.12-slim-bookworm
RUN groupadd --system --gid 10001 mentalspace \
    && useradd --system --uid 10001 --gid mentalspace --no-create-home --shell /usr/sbin/nologin mentalspace
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# Files belong to root; the process may write nothing but /tmp.
USER 10001:10001
ENV PATH=/venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 ENV_FILES="" PORT=8000
EXPOSE 8000
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as u; u.urlopen(f\"http://127.0.0.1:{os.environ['PORT']}/health\", timeout=2)"]
STOPSIGNAL SIGTERM
CMD ["deploy/web"]
