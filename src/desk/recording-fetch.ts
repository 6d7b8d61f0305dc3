/** Asks for audio that lies elsewhere than at a gateway. Each hop of a redirect is checked; no key goes with it. */
import { Inject, Injectable, OnApplicationShutdown } from '@nestjs/common';
import { Agent, request } from 'undici';
import { AddressGuard, guardedAgent } from '../common/guarded-agent.js';
import { ENV, type Env } from '../config/env.js';
import type { UpstreamAnswer } from '../sources/upstream-calls.js';
import { allowedPlace } from './recording-hosts.js';

const MAX_HOPS = 3;
const ANSWER_MS = 10_000;
/** Between two pieces of the audio. */
const SILENT_MS = 30_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** The audio lies where nobody has allowed us to ask. */
export class PlaceNotAllowed extends Error {}

export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status);
}

@Injectable()
export class RecordingFetch implements OnApplicationShutdown {
  private readonly guarded = guardedAgent(new AddressGuard([]));
  private readonly trusted = new Agent({ keepAliveTimeout: 4000, connect: { timeout: ANSWER_MS } });

  constructor(@Inject(ENV) private readonly env: Env) {}

  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.guarded.destroy(), this.trusted.destroy()]);
  }

  /**
   * `own`: the origin of the gateway that sent us there, which is allowed, too. Rejects with {@link PlaceNotAllowed},
   * or with the connection's error.
   */
  async open(
    address: string,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
    own?: string,
  ): Promise<UpstreamAnswer> {
    const hosts = own === undefined ? this.env.recordingHosts : [...this.env.recordingHosts, own];
    let [text, base] = [address, own];
    for (let hop = 0; hop < MAX_HOPS; hop++) {
      const place = allowedPlace(text, base, hosts);
      if (place === undefined) throw new PlaceNotAllowed();
      const {
        statusCode: status,
        headers: answered,
        body,
      } = await request(place.url, {
        method: 'GET',
        dispatcher: place.isTrusted ? this.trusted : this.guarded,
        headers: { accept: 'audio/*, */*;q=0.1', 'accept-encoding': 'identity', ...headers },
        signal,
        headersTimeout: ANSWER_MS,
        bodyTimeout: SILENT_MS,
      });
      body.on('error', () => undefined); // Its reader hears of it, too.
      const header = (name: string) => [answered[name]].flat()[0];
      const location = header('location');
      if (!isRedirect(status) || location === undefined) return { status, header, body };
      body.destroy();
      [text, base] = [location, place.url.href];
    }
    throw new Error('the recording is redirected too often');
  }
}
