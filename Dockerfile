# Build with every dependency, run with the production ones. In a container PostgreSQL is a server of its own: DATABASE_URL.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev --omit=optional

FROM node:22-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/prisma ./prisma
COPY --from=build /app/bin ./bin
# The command line by its name: docker compose exec app switchboard tenant list
RUN ln -s /app/bin/switchboard.mjs /usr/local/bin/switchboard
RUN mkdir /data && chown node /data
USER node
VOLUME /data
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s CMD ["node", "bin/healthcheck.mjs"]
CMD ["node", "--enable-source-maps", "dist/main.js"]
