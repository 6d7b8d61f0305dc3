/** Calls as a test makes them and as the API answers them. */
import type { CallView } from '../../src/calls/fold/call-view.js';
import { waitFor } from './wait-for.js';
import type { Answer, Switchboard, TestTenant } from './switchboard.js';

export type FoundCall = CallView & {
  readonly tenant?: string | null;
  readonly snippet?: { text: string; matches: { start: number; end: number }[]; role: string } | null;
};

export interface CallPage {
  readonly calls: FoundCall[];
  readonly next: string | null;
  readonly cursor: number;
}

export type OneCall = CallView & {
  readonly earlier: string | null;
  readonly cursor: number;
  readonly tenant?: string | null;
};

export const started = (agent: string, callId: string, fields: object = {}) => ({
  event: 'call.started',
  agent,
  callId,
  from: '+34611111111',
  to: '+34910000000',
  direction: 'inbound',
  transport: 'phone',
  ...fields,
});
export const said = (agent: string, callId: string, messageId: string, text: string, fields: object = {}) => ({
  event: 'user.message',
  agent,
  callId,
  messageId,
  text,
  ...fields,
});
export const ended = (agent: string, callId: string, fields: object = {}) => ({
  event: 'call.ended',
  agent,
  callId,
  reason: 'hangup',
  duration: 60,
  ...fields,
});

/** What was ingested is in the calls. A request waits for that itself, but no longer than a person would (250 ms). */
export async function settled(board: Switchboard): Promise<void> {
  await waitFor(async () => {
    const { body } = await board.request<{ calls: { behind: number } }>('GET', '/readyz');
    return body.calls.behind === 0;
  }, 'the calls to be as new as the log');
}

/** What the API answers at this moment. */
export const callsNow = (board: Switchboard, { token }: Pick<TestTenant, 'token'>, query = '') =>
  board.request<CallPage>('GET', `/v1/calls${query}`, { token });
export const callNow = (board: Switchboard, { token }: Pick<TestTenant, 'token'>, call: string) =>
  board.request<OneCall>('GET', `/v1/calls/${call}`, { token });

export async function callsOf(...asked: Parameters<typeof callsNow>): Promise<Answer<CallPage>> {
  await settled(asked[0]);
  return callsNow(...asked);
}

export async function callOf(...asked: Parameters<typeof callNow>): Promise<Answer<OneCall>> {
  await settled(asked[0]);
  return callNow(...asked);
}

export const idsIn = ({ body }: Answer<CallPage>) => body.calls.map(({ callId }) => callId);
