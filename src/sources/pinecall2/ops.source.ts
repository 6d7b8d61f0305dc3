/**
 * All orgs of a gateway, as its operator sees them: `pinecall2-ops+https://…`. An operator's key opens no call's log,
 * so this source reports that calls ring, begin, are handed over and end, but nothing that is said. An agent is named
 * `<org>/<agent>`: the same name in two orgs is two agents, and neither may reach the other's owner.
 */
import { Reachability } from '../pinecall/reachability.js';
import { SparseLog } from '../../common/sparse-log.js';
import type { EventSink, Source } from '../source.js';
import { GatewayApi } from './gateway-api.js';
import { GatewayHttp } from './gateway-http.js';
import { OpsRun } from './ops-run.js';
import { DEFAULT_TIMINGS, type GatewayAddress, type Pinecall2Options, type Timings, readAddress, readKey } from './pinecall2-options.js'; // prettier-ignore
import { RequestBudget } from './request-budget.js';

const PREFIX = 'pinecall2-ops+';

/** Reads `pinecall2-ops+https://gateway.example`, with `?env=sandbox` and `&simulated=true`. */
export class Pinecall2OpsSource implements Source {
  readonly name: string;
  readonly once = true;
  private readonly address: GatewayAddress;
  private readonly apiKey: string;
  private readonly timings: Timings;
  private reachability: Reachability | undefined;

  /** Throws {@link InvalidSource}. */
  constructor(
    entry: string,
    private readonly options: Pinecall2Options,
  ) {
    this.address = readAddress(entry, PREFIX);
    const { origin, world } = this.address;
    this.name = `${PREFIX}${origin}${world === 'production' ? '' : `?env=${world}`}`;
    this.apiKey = readKey(options.apiKey, 'PINECALL_OPS_KEY');
    this.timings = { ...DEFAULT_TIMINGS, ...options.timings };
  }

  get trouble(): string | undefined {
    return this.reachability?.trouble;
  }

  /**
   * Rejects if the key is refused, the cursors cannot be read, or nothing could be read for a while (5 s for a run that
   * never could).
   */
  async run(sink: EventSink, live: () => void, signal: AbortSignal): Promise<void> {
    const { name: source, address, apiKey, timings } = this;
    const http = new GatewayHttp(address.origin, this.options.ca);
    const budget = new RequestBudget(this.options.perMinute);
    const api = new GatewayApi({ http, budget, apiKey, world: undefined, timeoutMs: timings.requestTimeoutMs });
    let outage = (_error: Error): void => undefined;
    const reachability = new Reachability(timings.outageMs, live, (error) => outage(error));
    this.reachability = reachability;
    const log = new SparseLog('Pinecall2', source);
    const run = new OpsRun({ source, api, address, cursors: this.options.cursors, timings, sink, reachability, log });
    outage = (error) => run.fail(error);
    try {
      await run.run(signal);
    } finally {
      await http.close();
    }
  }
}
