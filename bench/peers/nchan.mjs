/**
 * nchan, a module of nginx in C (Debian: nginx-light, libnginx-mod-nchan). It accepts one message per request, so a
 * process of ours in between splits the bench's requests; only nginx's own CPU is counted.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { takeIn } from './fan-out.mjs';
import { freePort } from '../free-port.mjs';

const MODULE = '/usr/lib/nginx/modules/ngx_nchan_module.so';
/** Connections that publish; as many messages are sent at a time. */
const PUBLISHERS = 16;

export function hasNchan() {
  return spawnSync('nginx', ['-v']).status === 0 && existsSync(MODULE);
}

const configuration = (folder, port) => `
load_module ${MODULE};
worker_processes 1;
worker_rlimit_nofile 20000;
pid ${folder}/nginx.pid;
error_log ${folder}/error.log;
events { worker_connections 15000; }
http {
  access_log off;
  keepalive_requests 100000000;
  client_body_temp_path ${folder}/body;
  map $http_authorization $agent { "~^Bearer (?<name>.+)$" $name; }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location ~ ^/publish/(.+)$ { nchan_publisher; nchan_channel_id $1; nchan_message_buffer_length 100; nchan_message_timeout 5s; }
    location = /v1/events { nchan_subscriber eventsource; nchan_channel_id $agent; nchan_subscriber_first_message newest; }
  }
}
`;

/** @returns {Promise<import('../children.mjs').Subject>} */
export async function startNchan() {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-nchan-'));
  const port = await freePort();
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port));
  const nginx = spawn('nginx', ['-c', join(folder, 'nginx.conf'), '-g', 'daemon off;'], { stdio: 'ignore' });
  const agent = new Agent({ keepAlive: true, maxSockets: PUBLISHERS });
  const publish = (event) => publishTo(port, agent, event);
  const ingest = createServer((message, response) => {
    takeIn(message, response, (events) => Promise.all(events.map(publish)));
  }).listen(0, '127.0.0.1');
  await once(ingest, 'listening');
  await untilServing(port);
  return {
    name: 'nchan',
    pid: workerOf(nginx.pid),
    port,
    ingestPort: ingest.address().port,
    ingestToken: 'anybody',
    readerToken: (tenant) => `agent-${tenant}`,
    readyMark: ': hi',
    end: async () => {
      const exited = once(nginx, 'exit');
      nginx.kill('SIGTERM');
      await exited;
      agent.destroy();
      ingest.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function publishTo(port, agent, { agent: name, event, text }) {
  return new Promise((resolve, reject) => {
    const headers = { 'X-EventSource-Event': event, 'Content-Length': Buffer.byteLength(text) };
    const options = { agent, port, host: '127.0.0.1', method: 'POST', path: `/publish/${name}`, headers };
    request(options, (response) => response.resume().on('end', resolve))
      .on('error', reject)
      .end(text);
  });
}

/** The master does nothing; its one worker does the work. */
function workerOf(master) {
  return Number(readFileSync(`/proc/${master}/task/${master}/children`, 'utf8').trim().split(' ')[0]);
}

async function untilServing(port) {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false, // Not yet.
    );
    if (up) return;
    await wait(50);
  }
  throw new Error('nginx did not start');
}
