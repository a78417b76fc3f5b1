# The app on CPUs, for people who reach it through a proxy: see docs/deploy.md.
FROM python:3.11-slim-bookworm

# A build of torch without what it brings for graphics cards; empty for the usual one.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
ENV PYTHONUNBUFFERED=1 \
    PYTHONPATH=/app

RUN useradd --create-home --uid 1000 dmil
RUN install --directory --owner=dmil --group=dmil /data /data/checkpoints /data/uploads
WORKDIR /app

COPY requirements.txt requirements-hashes.txt ./
RUN pip install --no-cache-dir ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} "$(grep '^torch==' requirements.txt)"
RUN pip install --no-cache-dir --require-hashes --no-deps --requirement requirements-hashes.txt

COPY pyproject.toml README.md ./
COPY sample_data sample_data
COPY benchmarks/results benchmarks/results
COPY --chown=dmil:dmil checkpoints /data/checkpoints
COPY dmil_core dmil_core
COPY dashboard dashboard

ENV DMIL_CHECKPOINTS=/data/checkpoints \
    DMIL_UPLOADS=/data/uploads \
    DMIL_LOG=json \
    STREAMLIT_SERVER_ADDRESS=0.0.0.0 \
    STREAMLIT_SERVER_PORT=8501 \
    STREAMLIT_SERVER_HEADLESS=true
VOLUME ["/data/checkpoints", "/data/uploads"]
USER dmil
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=10s --start-period=90s CMD ["python", "-m", "dashboard.health"]
CMD ["python", "-m", "streamlit", "run", "dashboard/app.py"]
