import { Body, Controller, Delete, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import { type TenantId, tenantIdSchema } from '../common/ids.js';
import { pageQuery } from '../common/page.js';
import { Problem } from '../common/problem.js';
import { CurrentPrincipal, CurrentTenant, Public, Scopes } from './auth.decorators.js';
import type { Principal } from './principal.js';
import { SigningKeys } from './signing-keys.js';
import { createPlatformTokenSchema, createTenantTokenSchema } from './tokens.schemas.js';
import { TokensService } from './tokens.service.js';

const listSchema = z.strictObject(pageQuery);
const tokenIdSchema = z.string().min(1).max(100);

type List = z.infer<typeof listSchema>;
type CreateTenantToken = z.infer<typeof createTenantTokenSchema>;
type CreatePlatformToken = z.infer<typeof createPlatformTokenSchema>;

@ApiTags('Tokens')
@Controller()
export class TokensController {
  constructor(
    private readonly tokens: TokensService,
    private readonly keys: SigningKeys,
  ) {}

  @ApiOperation({ summary: 'The public keys that our tokens are signed with (RFC 7517)' })
  @Get('.well-known/jwks.json')
  @Public()
  jwks() {
    return this.keys.jwks();
  }

  @ApiOperation({ summary: 'The tenant’s own API tokens, newest first' })
  @Get('v1/tokens')
  @Scopes('tokens:write')
  listOwn(@CurrentTenant() tenantId: TenantId, @Query({ schema: listSchema }) { limit, cursor }: List) {
    return this.tokens.list(tenantId, limit, cursor);
  }

  /** Never wider than the minting token, nor longer-lived (security rule 9). */
  @ApiOperation({ summary: 'Make an API token of the tenant’s own; its text is in this answer only' })
  @Post('v1/tokens')
  @Scopes('tokens:write')
  createOwn(
    @CurrentPrincipal() principal: Principal,
    @CurrentTenant() tenantId: TenantId,
    @Body({ schema: createTenantTokenSchema }) body: CreateTenantToken,
  ) {
    const wider = body.scopes.filter((scope) => !principal.scopes.has(scope));
    if (wider.length > 0) throw new Problem('insufficient-scope', `Your token lacks ${wider.join(', ')} itself.`);
    const longest = Math.floor((principal.expiresAt.getTime() - Date.now()) / 1000);
    const ttlSeconds = Math.max(1, Math.min(body.ttl, longest));
    return this.tokens.create(tenantId, { name: body.name, scopes: body.scopes, ttlSeconds }, principal.tokenId);
  }

  @ApiOperation({ summary: 'Revoke one of the tenant’s own tokens, open streams included' })
  @Delete('v1/tokens/:id')
  @Scopes('tokens:write')
  @HttpCode(204)
  async revokeOwn(
    @CurrentTenant() tenantId: TenantId,
    @Param('id', { schema: tokenIdSchema }) id: string,
  ): Promise<void> {
    await this.tokens.revokeOwn(tenantId, id);
  }

  @ApiOperation({ summary: 'A tenant’s API tokens, newest first' })
  @Get('v1/admin/tenants/:tenant/tokens')
  @Scopes('admin')
  list(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Query({ schema: listSchema }) { limit, cursor }: List,
  ) {
    return this.tokens.list(tenantId, limit, cursor);
  }

  @ApiOperation({ summary: 'Make an API token for a tenant; its text is in this answer only' })
  @Post('v1/admin/tenants/:tenant/tokens')
  @Scopes('admin')
  create(
    @CurrentPrincipal() principal: Principal,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Body({ schema: createTenantTokenSchema }) { name, scopes, ttl }: CreateTenantToken,
  ) {
    return this.tokens.create(tenantId, { name, scopes, ttlSeconds: ttl }, principal.tokenId);
  }

  @ApiOperation({ summary: 'The platform’s own tokens, newest first' })
  @Get('v1/admin/tokens')
  @Scopes('admin')
  listPlatform(@Query({ schema: listSchema }) { limit, cursor }: List) {
    return this.tokens.list(null, limit, cursor);
  }

  @ApiOperation({ summary: 'Make a platform token (admin, or ingest only)' })
  @Post('v1/admin/tokens')
  @Scopes('admin')
  createPlatform(
    @CurrentPrincipal() principal: Principal,
    @Body({ schema: createPlatformTokenSchema }) { name, scopes, ttl }: CreatePlatformToken,
  ) {
    return this.tokens.create(null, { name, scopes, ttlSeconds: ttl }, principal.tokenId);
  }

  @ApiOperation({ summary: 'Revoke any token, open streams included' })
  @Delete('v1/admin/tokens/:id')
  @Scopes('admin')
  @HttpCode(204)
  async revoke(@Param('id', { schema: tokenIdSchema }) id: string): Promise<void> {
    await this.tokens.revokeAcrossTenants(id);
  }
}
