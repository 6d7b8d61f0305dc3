/** The server's HTTP API, as the command line uses it. A refusal is thrown with the server's own words. */
import { z } from 'zod';
import type { Target } from './environment.js';

export const problemSchema = z.looseObject({
  type: z.string(),
  title: z.string(),
  detail: z.string().default(''),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).default([]),
  instance: z.string().optional(),
});
export type ProblemBody = z.infer<typeof problemSchema>;

/** What the server answered, and its text as it came. */
export interface Read<Answer> {
  readonly text: string;
  readonly answer: Answer;
}

/** The server refused, or something in between did. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: ProblemBody,
  ) {
    const isInTheirLog = status === 500 && problem.instance !== undefined;
    super(wordsOf(problem) + (isInTheirLog ? ` (request ${problem.instance})` : ''));
  }

  get slug(): string {
    return this.problem.type.replace('/problems/', '');
  }
}

export class Api {
  constructor(readonly target: Target) {}

  /** Throws {@link ApiError}. An answer that does not match the schema is the server's fault, and is thrown too. */
  async request<Answer>(method: string, path: string, answer: z.ZodType<Answer>, body?: unknown): Promise<Answer> {
    return (await this.read(method, path, answer, body)).answer;
  }

  /** As {@link request}, with the answer's text as it came: there, numbers of any length keep their digits. */
  async read<Answer>(method: string, path: string, answer: z.ZodType<Answer>, body?: unknown): Promise<Read<Answer>> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    const value = parse(text);
    if (!response.ok) throw new ApiError(response.status, problemOf(response, value));
    return { text, answer: answer.parse(value) };
  }

  /** A raw answer, for streams and for code that reads headers. */
  fetch(method: string, path: string, body?: unknown, init: RequestInit = {}): Promise<Response> {
    const headers = {
      ...(path.includes('token=') ? {} : { Authorization: `Bearer ${this.target.token}` }),
      ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      ...(init.headers as Record<string, string> | undefined),
    };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    return fetch(`${this.target.url}${path}`, { ...init, method, headers, ...sent });
  }

  /** Everything of a list, page by page. */
  async all<Row>(path: string, name: string, row: z.ZodType<Row>): Promise<Row[]> {
    const rows: Row[] = [];
    for (let cursor: string | null | undefined; cursor !== null;) {
      const query = new URLSearchParams({ limit: '500', ...(cursor === undefined ? {} : { cursor }) });
      const page = z.looseObject({ [name]: z.array(row), next: z.string().nullable() });
      const answer = await this.request('GET', `${path}${path.includes('?') ? '&' : '?'}${query.toString()}`, page);
      rows.push(...(answer[name] as Row[]));
      cursor = answer.next as string | null;
    }
    return rows;
  }
}

/** What a failed connection reports; if several addresses were tried, the last one's words. */
export function causeOf(error: unknown): string {
  const last = error instanceof AggregateError ? (error.errors.at(-1) as unknown) : error;
  return last instanceof Error ? last.message : String(last);
}

/** The fields that were wrong, if the server names them; otherwise its message for people. */
function wordsOf(problem: ProblemBody): string {
  const faults = faultsIn(problem);
  return faults === '' ? problem.detail || problem.title : `${problem.title}: ${faults}`;
}

export function faultsIn({ errors }: ProblemBody): string {
  return errors.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`)).join('; ');
}

/** Undefined: nothing, or a proxy's page, of which the status is enough. */
export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export function problemOf(response: Response, value: unknown): ProblemBody {
  const problem = problemSchema.safeParse(value);
  const detail = 'The answer is not Switchboard’s; is the address right?';
  if (problem.success) return problem.data;
  return { type: '', title: '', detail: `HTTP ${response.status}. ${detail}`, errors: [] };
}
