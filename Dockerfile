# One image with every executable of the platform; docker-compose.yml says which one a container runs.

FROM swift:6.3-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
           libminizip-dev libprotobuf-c-dev libsqlite3-dev libxlsxwriter-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
# Dependencies change less often than sources.
COPY Package.* ./
RUN swift package resolve
COPY Shared Shared
COPY Services Services
COPY Tests Tests
COPY Benchmarks/EchoServer Benchmarks/EchoServer
# Swift's own libraries are linked in; Debian's stay shared, so that its security updates reach them.
RUN mkdir /out \
    && for product in identity-service archive-service declaration-service quota-service \
           task-aggregator zhicheng sso-simulator; do \
           swift build --configuration release --static-swift-stdlib --product "$product" \
           && install --strip ".build/release/$product" /out/ \
           || exit 1; \
       done

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
           ca-certificates libminizip1 libprotobuf-c1 libsqlite3-0 libstdc++6 libxlsxwriter4 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin zhicheng \
    && install --directory --owner=zhicheng --mode=0700 /data /keys /certificates \
           /certificates/identity-service /certificates/archive-service \
           /certificates/declaration-service /certificates/quota-service \
           /certificates/task-aggregator
COPY --from=build /out/ /usr/local/bin/
USER 10001
WORKDIR /data
# A service's database and attachments; the deployment's key file; the service's certificate.
VOLUME ["/data", "/keys"]
EXPOSE 7001 7002 7003 7004 7005 7010
# Which service the container runs, NAME=HOST:PORT as seen from inside; docker-compose.yml sets it.
ENV ZHICHENG_SERVICE=""
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 \
    CMD ["sh", "-c", "exec zhicheng health --service \"$ZHICHENG_SERVICE\""]
CMD ["zhicheng", "--help"]
