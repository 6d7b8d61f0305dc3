/** How often a fault is repeated: a few times in the suite, as often as `npm run reliability` says in a long run. */
export function rounds(variable: string, inSuite: number): number {
  return Number(process.env[variable] ?? inSuite);
}

/** How long a test may take that repeats a fault. */
export function longest(inSuiteMs = 120_000): number {
  return Number(process.env['RELIABILITY_MS'] ?? inSuiteMs);
}
