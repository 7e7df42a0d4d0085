# One image for every service; compose says which stage each runs.
FROM python:3.11-slim AS build
WORKDIR /src
COPY requirements.lock .
RUN python -m venv /app && /app/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY watcher watcher
COPY rules rules
COPY notifier notifier
COPY concordat concordat
RUN /app/bin/pip install --no-cache-dir --no-deps --no-build-isolation .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /home/concordat --create-home concordat && install -d -o concordat -g concordat /home/concordat/home
COPY --from=build /app /app
USER concordat
ENV PATH=/app/bin:$PATH CONCORDAT_HOME=/home/concordat/home PYTHONUNBUFFERED=1 CONCORDAT_LOG_FORMAT=json
VOLUME /home/concordat/home
EXPOSE 8484
STOPSIGNAL SIGTERM
ENTRYPOINT ["concordat"]
CMD ["up"]
