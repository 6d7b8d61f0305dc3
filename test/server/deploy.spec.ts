/**
 * What deploy/ and docker-compose.yml say of the server is so: names, paths, ports, times. No engine runs them here.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { readEnv } from '../../src/config/env.js';

const path = (name: string) => resolve(import.meta.dirname, '../..', name);
const read = (name: string) => readFileSync(path(name), 'utf8');
/** Every name that env.ts knows. */
const KNOWN = new Set(
  read('src/config/env.ts')
    .match(/^ {2}[A-Z][A-Z_]+(?=:)/gm)
    ?.map((name) => name.trim()),
);

const composeSchema = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      environment: z.record(z.string(), z.string()).default({}),
      volumes: z.array(z.string()).default([]),
      ports: z.array(z.string()).default([]),
      stop_grace_period: z.string().optional(),
      command: z.array(z.string()).default([]),
    }),
  ),
});
const services = composeSchema.parse(parse(read('docker-compose.yml'))).services;

const probe = z.object({ httpGet: z.object({ path: z.string(), port: z.string() }) });
const deploymentSchema = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    template: z.object({
      metadata: z.object({ labels: z.record(z.string(), z.string()) }),
      spec: z.object({
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.object({ runAsNonRoot: z.literal(true) }),
        containers: z.tuple([
          z.object({
            env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })),
            ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
            volumeMounts: z.array(z.object({ mountPath: z.string() })),
            startupProbe: probe,
            readinessProbe: probe,
            livenessProbe: probe,
            lifecycle: z.object({ preStop: z.object({ exec: z.object({ command: z.array(z.string()) }) }) }),
          }),
        ]),
      }),
    }),
  }),
});
const manifests = parseAllDocuments(read('deploy/kubernetes/switchboard.yaml')).map((document) => {
  expect(document.errors).toEqual([]);
  return document.toJS() as { kind: string; spec: Record<string, unknown> };
});
const pod = deploymentSchema.parse(manifests[0]).spec.template;
const [container] = pod.spec.containers;

/** A variable whose value is not in the file: what its kind looks like. */
const SECRETS: Record<string, string> = {
  DATABASE_URL: 'postgresql://u:p@db/switchboard',
  BUS_URL: 'nats://u:p@nats:4222',
  METRICS_TOKEN: 'x'.repeat(16),
};

it('docker-compose.yml: two processes on one database, bus and folder, and time for their goodbyes', () => {
  const app = services['app'];
  // ${NAME:-fallback}, as compose does without a .env.
  const variables = Object.entries(app?.environment ?? {}).map(([name, value]) => [
    name,
    value.replace(/\$\{\w+:-([^}]*)\}/g, '$1'),
  ]);
  expect(variables.map(([name = '']) => name).filter((name) => !KNOWN.has(name))).toEqual([]);
  const env = readEnv(Object.fromEntries(variables) as Record<string, string>);
  expect(env).toMatchObject({ demo: true, trustProxy: 1, publicUrl: { text: 'http://localhost:3000' } });
  const [database, bus] = [new URL(env.databaseUrl ?? ''), new URL(env.busUrl ?? '')];
  expect([database.hostname in services, bus.hostname in services]).toEqual([true, true]);
  expect(services['postgres']?.environment).toEqual({
    POSTGRES_USER: database.username,
    POSTGRES_PASSWORD: database.password,
    POSTGRES_DB: database.pathname.slice(1),
  });
  expect(services['nats']?.command.join(' ')).toContain(`--user ${bus.username} --pass ${bus.password}`);
  expect(parseInt(app?.stop_grace_period ?? '', 10) * 1000).toBe(env.drainMs + 5000);
  expect(app).toMatchObject({ deploy: { replicas: 2 }, volumes: ['app-data:/data'] });
});

it('docker-compose.yml: nginx gets what its template asks for, and is where PUBLIC_URL says', () => {
  const { environment = {}, volumes = [], ports = [] } = services['nginx'] ?? {};
  const template = read('deploy/nginx/switchboard.conf.template');
  const asked = new Set([...template.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name));
  expect(Object.keys(environment).sort()).toEqual([...asked].sort());
  expect(environment['UPSTREAM']).toMatch(/^server app:3000 resolve .*;$/);
  expect(ports).toEqual([`3000:${environment['LISTEN']}`]);
  for (const volume of volumes) expect(read(volume.split(':')[0] ?? '').length).toBeGreaterThan(0);
});

it('deploy/kubernetes: variables, port, probes and folder are ours, and there is time for goodbyes', () => {
  const names = container.env.map(({ name }) => name);
  expect(names.filter((name) => !KNOWN.has(name))).toEqual([]);
  const variables = container.env.map(({ name, value }) => [name, value ?? SECRETS[name]] as const);
  const env = readEnv(Object.fromEntries(variables));
  const { env: image, port } = dockerfile();
  expect(container.ports).toEqual([{ name: 'http', containerPort: port }]);
  expect(port).toBe(env.port);
  expect(container.volumeMounts).toEqual([expect.objectContaining({ mountPath: image['DATA_DIR'] })]);
  const { startupProbe, readinessProbe, livenessProbe } = container;
  const paths = [startupProbe, readinessProbe, livenessProbe].map(({ httpGet }) => `${httpGet.port} ${httpGet.path}`);
  expect(paths).toEqual(['http /healthz', 'http /readyz', 'http /healthz']);
  const preStop = Number(container.lifecycle.preStop.exec.command[1]);
  expect(pod.spec.terminationGracePeriodSeconds).toBe(preStop + env.drainMs / 1000 + 5);
});

it('deploy/kubernetes: Service, budget and Ingress mean these processes', () => {
  const [, budget, service, ingress] = manifests;
  expect(manifests.map(({ kind }) => kind)).toEqual(['Deployment', 'PodDisruptionBudget', 'Service', 'Ingress']);
  expect(budget?.spec['selector']).toEqual({ matchLabels: pod.metadata.labels });
  expect(service?.spec).toMatchObject({ selector: pod.metadata.labels, ports: [{ name: 'http', targetPort: 'http' }] });
  const backend = { service: { name: 'switchboard', port: { name: 'http' } } };
  const host = new URL(container.env.find(({ name }) => name === 'PUBLIC_URL')?.value ?? '').hostname;
  expect(ingress?.spec).toMatchObject({ tls: [{ hosts: [host] }], rules: [{ host, http: { paths: [{ backend }] } }] });
});

it('deploy/nginx waits longer than a stream may be silent, takes the largest body, and knows the paths of streams', () => {
  const template = read('deploy/nginx/switchboard.conf.template');
  const setting = (name: string) => Number(new RegExp(`^ *${name} (\\d+)[sm];`, 'm').exec(template)?.[1]);
  expect(setting('proxy_read_timeout') * 1000).toBeGreaterThan(2 * readEnv({}).streamPingMs);
  const setup = read('src/app.setup.ts');
  const largest = Number(/maxBytes: (\d+) \* MEBIBYTE/.exec(read('src/sources/ingest.controller.ts'))?.[1]);
  expect(setting('client_max_body_size')).toBeGreaterThan(largest);
  const paths = /location ~ (\S+) \{/.exec(template)?.[1];
  expect(paths?.replaceAll('/', '\\/').replaceAll('[^\\/]', '[^/]')).toBe(/STREAM_PATH = \/(.*)\/;/.exec(setup)?.[1]);
});

function dockerfile(): { env: Record<string, string>; port: number } {
  const text = read('Dockerfile');
  const pairs = [...text.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) =>
    line.split(' ').map((pair) => pair.split('=')),
  );
  return { env: Object.fromEntries(pairs) as Record<string, string>, port: Number(/^EXPOSE (\d+)/m.exec(text)?.[1]) };
}

it('deploy/haproxy: health, words and times are ours, and HAProxy takes it', () => {
  const text = read('deploy/haproxy/haproxy.cfg');
  const seconds = (name: string) => Number(new RegExp(`^ *timeout ${name} (\\d+)s$`, 'm').exec(text)?.[1]);
  const { streamPingMs } = readEnv({});
  for (const name of ['client', 'server']) expect(seconds(name) * 1000).toBeGreaterThan(2 * streamPingMs);
  expect(text).toMatch(/option httpchk GET \/readyz$/m);
  const [head = '', frames = ''] = read('deploy/haproxy/come-back.http').split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 200 OK\r\nContent-Type: text\/event-stream\r\n/);
  expect(frames).toMatch(/^retry: \d+\nevent: stream\.closing\ndata: \{"type":"\/problems\/unavailable",.*\}\n\n$/);
  const places = { LISTEN: '127.0.0.1:1', ONE: '127.0.0.1:2', TWO: '127.0.0.1:3' };
  const env = { PATH: `${process.env['PATH']}:/usr/sbin`, ...places, COME_BACK: path('deploy/haproxy/come-back.http') };
  const check = spawnSync('haproxy', ['-c', '-f', path('deploy/haproxy/haproxy.cfg')], { env, encoding: 'utf8' });
  if (check.error === undefined) expect([check.status, check.stderr]).toEqual([0, '']);
});

it('deploy/systemd: runs what is built, and leaves time for goodbyes', () => {
  const text = read('deploy/systemd/switchboard.service');
  const setting = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
  expect(setting('ExecStart')).toBe('/usr/bin/env node --enable-source-maps dist/main.js');
  const { drainMs, leaveMs } = readEnv({});
  expect(Number(setting('TimeoutStopSec')) * 1000).toBeGreaterThanOrEqual(leaveMs + drainMs + 5000);
  const names = [...setting('Environment').matchAll(/(\w+)=/g)].map(([, name = '']) => name);
  expect(names.filter((name) => name !== 'NODE_ENV' && !KNOWN.has(name))).toEqual([]);
});

it('the image’s probe asks the process where it is, and whether it lives', () => {
  expect(read('Dockerfile')).toMatch(/^HEALTHCHECK .* CMD \["node", "bin\/healthcheck\.mjs"\]$/m);
});
