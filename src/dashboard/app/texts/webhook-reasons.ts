/** Why an attempt failed, in a sentence, and what to do about it. */

export interface FailureText {
  readonly title: string;
  readonly advice: string;
}

/** By the words that the server gives. */
const REASONS: Readonly<Record<string, FailureText>> = {
  'nobody listens there: the connection was refused': {
    title: 'Nothing listens at this address.',
    advice: 'Start your receiver, or check the port.',
  },
  'it closed the connection before it answered': {
    title: 'The connection was closed before an answer came.',
    advice: 'Check your receiver’s log; it may have crashed.',
  },
  'its name is not known': {
    title: 'The name in the address does not exist.',
    advice: 'Check the spelling.',
  },
  'its name could not be looked up': {
    title: 'The name in the address could not be looked up.',
    advice: 'The DNS server did not answer. This usually resolves itself.',
  },
  'there is no way to it': {
    title: 'The address cannot be reached from here.',
    advice: 'Check that the server is public and running.',
  },
  'it could not be connected to in time': {
    title: 'The connection could not be made in time.',
    advice: 'A firewall may drop it, or the server is down.',
  },
  'its answer has too large headers': {
    title: 'The answer’s headers are too large.',
    advice: 'Answer with few headers: a plain 204 is enough.',
  },
  'its certificate has expired': {
    title: 'The certificate has expired.',
    advice: 'Renew it.',
  },
  'its certificate is signed by nobody known': {
    title: 'The certificate is not signed by a known authority.',
    advice: 'Use a certificate from a public authority, with the full chain.',
  },
  'its certificate is for another name': {
    title: 'The certificate is for another name.',
    advice: 'Check the address, or the certificate’s names.',
  },
  'it does not speak HTTP': {
    title: 'The server does not speak HTTP.',
    advice: 'Check the port, and whether it should be http or https.',
  },
  'it could not be reached': {
    title: 'The address could not be reached.',
    advice: 'Check that the server is public and running.',
  },
};

/** By the status of the answer. */
const STATUSES: Readonly<Record<number, FailureText>> = {
  400: {
    title: 'It refused the request (400).',
    advice: 'This usually means that the signature did not match: check the secret.',
  },
  401: {
    title: 'It asked for a sign-in (401).',
    advice: 'Let requests through without one, and verify the signature instead.',
  },
  403: { title: 'It refused access (403).', advice: 'A firewall or a check in your receiver refuses the request.' },
  404: { title: 'There is nothing at this path (404).', advice: 'Check the address’s path.' },
  405: { title: 'It does not accept POST there (405).', advice: 'Check the address’s path, and let it accept POST.' },
  410: {
    title: 'It says that it is gone permanently (410).',
    advice: 'The webhook is disabled. Change the address, or delete it.',
  },
  413: { title: 'The event is too large for it (413).', advice: 'Let your server accept bodies of up to 1 MB.' },
  429: {
    title: 'It is receiving too many requests (429).',
    advice: 'Events are sent again, after the time it asks for.',
  },
};

interface Failure {
  readonly status: number | null;
  /** In the server's words. */
  readonly reason: string | null;
}

export function failureText({ status, reason }: Failure): FailureText {
  if (status !== null) return STATUSES[status] ?? byKind(status);
  const words = reason ?? '';
  const known = REASONS[words];
  if (known !== undefined) return known;
  const seconds = /^it did not answer within (\d+) s$/.exec(words)?.[1];
  if (seconds !== undefined)
    return {
      title: `There was no answer within ${seconds} seconds.`,
      advice: 'Answer first, and do the work afterwards.',
    };
  const why = /^it may not be reached: (.+)$/.exec(words)?.[1];
  if (why !== undefined)
    return { title: 'This address may not be used.', advice: `${sentence(why)} Events are sent to public https only.` };
  return { title: sentence(words === '' ? 'it failed' : words), advice: '' };
}

function byKind(status: number): FailureText {
  if (status >= 500)
    return {
      title: `Your server failed (${status}).`,
      advice: 'Check its log.',
    };
  if (status >= 300 && status < 400)
    return {
      title: `It answered with a redirect (${status}).`,
      advice: 'Redirects are not followed: enter the final address.',
    };
  return { title: `It answered ${status}.`, advice: 'Answer 204 once you have the event.' };
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
}
