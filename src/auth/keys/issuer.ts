/**
 * The name of the issuer in our tokens (`iss`). The first start on a database sets it from that start's PUBLIC_URL, and
 * it stays: tokens survive a move to another port or domain.
 */
import type { FactoryProvider } from '@nestjs/common';
import { ENV, type Env } from '../../config/env.js';
import { InvalidEnv } from '../../config/variables.js';
import { PrismaService } from '../../database/prisma.service.js';

/** The table holds one row. */
const ROW = { id: 1 };

/** The algorithm of our own tokens. */
export const ALGORITHM = 'ES256';

export class Issuer {
  private constructor(readonly name: string) {}

  /**
   * What a token of ours must be, wherever it is verified (docs/security-rules.md, rule 6). Clocks get no tolerance: a
   * token that has expired is expired.
   */
  get verification(): { readonly algorithms: [typeof ALGORITHM]; readonly issuer: string } {
    return { algorithms: [ALGORITHM], issuer: this.name };
  }

  /**
   * The issuer of this database, set now if it has none. If several processes start at once, one of them sets it.
   * Throws {@link InvalidEnv}, and sets nothing, if the operator's own identity provider has the same name.
   */
  static open(prisma: PrismaService, { publicUrl, identityProvider }: Env): Promise<Issuer> {
    return prisma.$transaction(async ({ tokenIssuer }) => {
      await tokenIssuer.createMany({ data: [{ ...ROW, name: publicUrl.text }], skipDuplicates: true });
      const { name } = await tokenIssuer.findUniqueOrThrow({ where: ROW });
      if (identityProvider?.issuer.replace(/\/+$/, '') === name)
        throw new InvalidEnv(`AUTH_ISSUER: must be another issuer than our own, ${name}`);
      return new Issuer(name);
    });
  }
}

/** Must be known before anything that signs or verifies is made. */
export const issuerProvider: FactoryProvider<Issuer> = {
  provide: Issuer,
  inject: [PrismaService, ENV],
  useFactory: (prisma: PrismaService, env: Env) => Issuer.open(prisma, env),
};
