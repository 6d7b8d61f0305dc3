/** The keys that sign our tokens: ES256, in the database so that every process has them. All verify, the newest signs. */
import { Injectable } from '@nestjs/common';
import { type KeyObject, createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { PrismaService } from '../database/prisma.service.js';

/** How often an unknown `kid` may send us to the database: a stranger's tokens must not. */
const REFRESH_MS = 5000;

export const ALGORITHM = 'ES256';

interface KeyPair {
  readonly kid: string;
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

@Injectable()
export class SigningKeys {
  private keys: KeyPair[] = [];
  private loadedAt = 0;

  constructor(private readonly prisma: PrismaService) {}

  /** Signs claims with the newest key. */
  async sign(claims: Readonly<Record<string, unknown>>): Promise<string> {
    if (this.keys.length === 0) await this.load();
    const key = this.keys[0] ?? (await this.create());
    return jwt.sign(claims, key.privateKey, { algorithm: ALGORITHM, keyid: key.kid, noTimestamp: false });
  }

  /** The public key of that id; undefined when it is none of ours. */
  async publicKey(kid: string): Promise<KeyObject | undefined> {
    const known = this.find(kid);
    if (known !== undefined || Date.now() - this.loadedAt < REFRESH_MS) return known;
    await this.load();
    return this.find(kid);
  }

  /** The JSON Web Key Set (RFC 7517) at /.well-known/jwks.json. */
  async jwks(): Promise<{ keys: Record<string, unknown>[] }> {
    if (this.keys.length === 0) await this.load();
    return { keys: this.keys.map(({ jwk }) => jwk) };
  }

  private find(kid: string): KeyObject | undefined {
    return this.keys.find((key) => key.kid === kid)?.publicKey;
  }

  private async load(): Promise<void> {
    const rows = await this.prisma.signingKey.findMany({ where: { retiredAt: null }, orderBy: { createdAt: 'desc' } });
    this.loadedAt = Date.now();
    // Parsed once: reading PEM costs as much as verifying.
    this.keys = rows.map((row) => ({
      kid: row.kid,
      privateKey: createPrivateKey(row.privateKey),
      publicKey: createPublicKey(row.privateKey),
      jwk: row.publicKey as Record<string, unknown>,
    }));
  }

  private async create(): Promise<KeyPair> {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = randomUUID();
    const jwk = { ...publicKey.export({ format: 'jwk' }), kid, alg: ALGORITHM, use: 'sig' };
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    await this.prisma.signingKey.create({ data: { kid, privateKey: pem, publicKey: jwk } });
    await this.load();
    return { kid, privateKey, publicKey, jwk };
  }
}
