/**
 * A hundred readers that start from the beginning of a long log, compared with `node:http` piping the same bytes from a
 * file.
 */
import { rmSync } from 'node:fs';
import { fill } from '../load.mjs';
import { residentKb, settledKb } from '../process-stat.mjs';

const EVENTS = 50_000;
const READERS = 100;
const SAMPLE_MS = 50;
const AGENT = 1;

export const rows = () => [
  { key: 'backlogMBs', label: `${READERS} readers × ${EVENTS.toLocaleString('en')} events of the log, MB/s` },
  { key: 'pipedMBs', label: '… bare node:http piping the same bytes from a file, MB/s' },
  { key: 'backlogRatio', label: '… ratio', least: 0.4 },
  { key: 'backlogGrowthMB', label: '… resident growth, MB', target: 64 },
  { key: 'pipedGrowthMB', label: '… resident growth of the bare server, MB' },
];

export async function measure({ subject, crowd, options, startPipe, progress }) {
  await fill(subject, { agent: AGENT, events: EVENTS, eventsARequest: 1000 });
  const file = `${subject.dataDir}/backlog.bytes`;
  const path = '/v1/events?after=0';
  const token = subject.readerToken(AGENT);
  await crowd.ask('drain', { port: subject.port, path, tokens: [token], file });
  progress(`${READERS} readers from the start of ${EVENTS} events`);
  const ours = await drained(subject, { crowd, path, token, options });
  const pipe = await startPipe(file);
  const bare = await drained(pipe, { crowd, path, token, options });
  await pipe.end();
  rmSync(file);
  return {
    backlogMBs: ours.megabytesPerSecond,
    pipedMBs: bare.megabytesPerSecond,
    backlogRatio: ours.megabytesPerSecond / bare.megabytesPerSecond,
    backlogGrowthMB: ours.growthMB,
    pipedGrowthMB: bare.growthMB,
  };
}

async function drained({ pid, port }, { crowd, path, token, options }) {
  const beforeKb = await settledKb(pid, options.settleMs);
  let mostKb = beforeKb;
  const sampling = setInterval(() => (mostKb = Math.max(mostKb, residentKb(pid))), SAMPLE_MS);
  const { bytes, tookMs } = await crowd.ask('drain', { port, path, tokens: Array.from({ length: READERS }, () => token) });
  clearInterval(sampling);
  return { megabytesPerSecond: bytes / tookMs / 1000, growthMB: (mostKb - beforeKb) / 1024 };
} // prettier-ignore
