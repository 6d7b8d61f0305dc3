/** Calls as a test makes them and as the API answers them. */
import type { CallView } from '../../src/calls/call-view.js';
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

export type OneCall = CallView & { readonly cursor: number; readonly tenant?: string | null };

export const started = (agent: string, callId: string, fields: object = {}) => ({
  ...{ event: 'call.started', agent, callId, from: '+34611111111', to: '+34910000000', direction: 'inbound' },
  ...{ transport: 'phone', ...fields },
});
export const said = (agent: string, callId: string, messageId: string, text: string, fields: object = {}) => ({
  ...{ event: 'user.message', agent, callId, messageId, text, ...fields },
});
export const ended = (agent: string, callId: string, fields: object = {}) => ({
  ...{ event: 'call.ended', agent, callId, reason: 'hangup', duration: 60, ...fields },
});

export function callsOf(
  board: Switchboard,
  { token }: Pick<TestTenant, 'token'>,
  query = '',
): Promise<Answer<CallPage>> {
  return board.request<CallPage>('GET', `/v1/calls${query}`, { token });
}

export function callOf(
  board: Switchboard,
  { token }: Pick<TestTenant, 'token'>,
  call: string,
): Promise<Answer<OneCall>> {
  return board.request<OneCall>('GET', `/v1/calls/${call}`, { token });
}

export const idsIn = ({ body }: Answer<CallPage>) => body.calls.map(({ callId }) => callId);
