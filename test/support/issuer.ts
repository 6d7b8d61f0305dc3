/**
 * An identity provider as operators have one: signs tokens, serves its keys, rotates them, and is away now and then.
 */
import { type KeyObject, generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import jwt from 'jsonwebtoken';

type Algorithm = 'RS256' | 'ES256';

interface Key {
  readonly kid: string;
  readonly algorithm: Algorithm;
  readonly privateKey: KeyObject;
  readonly jwk: object;
}

export class Issuer {
  readonly audience = 'switchboard';
  /** How often its keys were asked for. */
  asked = 0;
  /** Says something else than its keys. */
  answer: { status: number; body: string } | undefined;
  /** Takes requests and says nothing. */
  hangs = false;
  private readonly keys: Key[] = [];
  private server: Server | undefined;
  private port = 0;

  private constructor(readonly name: string) {}

  static async start(name = 'https://login.operator.example/', algorithm: Algorithm = 'RS256'): Promise<Issuer> {
    const issuer = new Issuer(name);
    issuer.rotate(algorithm);
    await issuer.comeBack();
    return issuer;
  }

  get variables(): Record<string, string> {
    const url = `http://127.0.0.1:${this.port}/jwks`;
    return { AUTH_JWKS_URL: url, AUTH_ISSUER: this.name, AUTH_AUDIENCE: this.audience };
  }

  /** A new key, with which it signs from now on; the old ones stay published. */
  rotate(algorithm: Algorithm = 'ES256'): Key {
    const { privateKey, publicKey } =
      algorithm === 'RS256'
        ? generateKeyPairSync('rsa', { modulusLength: 2048 })
        : generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const kid = randomUUID();
    const key = { kid, algorithm, privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, alg: algorithm } };
    this.keys.unshift(key);
    return key;
  }

  /** A token of this issuer; a claim of `undefined` is left out. */
  token(claims: Record<string, unknown> = {}, key: Key | undefined = this.keys[0], header: object = {}): string {
    if (key === undefined) throw new Error('there is no key');
    const exp = Math.floor(Date.now() / 1000) + 3600;
    const all = { iss: this.name, aud: this.audience, sub: 'ana', jti: randomUUID(), exp, ...claims };
    const payload = JSON.parse(JSON.stringify(all)) as Record<string, unknown>;
    const head = { alg: key.algorithm, ...header };
    return jwt.sign(payload, key.privateKey, { algorithm: key.algorithm, keyid: key.kid, header: head });
  }

  /** The public key as text, for those who take it for a secret. */
  get publicText(): string {
    return JSON.stringify(this.keys[0]?.jwk);
  }

  async goAway(): Promise<void> {
    const server = this.server;
    server?.closeAllConnections();
    if (server?.listening) await new Promise((resolve) => server.close(resolve));
  }

  async comeBack(): Promise<void> {
    const server = createServer((_request, response) => {
      this.asked += 1;
      if (this.hangs) return;
      const { status, body } = this.answer ?? {
        status: 200,
        body: JSON.stringify({ keys: this.keys.map(({ jwk }) => jwk) }),
      };
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(body);
    });
    this.server = server;
    server.listen(this.port, '127.0.0.1');
    await once(server, 'listening');
    this.port = (server.address() as AddressInfo).port;
  }
}
