# The image of the gateway: docs/docker.md. One file for linux/amd64 and linux/arm64: what is built is JavaScript,
# so it is built once, on the building machine's architecture, and copied beside the target's Bun.
#
# BUILD needs Bun and a shell, BASE nothing but Bun, both as /usr/local/bin/bun.
ARG BUILD=oven/bun:1.4.5-slim
ARG BASE=oven/bun:1.4.5-distroless

FROM --platform=$BUILDPLATFORM ${BUILD} AS build
WORKDIR /build
COPY package.json bun.lock bunfig.toml ./
RUN --mount=type=cache,target=/root/.bun/install/cache bun install --frozen-lockfile --ignore-scripts
COPY . .
RUN bun x tsc -p tsconfig.package.json --declaration false
RUN --mount=type=cache,target=/root/.bun/install/cache \
  rm -rf node_modules && bun install --frozen-lockfile --ignore-scripts --production --omit peer

# Named, since buildah 1.28 would otherwise go on with the platform of the stage before.
FROM --platform=$TARGETPLATFORM ${BASE}
COPY --from=build /build/package.json /build/LICENSE /opt/signway/
COPY --from=build /build/node_modules /opt/signway/node_modules
COPY --from=build /build/dist /opt/signway/dist
# Nothing is written at run time, so that a read-only root changes nothing.
ENV BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
USER 65532:65532
# A configuration file below it can import from 'signway'.
WORKDIR /opt/signway
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=5s \
  CMD ["/usr/local/bin/bun", "--no-env-file", "/opt/signway/dist/cli/main.js", "health"]
ENTRYPOINT ["/usr/local/bin/bun", "--no-env-file", "/opt/signway/dist/cli/main.js"]
