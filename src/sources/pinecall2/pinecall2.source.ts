/**
 * The second generation of Pinecall, as a source: an org of a gateway, every call of it from its first entry to its
 * seal. Cursors are stored after the commit, so nothing is lost across restarts. What is relied on of the wire:
 * README.md, beside this.
 */
import type { EventSink, Source } from '../source.js';
import { GatewayApi } from './gateway-api.js';
import { GatewayCalls } from './gateway-calls.js';
import { GatewayHttp } from './gateway-http.js';
import { OrgRun } from './org-run.js';
import { DEFAULT_TIMINGS, type GatewayAddress, type Pinecall2Options, type Timings, readAddress, readKey } from './pinecall2-options.js'; // prettier-ignore
import { RequestBudget } from './request-budget.js';

const PREFIX = 'pinecall2+';

/** Reads `pinecall2+https://box.pinecall.io`, with `?env=sandbox`, `&history=<days>`, `&simulated=true`. */
export class Pinecall2Source implements Source {
  readonly name: string;
  readonly once = true;
  readonly calls: GatewayCalls;
  private readonly address: GatewayAddress;
  private readonly apiKey: string;
  private readonly timings: Timings;
  private current: OrgRun | undefined;

  /** Throws {@link InvalidSource}. */
  constructor(
    entry: string,
    private readonly options: Pinecall2Options,
  ) {
    this.address = readAddress(entry, PREFIX);
    const { origin, world } = this.address;
    this.name = `${PREFIX}${origin}${world === 'production' ? '' : `?env=${world}`}`;
    this.apiKey = readKey(options.apiKey, 'PINECALL2_API_KEY or PINECALL_API_KEY');
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
    const supervisorKey = options.supervisorKey && readKey(options.supervisorKey, 'PINECALL2_SUPERVISOR_KEY');
    this.calls = new GatewayCalls({ origin, world, apiKey: this.apiKey, supervisorKey, ca: options.ca });
  }

  get trouble(): string | undefined {
    return this.current?.trouble;
  }

  /**
   * Rejects if the key is refused, the cursors cannot be read, or nothing could be read for a while (5 s for a run that
   * never could).
   */
  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    const { name: source, address, apiKey, timings } = this;
    const { cursors, ca, perMinute } = this.options;
    const http = new GatewayHttp(address.origin, ca);
    const budget = new RequestBudget(perMinute);
    const { world } = address;
    const api = new GatewayApi({ http, budget, apiKey, world, timeoutMs: timings.requestTimeoutMs });
    this.current = new OrgRun({ source, api, address, cursors, timings, sink, live });
    try {
      await this.current.run(signal);
    } finally {
      await http.close();
    }
  }
}
