import { Body, Controller, Delete, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { z } from 'zod';
import { clientAddress } from '../../common/client-address.js';
import type { Patience } from '../../common/fair-slots.js';
import { type TenantId, lineSchema, opaqueIdSchema, tenantIdSchema } from '../../common/ids.js';
import { Operation } from '../../common/operation.js';
import { Problem } from '../../common/problem.js';
import { TokenBuckets } from '../../common/token-bucket.js';
import { ENV, type Env } from '../../config/env.js';
import { ClientPatience } from '../../http/patience.js';
import { Public, Scopes } from '../auth.decorators.js';
import { assertFromOwnPage, sessionCookieName, sessionIn } from '../sign-in/session-cookie.js';
import { askedAnswer, linkRequestList } from './link-request-answers.js';
import { LinkRequests } from './link-requests.js';

/** From one address, and from all together: a person asks once. */
const ASKED_PER_SECOND = { address: 0.1, all: 5 };

const askSchema = z
  .strictObject({
    code: opaqueIdSchema.optional().meta({ description: 'Of a link that no longer works.' }),
    email: lineSchema(254)
      .optional()
      .meta({ examples: ['ana@acme.example'] }),
  })
  .prefault({});

@ApiTags('Session')
@Controller('v1')
export class LinkRequestsController {
  private readonly asked = new TokenBuckets();

  constructor(
    private readonly requests: LinkRequests,
    @Inject(ENV) private readonly env: Env,
  ) {}

  /**
   * For a page of this origin (`Origin`, `Sec-Fetch-Site`). The answer is the same whoever asks, and comes before
   * anything is looked up. The person is known by the link's code, by the cookie of a session that has ended, or by an
   * e-mail that an operator has kept. Nothing is mailed to an address that the request gives.
   */
  @Operation({
    id: 'askForSignInLink',
    summary: 'Ask the operator for a new sign-in link; where SMTP_URL is set it is mailed to who is known',
    answer: askedAnswer,
    problems: ['insufficient-scope'],
    bodyExample: { email: 'ana@acme.example' },
  })
  @Post('session/link-requests')
  @Public()
  @HttpCode(202)
  ask(@Req() request: Request, @Body({ schema: askSchema }) { code, email }: z.infer<typeof askSchema>) {
    assertFromOwnPage(request, this.env.publicUrl);
    this.charge(clientAddress(request) ?? '');
    const session = sessionIn(request, sessionCookieName(this.env.publicUrl));
    void this.requests.take({ code, email, session });
    return { asked: true as const };
  }

  @Operation({
    id: 'listLinkRequests',
    summary: 'Who of a tenant has asked for a new sign-in link within a week; oldest first, 50 at most',
    answer: linkRequestList,
    problems: ['tenant-not-found'],
  })
  @Get('admin/tenants/:tenant/link-requests')
  @Scopes('admin')
  async list(@Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId, @ClientPatience() patience: Patience) {
    return { requests: await this.requests.list(tenantId, false, patience), next: null };
  }

  /** A link that is made for the person does the same. */
  @Operation({
    id: 'dismissLinkRequest',
    summary: 'Put a request for a sign-in link aside',
    answer: null,
    problems: ['not-found'],
  })
  @Delete('admin/tenants/:tenant/link-requests/:request')
  @Scopes('admin')
  @HttpCode(204)
  async dismiss(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('request', { schema: opaqueIdSchema }) id: string,
  ): Promise<void> {
    await this.requests.dismiss(tenantId, id);
  }

  private charge(address: string): void {
    // What an address may not ask is not taken from what all may.
    const retryAfterMs =
      this.asked.charge(`address ${address}`, 1, ASKED_PER_SECOND.address) ||
      this.asked.charge('all', 1, ASKED_PER_SECOND.all);
    if (retryAfterMs > 0) throw new Problem('rate-limited', 'Too many requests for a link.', {}, retryAfterMs);
  }
}
