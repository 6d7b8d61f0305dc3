import { Body, Controller, Param, Post, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Actor } from '../../audit/audit-log.js';
import { clientAddress } from '../../common/client-address.js';
import { type TenantId, opaqueIdSchema, tenantIdSchema } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { requestId } from '../../common/request-id.js';
import { TokenBuckets } from '../../common/token-bucket.js';
import { CurrentActor, CurrentPrincipal, Public, Scopes } from '../auth.decorators.js';
import { LinkMail } from '../mail/link-mail.js';
import { emailSchema, personName } from '../people/people.schemas.js';
import type { Principal } from '../principal.js';
import { assertOwnPage } from './session-cookie.js';
import { Sessions } from './sessions.js';
import { PERSON_SCOPES, SignIn } from './sign-in.js';
import { platformScopes, shortTtlSchema, tenantScopes } from '../tokens/tokens.schemas.js';
import { MAX_VIEW_TTL_SECONDS, Views } from '../tokens/views.js';
import { Operation } from '../../common/operation.js';
import { viewAnswer } from '../tokens/token-answers.js';
import { signInLinkAnswer, signedInAnswer, tenantSignInLinkAnswer } from './sign-in-answers.js';

const DEFAULT_TTL_SECONDS = 15 * 60;
const MAX_LINK_TTL_SECONDS = 24 * 3600;
/**
 * The limit for one address, with five seconds' worth at once. Codes cannot be guessed; the limit keeps attempts from
 * costing us more than the client.
 */
const CODES_PER_SECOND = 5;

const linkTtl = shortTtlSchema(MAX_LINK_TTL_SECONDS, 'must be a day at most').default(DEFAULT_TTL_SECONDS);
const tenantLinkSchema = z
  .strictObject({
    scopes: z
      .array(tenantScopes)
      .min(1)
      .default([...PERSON_SCOPES]),
    ttl: linkTtl,
    for: personName.optional().meta({ description: 'The person’s name. Who is not known yet is added.' }),
    email: emailSchema.optional().meta({ description: 'Kept with the person.' }),
    mail: z
      .boolean()
      .default(false)
      .meta({ description: 'Also mail the link to the e-mail that is kept with the person.' }),
  })
  .refine(({ for: name, email, mail }) => name !== undefined || (email === undefined && !mail), {
    path: ['email'],
    message: 'is kept with a person: name one (`for`)',
  })
  .prefault({});
const platformLinkSchema = z
  .strictObject({ scopes: z.array(platformScopes).min(1).default(['admin']), ttl: linkTtl })
  .prefault({});
const viewSchema = z
  .strictObject({
    ttl: shortTtlSchema(MAX_VIEW_TTL_SECONDS, 'must be an hour at most').default(DEFAULT_TTL_SECONDS),
  })
  .prefault({});
const codeSchema = z.strictObject({ code: opaqueIdSchema });

@ApiTags('Session')
@Controller('v1')
export class SignInController {
  private readonly attempts = new TokenBuckets();

  constructor(
    private readonly signIn: SignIn,
    private readonly sessions: Sessions,
    private readonly views: Views,
    private readonly links: LinkMail,
  ) {}

  @Operation({
    id: 'createTenantSignInLink',
    summary: 'A link that signs a person of the tenant in, once; it is in this answer only',
    answer: tenantSignInLinkAnswer,
    problems: ['tenant-not-found'],
    bodyExample: { for: 'Ana Pérez', scopes: ['events:read', 'agents:read'], ttl: '15m' },
  })
  @Post('admin/tenants/:tenant/sign-in-links')
  @Scopes('admin')
  async createTenantLink(
    @CurrentPrincipal() admin: Principal,
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Body({ schema: tenantLinkSchema }) { scopes, ttl, for: name, email, mail }: z.infer<typeof tenantLinkSchema>,
  ) {
    const person = name === undefined ? undefined : { name, email };
    if (mail) this.links.assertCanMail();
    const link = await this.signIn.createLink(tenantId, { scopes, ttlSeconds: ttl, person }, actor, admin);
    if (!mail || name === undefined) return link;
    return { ...link, mailed: await this.links.mail(tenantId, name, link.url) };
  }

  @Operation({
    id: 'createPlatformSignInLink',
    summary: 'A link that signs an operator in, once; it is in this answer only',
    answer: signInLinkAnswer,
    bodyExample: { ttl: '15m' },
  })
  @Post('admin/sign-in-links')
  @Scopes('admin')
  createPlatformLink(
    @CurrentPrincipal() admin: Principal,
    @CurrentActor() actor: Actor,
    @Body({ schema: platformLinkSchema }) { scopes, ttl }: z.infer<typeof platformLinkSchema>,
  ) {
    return this.signIn.createLink(null, { scopes, ttlSeconds: ttl }, actor, admin);
  }

  /**
   * The cookie reads while it is used, for 30 days at most. The token in the answer writes, for an hour at most: the
   * page's tab keeps it, and has it renewed (`POST /v1/session/token`).
   */
  @Operation({
    id: 'signInWithCode',
    summary: 'Sign in with the code of a link: a cookie, and a short-lived token for the tab. Not repeatable',
    answer: signedInAnswer,
    problems: ['token-invalid', 'tenant-suspended', 'insufficient-scope'],
  })
  @Post('session/code')
  @Public()
  async useCode(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
    @Body({ schema: codeSchema }) { code }: z.infer<typeof codeSchema>,
  ) {
    assertOwnPage(request);
    this.charge(clientAddress(request) ?? '');
    const { tenantId, scopes, person, session, token } = await this.signIn.use(code, requestId(response));
    const { expiresAt } = session;
    response.cookie(this.sessions.cookieName, session.token, { ...this.sessions.cookie, expires: expiresAt });
    const named = person === null ? {} : { person };
    return { tenant: tenantId, scopes, ...named, expiresAt: expiresAt.toISOString(), token };
  }

  /** The view reads exactly what the tenant reads, for an hour at most, and the tenant's audit records it. */
  @Operation({
    id: 'createTenantView',
    summary: 'View as: an API token that reads what the tenant reads, named in the tenant’s audit',
    answer: viewAnswer,
    problems: ['tenant-not-found'],
    bodyExample: { ttl: '15m' },
  })
  @Post('admin/tenants/:tenant/views')
  @Scopes('admin')
  openView(
    @CurrentPrincipal() admin: Principal,
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Body({ schema: viewSchema }) { ttl }: z.infer<typeof viewSchema>,
  ) {
    return this.views.open(admin, actor, tenantId, ttl);
  }

  private charge(address: string): void {
    const retryAfterMs = this.attempts.charge(address, 1, CODES_PER_SECOND);
    if (retryAfterMs > 0) throw new Problem('rate-limited', 'Too many codes from this address.', {}, retryAfterMs);
  }
}
