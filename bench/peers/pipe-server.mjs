/** `node:http` that pipes a file to whoever asks: what sending so many bytes costs at least. The file is its one argument. */
import { createReadStream } from 'node:fs';
import { createServer } from 'node:http';
import { listen } from './fan-out.mjs';

listen(
  createServer((_request, response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    createReadStream(process.argv[2]).pipe(response);
  }),
);
