# Liandong in one image: the hub, its media worker and the built console with its fonts; no other server is needed.
#
#   docker build -t liandong .
#   docker run --network host -v liandong:/data liandong
#
# One media worker, so that one media port has to be published; more of them (LIANDONG_MEDIA_WORKERS, one for each
# core to spare) take 8083, 8084 … too.
# With the host's network the printed links work as they are and media finds its way. Behind `-p 8081:8081
# -p 8082:8082/udp -p 8082:8082/tcp` only https is reachable, and LIANDONG_MEDIA_ADDRESSES must name the host's own
# address.
#
# Every stage stands on plain Debian, where Python 3.11 comes from. So scripts/prove_dockerfile can execute these
# very lines in a bare Debian tree, also where no Docker engine runs. No RUN line names a package index: the
# builder's own settings decide.

FROM debian:bookworm-slim AS bare-python
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv \
 && rm -rf /var/lib/apt/lists/*

# --- the console. Debian 12's own Node is too old for it, so scripts/install fetches one from the package index.
FROM bare-python AS console
WORKDIR /src
COPY constraints.txt setup.cfg pyproject.toml ./
COPY scripts/install scripts/node_env scripts/stamp.py ./scripts/
COPY web_console ./web_console
RUN scripts/install --only-console

# --- the Python side: a wheel of the project, installed with its pinned dependencies, and the packet helper in C.
FROM bare-python AS packages
WORKDIR /src
RUN apt-get update \
 && apt-get install -y --no-install-recommends gcc libc6-dev \
 && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/liandong
COPY constraints.txt setup.cfg pyproject.toml LICENSE README.md ./
COPY alerting ./alerting
COPY rooms ./rooms
COPY rtc ./rtc
COPY dispatch_server ./dispatch_server
RUN /opt/liandong/bin/pip wheel --no-cache-dir --no-deps --wheel-dir /wheel . \
 && /opt/liandong/bin/pip install --no-cache-dir --constraint constraints.txt /wheel/*.whl \
 && cd / && /opt/liandong/bin/python -m rtc.downlink.build_fanout && cd /src \
 && test -f /opt/liandong/lib/python3.11/site-packages/rtc/downlink/_fanout.so \
 && /opt/liandong/bin/pip uninstall -y pip setuptools

# --- what runs.
FROM bare-python
RUN useradd --system --uid 10001 --home-dir /data --create-home liandong
COPY --from=packages /opt/liandong /opt/liandong
COPY --from=console /src/web_console/dist /opt/liandong/lib/python3.11/site-packages/web_console/dist
ENV PATH=/opt/liandong/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    LIANDONG_DATA=/data \
    LIANDONG_PORT=8080 \
    LIANDONG_MEDIA_WORKERS=1
WORKDIR /data
USER liandong
VOLUME /data
# http for a reverse proxy in the same network namespace, https for phones and consoles, media.
EXPOSE 8080/tcp 8081/tcp 8082/udp 8082/tcp
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as u; u.urlopen('http://127.0.0.1:' + os.environ['LIANDONG_PORT'] + '/health/live', timeout=4)"]
ENTRYPOINT ["liandong"]
CMD ["serve"]
