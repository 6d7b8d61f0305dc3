/** One event as one line for a terminal. Pure. The terminal shows what callers and agents said, and never obeys it. */
import { styleText } from 'node:util';
import { safe, shown } from './output.js';

export interface ShownEvent {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Interim events: many, and soon replaced by the whole text. */
const WORDS = /^(bot\.word$|user\.speaking$|speech\.|audio\.metrics$|eager\.turn$|turn\.)/;
const LONGEST = 300;

export function isWord(type: string): boolean {
  return WORDS.test(type);
}

/** Local time, tenant (of an admin's stream), agent, the call's end, and what happened in words. */
export function eventLine({ type, data }: ShownEvent, colour: boolean): string {
  const paint = (style: Parameters<typeof styleText>[0], text: string) =>
    colour ? styleText(style, text, { validateStream: false }) : text;
  const at = typeof data['at'] === 'string' ? new Date(data['at']) : new Date();
  const call = typeof data['callId'] === 'string' ? data['callId'].slice(-8) : '';
  return [
    paint('dim', at.toTimeString().slice(0, 8)),
    ...('tenant' in data ? [paint('magenta', shown(data['tenant']).padEnd(10))] : []),
    paint('cyan', shown(data['agent']).padEnd(10)),
    paint('dim', safe(call).padEnd(8)),
    paint(styleOf(type), safe(type).padEnd(18)),
    words(type, data),
  ]
    .join(' ')
    .trimEnd();
}

function styleOf(type: string): 'green' | 'red' | 'yellow' | 'blue' | 'bold' {
  if (type === 'call.started' || type === 'whatsapp.sessionStarted') return 'green';
  if (type === 'call.ended' || type === 'whatsapp.sessionEnded') return 'red';
  if (type === 'bot.interrupted' || type === 'log.gap') return 'yellow';
  return type.startsWith('user.') || type === 'whatsapp.message' ? 'bold' : 'blue';
}

function words(type: string, data: Readonly<Record<string, unknown>>): string {
  const field = (name: string) => (data[name] === undefined || data[name] === null ? '' : shown(data[name]));
  if (type === 'call.started' || type === 'call.ringing')
    return joined([`${field('from')} → ${field('to')}`, field('direction'), field('transport')]);
  if (type === 'call.ended' || type === 'whatsapp.sessionEnded')
    return joined([field('duration') === '' ? '' : `${field('duration')} s`, field('reason')]);
  if (typeof data['text'] === 'string' && data['text'] !== '') return `"${clipped(safe(data['text']))}"`;
  if (typeof data['word'] === 'string') return safe(data['word']);
  const { agent: _agent, at: _at, callId: _callId, tenant: _tenant, agentId: _id, event: _event, ...rest } = data;
  return clipped(shown(rest));
}

const joined = (parts: readonly string[]) => parts.filter((part) => part !== '').join(' ');
const clipped = (text: string) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
