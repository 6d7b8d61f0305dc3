// What the SDK hands to a listener, as the object that Switchboard reads: its type in `event`, whose call it is, plain data.
export const TYPES = ['call.started', 'call.ended', 'user.message', 'bot.speaking', 'bot.word', 'bot.finished', 'bot.interrupted', 'message.confirmed']; // prettier-ignore

export function wireEvent(event, ...args) {
  const [data, call = data] = args.filter((each) => typeof each === 'object' && each !== null);
  const plain = Object.fromEntries(Object.entries(data).filter(([key, value]) => !/^_|^call$/.test(key) && typeof value !== 'function')); // prettier-ignore
  const agent = call.agent?.name ?? call.agent ?? data.agent;
  return { ...plain, event, agent, callId: call.callId ?? call.id ?? data.callId };
}
