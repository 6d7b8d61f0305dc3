/**
 * Building needs the development packages, which `NODE_ENV=production npm ci` leaves out. A compiler that misses half
 * of what it needs prints hundreds of errors; this prints one.
 */
import { createRequire } from 'node:module';

const TOOLS = ['typescript', 'prisma', 'vite', 'react', '@types/node'];

export const whyNoBuild = () => {
  const { resolve } = createRequire(import.meta.url);
  const missing = TOOLS.filter((tool) => {
    try {
      return !resolve(`${tool}/package.json`);
    } catch {
      return true;
    }
  });
  if (missing.length === 0) return undefined;
  return `switchboard: it has to be built, and what builds it is not installed (NODE_ENV=production and --omit=dev leave it out); run: npm ci --include=dev`;
};
