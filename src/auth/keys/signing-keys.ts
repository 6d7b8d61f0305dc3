/**
 * The keys that sign our tokens: ES256, in the database so that every process has them. A rotation leaves no gap. A new
 * key is published first and signs only once every process must have it. An old key verifies until the last token that
 * it signed has expired or is revoked.
 */
import { Injectable, OnApplicationBootstrap } from '@nestjs/common';
import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { type Actor, AuditLog, SYSTEM } from '../../audit/audit-log.js';
import { Bus } from '../../bus/bus.js';
import { moment } from '../../common/moment.js';
import type { AnswerOf } from '../../common/operation.js';
import type { SigningKey } from '../../database/generated/client.js';
import { PgPool } from '../../database/pg-pool.js';
import { PrismaService } from '../../database/prisma.service.js';
import type { jwksAnswer } from './key-answers.js';
import { ALGORITHM } from './issuer.js';

/** The least time between two reads of the database for an unknown `kid`: strangers' tokens must not cause load. */
const REFRESH_MS = 5000;
/** The same while there is no key yet, because the first key signs as soon as it is made. */
const FIRST_REFRESH_MS = 100;
/**
 * How long a new key is published before it signs. Longer than a process may wait before it looks up an unknown `kid`.
 */
export const PUBLISH_MS = 2 * REFRESH_MS;
/** Keys older than this are read again before one signs: the message about a rotation may have been lost. */
const STALE_MS = 60_000;
/** The least time that a replaced key is kept: another process may still be signing with it. */
const MIN_VERIFYING_MS = 5 * STALE_MS;

/** Read, as rights are, on connections that no other work takes. */
const KEYS = `SELECT kid, created_at AS "createdAt", private_key AS "privateKey", public_key AS "publicKey"
  FROM signing_keys WHERE retired_at IS NULL ORDER BY created_at DESC`;
const LIVING = 'SELECT kid, count(*) AS tokens FROM tokens WHERE revoked_at IS NULL AND expires_at > $1 GROUP BY kid';

type KeyRow = Pick<SigningKey, 'kid' | 'createdAt' | 'privateKey' | 'publicKey'>;

interface KeyPair {
  readonly kid: string;
  readonly createdAt: Date;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Jwk;
}

type Jwk = AnswerOf<typeof jwksAnswer>['keys'][number];

export interface SigningKeyView {
  readonly kid: string;
  readonly createdAt: string;
  readonly signsFrom: string;
  readonly state: 'next' | 'signing' | 'verifying';
  /** How many tokens it signed that still work. */
  readonly tokens: number;
}

@Injectable()
export class SigningKeys implements OnApplicationBootstrap {
  /** Newest first. */
  private keys: KeyPair[] = [];
  private loadedAt = -Infinity;

  constructor(
    private readonly prisma: PrismaService,
    private readonly pool: PgPool,
    private readonly audit: AuditLog,
    private readonly bus: Bus,
  ) {
    bus.messages.subscribe(({ kind }) => {
      if (kind === 'keys-changed') this.loadedAt = -Infinity;
    });
    bus.reconnected.subscribe(() => (this.loadedAt = -Infinity));
  }

  async onApplicationBootstrap(): Promise<void> {
    await this.retire();
  }

  /** The key that signs now. The first one is made when it is needed. */
  async current(): Promise<{ kid: string; sign(claims: Readonly<Record<string, unknown>>): string }> {
    if (performance.now() - this.loadedAt > STALE_MS) await this.load();
    if (this.keys.length === 0) await this.create(SYSTEM);
    const key = chooseSigning(this.keys, moment().getTime());
    if (key === undefined) throw new Error('there is no signing key');
    const { kid, privateKey } = key;
    return { kid, sign: (claims) => jwt.sign(claims, privateKey, { algorithm: ALGORITHM, keyid: kid }) };
  }

  /** The public key of that id; undefined when it is none of ours. */
  async publicKey(kid: string): Promise<KeyObject | undefined> {
    const known = this.find(kid);
    const refreshMs = this.keys.length === 0 ? FIRST_REFRESH_MS : REFRESH_MS;
    if (known !== undefined || performance.now() - this.loadedAt < refreshMs) return known;
    await this.load();
    return this.find(kid);
  }

  /** The JSON Web Key Set (RFC 7517) at /.well-known/jwks.json. */
  async jwks(): Promise<{ keys: Jwk[] }> {
    if (performance.now() - this.loadedAt > REFRESH_MS) await this.load();
    return { keys: this.keys.map(({ jwk }) => jwk) };
  }

  /** Makes a new key, which signs after {@link PUBLISH_MS}, and removes keys that no working token needs. */
  async rotate(actor: Actor): Promise<SigningKeyView> {
    if (this.keys.length === 0) await this.load();
    const kid = await this.create(actor);
    await this.retire();
    const view = (await this.list()).find((key) => key.kid === kid);
    if (view === undefined) throw new Error('the new key is not there');
    return view;
  }

  /** Newest first. */
  async list(): Promise<SigningKeyView[]> {
    await this.load();
    const signing = chooseSigning(this.keys, moment().getTime());
    const counts = await this.living();
    return this.keys.map((key) => ({
      kid: key.kid,
      createdAt: key.createdAt.toISOString(),
      signsFrom: signsFrom(key, this.keys).toISOString(),
      state: key === signing ? 'signing' : signing && key.createdAt > signing.createdAt ? 'next' : 'verifying',
      tokens: counts.get(key.kid) ?? 0,
    }));
  }

  private find(kid: string): KeyObject | undefined {
    return this.keys.find((key) => key.kid === kid)?.publicKey;
  }

  private async load(): Promise<void> {
    const { rows } = await this.pool.query<KeyRow>(KEYS);
    this.loadedAt = performance.now();
    // Parsed once: reading PEM costs as much as verifying.
    const known = new Map(this.keys.map((key) => [key.kid, key]));
    this.keys = rows.map((row) => ({ ...(known.get(row.kid) ?? toKeyPair(row)), createdAt: row.createdAt }));
  }

  private async create(actor: Actor): Promise<string> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = randomUUID();
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: ALGORITHM, use: 'sig' };
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await this.prisma.$transaction(async (transaction) => {
      await transaction.signingKey.create({ data: { kid, privateKey: pem, publicKey: jwk } });
      await this.audit.record(transaction, actor, {
        action: 'signing-key.create',
        target: kid,
        before: null,
        after: { kid },
        books: [],
      });
    });
    this.bus.publish({ kind: 'keys-changed' });
    await this.load();
    return kid;
  }

  /** Retires every replaced key that no working token needs. */
  private async retire(): Promise<void> {
    await this.load();
    const counts = await this.living();
    const now = moment().getTime();
    const signing = chooseSigning(this.keys, now);
    if (signing === undefined || now - signsFrom(signing, this.keys).getTime() < MIN_VERIFYING_MS) return;
    const done = this.keys.filter(
      (key) => key.createdAt < signing.createdAt && !counts.has(key.kid) && !counts.has(null),
    );
    if (done.length === 0) return;
    const kids = done.map(({ kid }) => kid);
    await this.prisma.signingKey.updateMany({ where: { kid: { in: kids } }, data: { retiredAt: moment() } });
    await this.load();
  }

  /** How many tokens still work, by key. The entry null counts tokens from before keys were counted. */
  private async living(): Promise<Map<string | null, number>> {
    const { rows } = await this.pool.query<{ kid: string | null; tokens: number }>(LIVING, [moment()]);
    return new Map(rows.map(({ kid, tokens }) => [kid, tokens]));
  }
}

/** Takes keys newest first. Returns the newest that every process has had time to read; if all are new, the oldest. */
function chooseSigning(keys: readonly KeyPair[], now: number): KeyPair | undefined {
  return keys.find((key) => key.createdAt.getTime() <= now - PUBLISH_MS) ?? keys.at(-1);
}

function signsFrom(key: KeyPair, keys: readonly KeyPair[]): Date {
  return key === keys.at(-1) ? key.createdAt : new Date(key.createdAt.getTime() + PUBLISH_MS);
}

function toKeyPair({ kid, createdAt, privateKey, publicKey }: KeyRow): KeyPair {
  return {
    kid,
    createdAt,
    privateKey: createPrivateKey(privateKey),
    publicKey: createPublicKey(privateKey),
    jwk: publicKey as Jwk,
  };
}
