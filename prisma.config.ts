import { defineConfig } from 'prisma/config';

/** For the Prisma CLI only (generate, studio); the server applies migrations itself, see src/database/migrate.ts. */
export default defineConfig({ schema: 'prisma/schema.prisma' });
