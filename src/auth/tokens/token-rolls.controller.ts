import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { z } from 'zod';
import type { Actor } from '../../audit/audit-log.js';
import type { Patience } from '../../common/fair-slots.js';
import { opaqueIdSchema } from '../../common/ids.js';
import { Operation } from '../../common/operation.js';
import { ClientPatience } from '../../http/patience.js';
import { CurrentActor, CurrentPrincipal, Scopes } from '../auth.decorators.js';
import type { Principal } from '../principal.js';
import { rolledTokenAnswer } from './token-answers.js';
import { TokenRolls } from './token-rolls.js';
import { rollTokenSchema } from './tokens.schemas.js';

type Roll = z.infer<typeof rollTokenSchema>;

const description =
  'The new token has the old one’s name, scopes and lifetime, counted from now. The old one works for `overlap` ' +
  'longer (24h unless given, 7 days at most; `0s` ends it at once), and never longer than it was to. Not safe to ' +
  'repeat: every request makes another token.';

@ApiTags('Tokens')
@Controller()
export class TokenRollsController {
  constructor(private readonly rolls: TokenRolls) {}

  /** Never wider or longer-lived than the caller's own token (security rule 9). A token may roll itself. */
  @Operation({
    id: 'rollToken',
    summary: 'Put a new token in the place of one of the tenant’s own; its text is in this answer only',
    description: `${description} The new one is never wider or longer-lived than the token that asks.`,
    answer: rolledTokenAnswer,
    problems: ['token-not-found', 'too-many-tokens'],
    bodyExample: { overlap: '24h' },
  })
  @Post('v1/tokens/:id/roll')
  @Scopes('tokens:write')
  rollOwn(
    @CurrentPrincipal() principal: Principal,
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: rollTokenSchema }) { overlap }: Roll,
    @ClientPatience() patience: Patience,
  ) {
    return this.rolls.rollOwn(principal, id, overlap, actor, patience);
  }

  @Operation({
    id: 'rollAnyToken',
    summary: 'Put a new token in the place of any; its text is in this answer only',
    description,
    answer: rolledTokenAnswer,
    problems: ['token-not-found', 'too-many-tokens'],
    bodyExample: { overlap: '24h' },
  })
  @Post('v1/admin/tokens/:id/roll')
  @Scopes('admin')
  roll(
    @CurrentActor() actor: Actor,
    @Param('id', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: rollTokenSchema }) { overlap }: Roll,
  ) {
    return this.rolls.rollAcrossTenants(id, overlap, actor);
  }
}
