/** The server's HTTP API, as the command line speaks it. What it refuses is thrown with its own words. */
import { z } from 'zod';
import type { Target } from './environment.js';

const problemSchema = z.looseObject({ type: z.string(), title: z.string(), detail: z.string().default('') });
type ProblemBody = z.infer<typeof problemSchema>;

/** The server said no, or something in between did. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: ProblemBody,
  ) {
    super(`${problem.title}. ${problem.detail}`.trim());
  }

  get slug(): string {
    return this.problem.type.replace('/problems/', '');
  }
}

export class Api {
  constructor(readonly target: Target) {}

  /** Throws {@link ApiError}; an answer that is not what the schema says is the server's fault and thrown, too. */
  async request<Answer>(method: string, path: string, answer: z.ZodType<Answer>, body?: unknown): Promise<Answer> {
    const response = await this.fetch(method, path, body);
    const text = await response.text();
    const value: unknown = text === '' ? undefined : parse(text);
    if (!response.ok) throw new ApiError(response.status, problemOf(response, value));
    return answer.parse(value);
  }

  /** A raw answer, for streams and for what looks at headers. */
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

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // A proxy's page: its status says enough.
  }
}

export function problemOf(response: Response, value: unknown): ProblemBody {
  const problem = problemSchema.safeParse(value);
  const detail = 'The answer is not Switchboard’s; is the address right?';
  return problem.success ? problem.data : { type: '', title: `HTTP ${response.status}`, detail };
}
