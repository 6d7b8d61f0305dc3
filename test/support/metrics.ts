/** /metrics as a scraper reads it: https://prometheus.io/docs/instrumenting/exposition_formats/ */
import type { Switchboard } from './switchboard.js';

export class Metrics {
  private constructor(private readonly lines: readonly string[]) {}

  /** With the admin's token, unless another one is named. */
  static async of(board: Switchboard, token = board.adminToken): Promise<Metrics> {
    const { status, text } = await board.request('GET', '/metrics', { token });
    if (status !== 200) throw new Error(`/metrics: ${status} ${text}`);
    return new Metrics(text.split('\n'));
  }

  /** Names of series: a histogram has three. */
  get names(): Set<string> {
    const types = this.lines.flatMap((line) => [/^# TYPE (\S+) (\S+)$/.exec(line)?.slice(1) ?? []]);
    return new Set(
      types.flatMap(([name = '', type]) =>
        type === 'histogram' ? ['_bucket', '_sum', '_count'].map((suffix) => name + suffix) : name === '' ? [] : [name],
      ),
    );
  }

  /** Undefined where there is no such series; of several with these labels, their sum. */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number | undefined {
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    const found = this.lines
      .map((line) => /^(\w+)(\{.*\})? (\S+)$/.exec(line))
      .filter((parts) => parts?.[1] === name && wanted.every((label) => parts[2]?.includes(label)));
    return found.length === 0 ? undefined : found.reduce((sum, parts) => sum + Number(parts?.[3]), 0);
  }

  /** As {@link value}, 0 where there is none. */
  count(name: string, labels?: Readonly<Record<string, string>>): number {
    return this.value(name, labels) ?? 0;
  }
}
