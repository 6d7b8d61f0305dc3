/** `SOURCES` entries that name a broker: `nats://user:password@host:4222/subject`, `redis://host:6379/channel?db=2`. */
import { InvalidSource } from '../source.js';

export interface BrokerAddress {
  readonly url: URL;
  /** The subject, channel or stream. */
  readonly topic: string;
  /** The address without credentials, as an operator sees it. */
  readonly name: string;
}

const TOPIC = /^[^\s/]{1,256}$/;

/** Throws {@link InvalidSource}. Its message does not repeat the entry, which may hold a secret. */
export function readBrokerAddress(entry: string, shape: string): BrokerAddress {
  const url = URL.canParse(entry) ? new URL(entry) : undefined;
  const topic = url && decoded(url.pathname.slice(1));
  if (!url?.hostname || topic === undefined || !TOPIC.test(topic)) {
    throw new InvalidSource(
      `SOURCES: an entry that begins with "${shape.replace(/\/\/.*/, '//')}" must look like ${shape}`,
    );
  }
  return { url, topic, name: `${url.protocol}//${url.host}/${topic}` };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // The text has a "%" that encodes nothing.
  }
}
