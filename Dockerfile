# One image for every process of Ritme: the migration job, each API, each worker, the console.

FROM python:3.13-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1 PATH=/venv/bin:$PATH
RUN python -m venv /venv
WORKDIR /app
# What the product needs at run time, by hash. This layer changes with the lock alone.
COPY requirements.lock deploy/runtime_lock.py /build/
RUN python /build/runtime_lock.py setuptools < /build/requirements.lock > /build/runtime.lock \
    && pip install --require-hashes -r /build/runtime.lock
COPY . .
# In place, so that migrations and pages lie beside the code as they do in the repository.
RUN pip install --no-deps --no-build-isolation --editable . \
    && pip uninstall --yes setuptools \
    && pip check

FROM python:3.13-slim
ENV PYTHONUNBUFFERED=1 PATH=/venv/bin:$PATH RITME_HOST=0.0.0.0 RITME_PORT=8000 \
    RITME_DATA=/var/lib/ritme RITME_KEYS=/var/lib/ritme-keys
# A named volume takes over the owner of the folder that it is mounted on.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin ritme \
    && install -d -o ritme -g ritme -m 0700 /var/lib/ritme /var/lib/ritme-keys
COPY --from=build /venv /venv
COPY --from=build /app /app
# Byte code is made here: the process may not write beside the code.
RUN python -m compileall -q /venv/lib /app
WORKDIR /var/lib/ritme
USER ritme
EXPOSE 8000
ENTRYPOINT ["ritme"]
CMD ["--help"]
