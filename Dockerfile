# One image for each program: docker build --target broker|worker|watcher|reporter|cli|demo .
# For the classic builder and for BuildKit. Stages that install come before those that follow the sources.
ARG BASE=debian:bookworm-slim

FROM ${BASE} AS toolchain
WORKDIR /source
COPY script/setup script/setup
RUN script/setup --build && rm -rf /var/lib/apt/lists/* /var/cache/apt/*

FROM toolchain AS build
COPY CMakeLists.txt ./
COPY cmake/install.cmake cmake/
COPY shared shared
COPY broker broker
COPY worker worker
COPY watcher watcher
COPY cli cli
COPY reporter reporter
RUN cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_PREFIX=/usr -DSEAWORTHY_TESTS=OFF \
    && cmake --build /build
# What each image takes over: its programs, and the names of the packages that their libraries are in.
COPY deploy/docker/libraries /usr/local/bin/libraries
RUN for image in cli broker worker watcher reporter; do \
      DESTDIR=/out/$image cmake --install /build --component $image --strip || exit 1; \
      libraries /out/$image/usr/bin/* >/out/$image.packages || exit 1; \
    done

# What all images have: the user, tini, and `seaworthy` for the health check.
FROM ${BASE} AS base
RUN groupadd --gid 8888 seaworthy \
    && useradd --uid 8888 --gid 8888 --create-home --shell /bin/bash seaworthy \
    && mkdir -p /home/seaworthy/.local/state \
    && ln -s /var/lib/seaworthy /home/seaworthy/.local/state/seaworthy \
    && chown -R 8888:8888 /home/seaworthy/.local \
    && install -d -m 0750 -o 8888 -g 8888 /var/lib/seaworthy /keys /key
COPY deploy/docker/install-packages /usr/local/sbin/
COPY --from=build /out/cli.packages /tmp/packages
RUN install-packages tini $(cat /tmp/packages) && rm /tmp/packages
ENTRYPOINT ["/usr/bin/tini", "--"]
WORKDIR /home/seaworthy
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 CMD ["seaworthy", "health"]

# And what those need that deal with repositories.
FROM base AS with-git
COPY script/setup /tmp/setup
RUN /tmp/setup --run && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /tmp/setup

FROM base AS broker
COPY --from=build /out/broker.packages /tmp/packages
RUN install-packages $(cat /tmp/packages) && rm /tmp/packages
COPY --from=build /out/cli /out/broker /
USER seaworthy
EXPOSE 8888
VOLUME /var/lib/seaworthy
ENV SEAWORTHY_LISTEN=tcp://0.0.0.0:8888
CMD ["seaworthy-broker"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Seaworthy broker" \
      org.opencontainers.image.description="Queues jobs, hands them to workers and keeps what came of them" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM base AS reporter
COPY --from=build /out/reporter.packages /tmp/packages
# Certificates: news go to other machines.
RUN install-packages ca-certificates $(cat /tmp/packages) && rm /tmp/packages
COPY --from=build /out/cli /out/reporter /
USER seaworthy
EXPOSE 8080
# Whoever reaches the container's port may read: publish it where those are who may.
CMD ["seaworthy-reporter", "--listen", "0.0.0.0:8080", "--public"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Seaworthy reporter" \
      org.opencontainers.image.description="Shows builds, logs, queue and workers in a browser" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM with-git AS worker
COPY --from=build /out/worker.packages /tmp/packages
RUN install-packages python3 $(cat /tmp/packages) && rm /tmp/packages
COPY --from=build /out/cli /out/worker /
USER seaworthy
VOLUME /var/lib/seaworthy
CMD ["seaworthy-worker"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Seaworthy worker" \
      org.opencontainers.image.description="Takes one job after the other from a broker and runs it" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM with-git AS watcher
COPY --from=build /out/watcher.packages /tmp/packages
RUN install-packages $(cat /tmp/packages) && rm /tmp/packages
COPY --from=build /out/cli /out/watcher /
USER seaworthy
VOLUME /var/lib/seaworthy
CMD ["seaworthy-watcher"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Seaworthy watcher" \
      org.opencontainers.image.description="Notices commits and submits them to the broker" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

FROM with-git AS demo
COPY deploy/docker/demo /usr/local/bin/demo
USER seaworthy
VOLUME /var/lib/seaworthy
EXPOSE 9418
HEALTHCHECK NONE
CMD ["demo"]
LABEL org.opencontainers.image.title="Seaworthy demonstration repository" \
      org.opencontainers.image.licenses="MIT"

FROM with-git AS cli
# A volume takes its owner from the image: these are where the service `keys` puts what each role may have.
RUN install -d -m 0750 -o 8888 -g 8888 /key/admin /key/watcher /key/worker /key/reporter
COPY --from=build /out/cli /
USER seaworthy
HEALTHCHECK NONE
ENTRYPOINT ["/usr/bin/tini", "--", "seaworthy"]
CMD ["--help"]
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Seaworthy" \
      org.opencontainers.image.description="The command line of Seaworthy" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
