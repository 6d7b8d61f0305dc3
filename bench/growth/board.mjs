/** A server on a filled database, and the tokens of its clients. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { createDataDir, startSwitchboard } from '../switchboard.mjs';
import { AGENTS, TENANTS, agentName, fill, tenantName } from './fill.mjs';
import { TEMPLATE, templateEvents } from './templates.mjs';

const UNLIMITED = 1_000_000;

/** @returns a subject with `api(who, method, path, body?)` and `end()`; `who`: large, small, admin. */
export async function startFilled(events, keptIn, say) {
  const dataDir = keptIn === undefined ? createDataDir() : join(keptIn, String(events));
  mkdirSync(dataDir, { recursive: true });
  const file = join(dataDir, 'growth-tokens.json');
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(await prepare(dataDir, events, say)));
  const subject = await start(dataDir);
  const tokens = { ...JSON.parse(readFileSync(file, 'utf8')), admin: subject.ingestToken };
  return { ...subject, tokens, api: (who, ...asked) => request(subject.port, tokens[who], ...asked) };
}

const start = (dataDir) => startSwitchboard(dataDir, { readerTokens: ['none'], cpuProf: undefined });

async function prepare(dataDir, events, say) {
  const subject = await start(dataDir);
  try {
    const api = async (method, path, body) => {
      const { status, text } = await request(subject.port, subject.ingestToken, method, path, body);
      if (status >= 300) throw new Error(`${method} ${path} answered ${status} ${text}`);
      return JSON.parse(text);
    };
    const tokens = await createOwners(api);
    const templates = templateEvents();
    for (let from = 0; from < templates.length; from += 500) await api('POST', '/v1/ingest', templates.slice(from, from + 500));
    while ((await api('GET', '/readyz')).calls.behind > 0) await wait(50);
    await fill(subject.databaseUrl, events, say);
    return tokens;
  } finally {
    await subject.end();
  }
} // prettier-ignore

async function createOwners(api) {
  const limits = { streams: UNLIMITED, streamsPerToken: UNLIMITED, ingestPerSecond: UNLIMITED };
  const own = (agent, tenant) => api('PUT', `/v1/admin/agents/${agent}/owner`, { tenant, from: null });
  await api('POST', '/v1/admin/tenants', { tenant: TEMPLATE.tenant, limits });
  await own(TEMPLATE.agent, TEMPLATE.tenant);
  for (let index = 0; index < TENANTS; index += 1) {
    await api('POST', '/v1/admin/tenants', { tenant: tenantName(index), limits });
    for (let agent = 0; agent < AGENTS + (index === 0 ? 1 : 0); agent += 1)
      await own(agentName(index, agent), tenantName(index));
  }
  const token = async (tenant) => {
    const asked = { name: 'growth', scopes: ['events:read', 'events:write'] };
    return (await api('POST', `/v1/admin/tenants/${tenant}/tokens`, asked)).token;
  };
  return { large: await token(tenantName(0)), small: await token(tenantName(7)) };
}

async function request(port, token, method, path, body) {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, text: await response.text() };
}
