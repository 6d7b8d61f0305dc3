import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { Actor } from '../../audit/audit-log.js';
import type { Patience } from '../../common/fair-slots.js';
import { type TenantId, opaqueIdSchema, tenantIdSchema } from '../../common/ids.js';
import { pageQuery } from '../../common/page.js';
import { ClientPatience } from '../../http/patience.js';
import { CurrentActor, CurrentPrincipal, CurrentTenant, Scopes } from '../auth.decorators.js';
import type { Principal } from '../principal.js';
import {
  anyTokenIdSchema,
  changeTokenSchema,
  createPlatformTokenSchema,
  createTenantTokenSchema,
} from './tokens.schemas.js';
import { assertNotWider, lifeWithin } from './minting-rights.js';
import { TokensService } from './tokens.service.js';
import { Operation } from '../../common/operation.js';
import { newTokenAnswer, tokenAnswer, tokenPage } from './token-answers.js';

const listSchema = z.strictObject(pageQuery);

type List = z.infer<typeof listSchema>;
type CreateTenantToken = z.infer<typeof createTenantTokenSchema>;
type ChangeToken = z.infer<typeof changeTokenSchema>;
type CreatePlatformToken = z.infer<typeof createPlatformTokenSchema>;

@ApiTags('Tokens')
@Controller()
export class TokensController {
  constructor(private readonly tokens: TokensService) {}

  @Operation({
    id: 'listTokens',
    summary: 'The tenant’s own API tokens, newest first',
    answer: tokenPage,
  })
  @Get('v1/tokens')
  @Scopes('tokens:write')
  listOwn(
    @CurrentPrincipal() principal: Principal,
    @CurrentTenant() tenantId: TenantId,
    @Query({ schema: listSchema }) { limit, cursor }: List,
    @ClientPatience() patience: Patience,
  ) {
    return this.tokens.list(principal, tenantId, limit, cursor, patience);
  }

  /** Never wider or longer-lived than the minting token (security rule 9). */
  @Operation({
    id: 'createToken',
    summary: 'Make an API token of the tenant’s own; its text is in this answer only',
    answer: newTokenAnswer,
    problems: ['too-many-tokens'],
    bodyExample: { name: 'dashboard', scopes: ['events:read'], ttl: '30d' },
  })
  @Post('v1/tokens')
  @Scopes('tokens:write')
  createOwn(
    @CurrentPrincipal() principal: Principal,
    @CurrentTenant() tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Body({ schema: createTenantTokenSchema }) body: CreateTenantToken,
    @ClientPatience() patience: Patience,
  ) {
    assertNotWider(principal, body.scopes);
    const ttlSeconds = lifeWithin(principal, body.ttl);
    return this.tokens.createOwn(tenantId, { name: body.name, scopes: body.scopes, ttlSeconds }, actor, patience);
  }

  @Operation({
    id: 'revokeToken',
    summary: 'Revoke one of the tenant’s own tokens, open streams included',
    answer: null,
    problems: ['token-not-found'],
  })
  @Delete('v1/tokens/:id')
  @Scopes('tokens:write')
  @HttpCode(204)
  async revokeOwn(
    @CurrentTenant() tenantId: TenantId,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
  ): Promise<void> {
    await this.tokens.revokeOwn(tenantId, id, actor);
  }

  @Operation({
    id: 'listTenantTokens',
    summary: 'A tenant’s API tokens, newest first',
    answer: tokenPage,
    problems: ['tenant-not-found'],
  })
  @Get('v1/admin/tenants/:tenant/tokens')
  @Scopes('admin')
  list(
    @CurrentPrincipal() principal: Principal,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Query({ schema: listSchema }) { limit, cursor }: List,
    @ClientPatience() patience: Patience,
  ) {
    return this.tokens.list(principal, tenantId, limit, cursor, patience);
  }

  @Operation({
    id: 'createTenantToken',
    summary: 'Make an API token for a tenant; its text is in this answer only',
    answer: newTokenAnswer,
    problems: ['tenant-not-found', 'too-many-tokens'],
    bodyExample: { name: 'dashboard', scopes: ['events:read'], ttl: '30d' },
  })
  @Post('v1/admin/tenants/:tenant/tokens')
  @Scopes('admin')
  create(
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Body({ schema: createTenantTokenSchema }) { name, scopes, ttl }: CreateTenantToken,
  ) {
    return this.tokens.create(tenantId, { name, scopes, ttlSeconds: ttl }, actor);
  }

  @Operation({
    id: 'listPlatformTokens',
    summary: 'The platform’s own tokens, newest first',
    answer: tokenPage,
  })
  @Get('v1/admin/tokens')
  @Scopes('admin')
  listPlatform(
    @CurrentPrincipal() principal: Principal,
    @Query({ schema: listSchema }) { limit, cursor }: List,
    @ClientPatience() patience: Patience,
  ) {
    return this.tokens.list(principal, null, limit, cursor, patience);
  }

  @Operation({
    id: 'createPlatformToken',
    summary: 'Make a platform token (admin, or ingest only)',
    answer: newTokenAnswer,
    bodyExample: { name: 'publisher', scopes: ['events:write'], ttl: '90d' },
  })
  @Post('v1/admin/tokens')
  @Scopes('admin')
  createPlatform(
    @CurrentActor() actor: Actor,
    @Body({ schema: createPlatformTokenSchema }) { name, scopes, ttl }: CreatePlatformToken,
  ) {
    return this.tokens.create(null, { name, scopes, ttlSeconds: ttl }, actor);
  }

  /** Open streams that need a scope that was taken away end at once. */
  @Operation({
    id: 'changeAnyToken',
    summary: 'Rename any token, or take scopes away from it',
    answer: tokenAnswer,
    problems: ['token-not-found'],
    bodyExample: { scopes: ['events:read'] },
  })
  @Patch('v1/admin/tokens/:id')
  @Scopes('admin')
  change(
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: changeTokenSchema }) change: ChangeToken,
  ) {
    return this.tokens.changeAcrossTenants(id, change, actor);
  }

  /** A token of the identity provider, by the id that lists and the audit show: `<issuer>#<its jti, uti or hash>`. */
  @Operation({
    id: 'revokeAnyToken',
    summary: 'Revoke any token, open streams included',
    answer: null,
    problems: ['token-not-found'],
  })
  @Delete('v1/admin/tokens/:id')
  @Scopes('admin')
  @HttpCode(204)
  async revoke(@CurrentActor() actor: Actor, @Param('id', { schema: anyTokenIdSchema }) id: string): Promise<void> {
    await this.tokens.revokeAcrossTenants(id, actor);
  }
}
