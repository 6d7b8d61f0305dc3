/** The processes of a run, and their end: whatever happens, none of them stays behind. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const file = (name) => fileURLToPath(new URL(name, import.meta.url));

/** @type {Set<() => Promise<void>>} how to end what is running now */
const endings = new Set();

/** Remembers how to end something. Returns a function that does so, once. */
export function endAtExit(end) {
  let ended;
  const endOnce = () => {
    endings.delete(endOnce);
    return (ended ??= end());
  };
  endings.add(endOnce);
  return endOnce;
}

export async function endEverything() {
  // Newest first: a later process may use an earlier one.
  for (const end of [...endings].reverse()) await end();
}

/** Arguments of node for a server under test: see `collect.mjs`. */
export const SERVER_ARGUMENTS = ['--expose-gc', '--import', new URL('collect.mjs', import.meta.url).href];

function forkScript(name, execArgv = [], args = []) {
  const child = fork(file(name), args, { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const end = endAtExit(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  return { child, end };
}

/**
 * A server under test.
 * @typedef {object} Subject
 * @property {string} name
 * @property {number} pid
 * @property {number} port
 * @property {number} [ingestPort]     where it takes events in, if elsewhere
 * @property {string} ingestToken
 * @property {(tenant: number) => string} readerToken
 * @property {string} readyMark       what a reader gets when its stream is live
 * @property {number | undefined} databasePid  its PostgreSQL's first process
 * @property {string} [databaseUrl]
 * @property {string} [dataDir]
 * @property {() => Promise<void>} end
 */

/** @returns {Promise<Subject>} */
export function startBare() {
  return startServer('bare', 'bare-server.mjs', ':ready');
}

/** A server in a script of this folder, which tells its port. @returns {Promise<Subject>} */
export async function startServer(name, script, readyMark, args = []) {
  const { child, end } = forkScript(script, SERVER_ARGUMENTS, args);
  const gone = once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended before it listened`)));
  const [{ port }] = await Promise.race([once(child, 'message'), gone]);
  gone.catch(() => undefined); // From here on its clients notice if it fails.
  const readerToken = (tenant) => `agent-${tenant}`;
  return { name, pid: child.pid, port, ingestToken: 'anybody', readerToken, readyMark, databasePid: undefined, end };
}

export const startReaders = () => startClients('readers.mjs');

export const startCrowd = () => startClients('crowd.mjs');

/**
 * A process of clients, by its script's place seen from here; `ask('open', {…})` and the like resolve with its answer.
 */
export function startClients(script) {
  const { child, end } = forkScript(script);
  const waiting = new Map();
  let lastId = 0;
  child.on('message', ({ id, result, error }) => {
    const { resolve, reject } = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) resolve(result);
    else reject(new Error(error));
  });
  child.on('exit', () => {
    for (const { reject } of waiting.values()) reject(new Error('the readers ended'));
  });
  const ask = (command, options = {}) =>
    new Promise((resolve, reject) => {
      const id = ++lastId;
      waiting.set(id, { resolve, reject });
      child.send({ id, command, ...options }, (error) => error && reject(error));
    });
  return { ask, end };
}
