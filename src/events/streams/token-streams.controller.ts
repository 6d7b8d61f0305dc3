import { Controller, Get, Param } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { CurrentTenant, Scopes } from '../../auth/auth.decorators.js';
import { tokenStreamsAnswer } from '../../auth/tokens/token-answers.js';
import type { Patience } from '../../common/fair-slots.js';
import { type TenantId, tenantIdSchema } from '../../common/ids.js';
import { Operation } from '../../common/operation.js';
import { ClientPatience } from '../../http/patience.js';
import { TokenStreams } from './token-streams.js';

@ApiTags('Tokens')
@Controller('v1')
export class TokenStreamsController {
  constructor(private readonly streams: TokenStreams) {}

  @Operation({
    id: 'listTokenStreams',
    summary: 'Which of the tenant’s own tokens read now: how many streams each has open',
    description: 'As of a second ago at most. A token that is not named has none.',
    answer: tokenStreamsAnswer,
  })
  @Get('tokens/streams')
  @Scopes('tokens:write')
  own(@CurrentTenant() tenantId: TenantId, @ClientPatience() patience: Patience) {
    return this.streams.list(tenantId, patience);
  }

  @Operation({
    id: 'listTenantTokenStreams',
    summary: 'Which of a tenant’s tokens read now: how many streams each has open',
    answer: tokenStreamsAnswer,
  })
  @Get('admin/tenants/:tenant/tokens/streams')
  @Scopes('admin')
  ofTenant(@Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId, @ClientPatience() patience: Patience) {
    return this.streams.list(tenantId, patience);
  }

  @Operation({
    id: 'listPlatformTokenStreams',
    summary: 'Which of the platform’s own tokens read now: how many streams each has open',
    answer: tokenStreamsAnswer,
  })
  @Get('admin/tokens/streams')
  @Scopes('admin')
  ofPlatform(@ClientPatience() patience: Patience) {
    return this.streams.list(null, patience);
  }
}
