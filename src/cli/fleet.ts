/**
 * Reads a fleet from a file: which agent belongs to which tenant. The file is read as a whole and refused as a whole,
 * before anything is changed. Pure.
 */
import { CsvError, parse } from 'csv-parse/sync';
import { z } from 'zod';
import { agentNameSchema, tenantIdSchema } from '../common/ids.js';

export interface Placement {
  readonly agent: string;
  readonly tenant: string;
}

/** The file contains something impossible; each fault names its place. */
export class FleetError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(faults.join('\n'));
  }
}

export type Step = Placement & {
  /** `assign`: nobody owns the agent; `transfer`: another tenant does. */
  readonly what: 'assign' | 'transfer' | 'keep';
  readonly from: string | null;
};

const rowsSchema = z.array(z.object({ agent: z.string(), tenant: z.string() }));
const csvSchema = z.array(z.object({ record: rowsSchema.element, info: z.object({ lines: z.number() }) }));
const mapSchema = z.record(z.string(), z.array(z.string()));

/**
 * CSV with the header `agent,tenant`, as spreadsheets write it, or JSON: `[{"agent","tenant"}]` or `{"acme":["mara"]}`;
 * UTF-8 or UTF-16. Throws {@link FleetError}.
 */
export function readFleet(bytes: Uint8Array): Placement[] {
  const text = textOf(bytes);
  const isJson = /^\s*[[{]/.test(text);
  const placed = isJson ? fromJson(text) : fromCsv(text);
  const faults: string[] = [];
  const seen = new Map<string, string>();
  for (const { agent, tenant, where } of placed) {
    const before = seen.get(agent);
    if (before !== undefined) faults.push(`${where}: ${JSON.stringify(agent)} stands in ${before} already`);
    seen.set(agent, where);
    if (!agentNameSchema.safeParse(agent).success)
      faults.push(`${where}: ${JSON.stringify(agent)} is no name of an agent`);
    if (!tenantIdSchema.safeParse(tenant).success)
      faults.push(`${where}: ${JSON.stringify(tenant)} is no name of a tenant`);
  }
  if (placed.length === 0) faults.push('there is nothing in it');
  if (faults.length > 0) throw new FleetError(faults);
  return placed.map(({ agent, tenant }) => ({ agent, tenant }));
}

/** The changes after which the agents are where the file says. */
export function planFleet(placements: readonly Placement[], owners: ReadonlyMap<string, string | null>): Step[] {
  return placements.map(({ agent, tenant }) => {
    const from = owners.get(agent) ?? null;
    return { agent, tenant, from, what: from === tenant ? 'keep' : from === null ? 'assign' : 'transfer' };
  });
}

/**
 * "Unicode text" of a spreadsheet and redirected output of PowerShell are UTF-16; an 8-bit code page does not say which
 * one it is.
 */
function textOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  const isBigEndian = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  const isLittleEndian = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  const encoding = isBigEndian ? 'utf-16be' : isLittleEndian ? 'utf-16le' : 'utf-8';
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new FleetError(['it is not UTF-8; save it as "CSV UTF-8"']);
  }
}

type Placed = Placement & { readonly where: string };

function fromCsv(text: string): Placed[] {
  try {
    const header = (names: string[]) => names.map((name) => name.toLowerCase());
    const empty = { skip_empty_lines: true, skip_records_with_empty_values: true };
    const rows: unknown = parse(text, { ...separatorOf(text), ...empty, columns: header, trim: true, info: true });
    const table = csvSchema.safeParse(rows);
    if (!table.success) throw new FleetError(['line 1: the header must name agent and tenant']);
    return table.data.map(({ record, info }) => ({ ...record, where: `line ${info.lines}` }));
  } catch (error) {
    if (error instanceof CsvError) throw new FleetError([error.message]);
    throw error;
  }
}

/** The separator depends on a spreadsheet's country. A first line names it, or the header shows it. */
function separatorOf(text: string): { delimiter: string; from_line?: number } {
  const said = /^sep=(.)\r?\n/i.exec(text)?.[1];
  if (said !== undefined) return { delimiter: said, from_line: 2 };
  const header = /^\s*(.*)/.exec(text)?.[1] ?? '';
  return { delimiter: [';', '\t', ','].find((one) => header.includes(one)) ?? ',' };
}

function fromJson(text: string): Placed[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new FleetError([(error as Error).message]);
  }
  const rows = rowsSchema.safeParse(value);
  if (rows.success) return rows.data.map((row, index) => ({ ...row, where: `entry ${index + 1}` }));
  const map = mapSchema.safeParse(value);
  if (!map.success) throw new FleetError(['it must be [{"agent","tenant"}, …] or {"<tenant>": ["<agent>", …], …}']);
  return Object.entries(map.data).flatMap(([tenant, agents]) =>
    agents.map((agent, index) => ({ agent, tenant, where: `${tenant}[${index}]` })),
  );
}
