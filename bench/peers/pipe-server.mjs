/**
 * `node:http` that pipes a file to every client: the least that sending so many bytes costs. The file is its one
 * argument.
 */
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { listen } from './fan-out.mjs';

listen(
  createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    createReadStream(process.argv[2]).pipe(response);
  }),
);
