/**
 * Runs on the client's machine of half-open.mjs: opens so many streams for each token it is given, prints a line, and
 * reads.
 */
import { openLiveStream } from './sse-client.mjs';

const { port, host, tokens, counts } = JSON.parse(process.argv[2]);
for (const [index, token] of tokens.entries())
  for (let count = 0; count < counts[index]; count += 1) await openLiveStream({ port, host, token });
process.stdout.write('open\n');
