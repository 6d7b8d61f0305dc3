import { Controller, Get, Post } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../audit/audit-log.js';
import { CurrentActor, Public, Scopes } from '../auth.decorators.js';
import { SigningKeys } from './signing-keys.js';

@ApiTags('Tokens')
@Controller()
export class SigningKeysController {
  constructor(private readonly keys: SigningKeys) {}

  @ApiOperation({ summary: 'The public keys that our tokens are signed with (RFC 7517)' })
  @Get('.well-known/jwks.json')
  @Public()
  jwks() {
    return this.keys.jwks();
  }

  @ApiOperation({ summary: 'The signing keys, newest first, and how many tokens live by each' })
  @Get('v1/admin/signing-keys')
  @Scopes('admin')
  async list() {
    return { keys: await this.keys.list(), next: null };
  }

  @ApiOperation({
    summary: 'Rotate: a new key signs from `signsFrom` on; the old one verifies until its tokens are gone',
  })
  @Post('v1/admin/signing-keys')
  @Scopes('admin')
  rotate(@CurrentActor() actor: Actor) {
    return this.keys.rotate(actor);
  }
}
