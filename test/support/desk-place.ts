/** A gateway's double, the product that reads it, and a customer whose agent takes calls there. */
import { GATEWAY_KEY, Gateway } from './pinecall2-gateway.js';
import { beginCall, endCall } from './pinecall2-desk.js';
import type { CallLog } from './pinecall2-log.js';
import { Switchboard, type TestTenant } from './switchboard.js';
import { fresh } from './things.js';
import { waitFor } from './wait-for.js';

export const DESK_SCOPES = ['events:read', 'agents:read', 'recordings:read', 'calls:steer', 'events:write'];

export class DeskPlace {
  private constructor(
    readonly gateway: Gateway,
    readonly board: Switchboard,
  ) {}

  static async start(variables: Record<string, string> = {}): Promise<DeskPlace> {
    const gateway = await Gateway.start();
    const board = await Switchboard.start({
      SOURCES: gateway.source,
      PINECALL_API_KEY: GATEWAY_KEY,
      LIMIT_REQUESTS_PER_SECOND: '1000',
      ...variables,
    });
    await waitFor(() => gateway.floors.size === 1);
    return new DeskPlace(gateway, board);
  }

  async customer(scopes = DESK_SCOPES): Promise<TestTenant & { readonly agent: string }> {
    const agent = fresh('harbour');
    return { agent, ...(await this.board.createTenant({ id: fresh('tenant'), agents: [agent], scopes })) };
  }

  /** A call that goes on, as soon as the customer sees it. */
  async begin({ agent, token }: TestTenant & { readonly agent: string }): Promise<CallLog> {
    const log = beginCall(this.gateway, fresh('call'), agent);
    await this.seen(log.call, token, (text) => text.includes('late ferry'));
    return log;
  }

  /** A call that is over, with this recording. */
  async recorded(customer: TestTenant & { readonly agent: string }, audio: Buffer): Promise<string> {
    const log = await this.begin(customer);
    endCall(this.gateway, log, audio);
    await this.seen(log.call, customer.token, (text) => text.includes('"recording":true'));
    return log.call;
  }

  async seen(call: string, token: string, holds: (text: string) => boolean): Promise<string> {
    return waitFor(async () => {
      const { text } = await this.board.request('GET', `/v1/calls/${call}`, { token });
      return holds(text) && text;
    });
  }

  async stop(): Promise<void> {
    await this.board.stop();
    await this.gateway.stop();
  }
}

/** Audio that says where it is: bytes that differ from place to place. */
export function audioOf(bytes: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: Math.ceil(bytes / 4) }, (_, index) => index * 2654435761).buffer, 0, bytes); // prettier-ignore
}

/** A quiet recording that any browser plays: 8 kHz, 8 bits, one channel (RIFF WAVE). */
export function wavOf(seconds: number): Buffer {
  const rate = 8000;
  const size = rate * seconds;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0);
  head.writeUInt32LE(36 + size, 4);
  head.write('WAVEfmt ', 8);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(rate, 28);
  head.writeUInt16LE(1, 32);
  head.writeUInt16LE(8, 34);
  head.write('data', 36);
  head.writeUInt32LE(size, 40);
  return Buffer.concat([head, Buffer.alloc(size, 128)]);
}
