import { Controller, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Actor } from '../../audit/audit-log.js';
import { CurrentActor, Public, Scopes } from '../auth.decorators.js';
import { SigningKeys } from './signing-keys.js';
import { Operation } from '../../common/operation.js';
import { jwksAnswer, signingKeyAnswer, signingKeyList } from './key-answers.js';

@ApiTags('Tokens')
@Controller()
export class SigningKeysController {
  constructor(private readonly keys: SigningKeys) {}

  @Operation({
    id: 'getPublicKeys',
    summary: 'The public keys that our tokens are signed with (RFC 7517)',
    answer: jwksAnswer,
  })
  @Get('.well-known/jwks.json')
  @Public()
  jwks() {
    return this.keys.jwks();
  }

  @Operation({
    id: 'listSigningKeys',
    summary: 'The signing keys, newest first, and how many tokens live by each',
    answer: signingKeyList,
  })
  @Get('v1/admin/signing-keys')
  @Scopes('admin')
  async list() {
    return { keys: await this.keys.list(), next: null };
  }

  @Operation({
    id: 'rotateSigningKeys',
    summary: 'Rotate: a new key signs from `signsFrom` on; the old one verifies until its tokens are gone',
    answer: signingKeyAnswer,
  })
  @Post('v1/admin/signing-keys')
  @Scopes('admin')
  rotate(@CurrentActor() actor: Actor) {
    return this.keys.rotate(actor);
  }
}
