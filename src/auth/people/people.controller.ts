import { Body, Controller, Delete, Get, HttpCode, Param, Patch, Query } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { z } from 'zod';
import type { Actor } from '../../audit/audit-log.js';
import type { Patience } from '../../common/fair-slots.js';
import { type TenantId, opaqueIdSchema, tenantIdSchema } from '../../common/ids.js';
import { Operation } from '../../common/operation.js';
import { pageQuery } from '../../common/page.js';
import { ClientPatience } from '../../http/patience.js';
import { CurrentActor, Scopes } from '../auth.decorators.js';
import { personAnswer, personPage } from './people-answers.js';
import { changePersonSchema } from './people.schemas.js';
import { PeopleService } from './people.service.js';

const listSchema = z.strictObject(pageQuery);

@ApiTags('People')
@Controller('v1/admin/tenants/:tenant/people')
@Scopes('admin')
export class PeopleController {
  constructor(private readonly people: PeopleService) {}

  /** A person is added by the first sign-in link that is made for them. */
  @Operation({
    id: 'listPeople',
    summary: 'A tenant’s people who sign in by links, and who of them is signed in; newest first',
    answer: personPage,
    problems: ['tenant-not-found'],
  })
  @Get()
  list(
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Query({ schema: listSchema }) { limit, cursor }: z.infer<typeof listSchema>,
    @ClientPatience() patience: Patience,
  ) {
    return this.people.list(tenantId, limit, cursor, patience);
  }

  @Operation({
    id: 'changePerson',
    summary: 'Rename a person, or change the e-mail that is kept',
    answer: personAnswer,
    problems: ['person-not-found'],
    bodyExample: { email: 'ana@acme.example' },
  })
  @Patch(':person')
  change(
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('person', { schema: opaqueIdSchema }) id: string,
    @Body({ schema: changePersonSchema }) change: z.infer<typeof changePersonSchema>,
  ) {
    return this.people.change(tenantId, id, change, actor);
  }

  /** Open streams end within a second, and links that wait for the person are void. Another link lets them in again. */
  @Operation({
    id: 'endPersonSessions',
    summary: 'End all sessions of a person, open streams included',
    answer: null,
    problems: ['person-not-found'],
  })
  @Delete(':person/sessions')
  @HttpCode(204)
  async signOut(
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('person', { schema: opaqueIdSchema }) id: string,
  ): Promise<void> {
    await this.people.signOut(tenantId, id, actor);
  }

  @Operation({
    id: 'removePerson',
    summary: 'Remove a person and end their sessions; the name stays in the audit, the e-mail does not',
    answer: null,
    problems: ['person-not-found'],
  })
  @Delete(':person')
  @HttpCode(204)
  async remove(
    @CurrentActor() actor: Actor,
    @Param('tenant', { schema: tenantIdSchema }) tenantId: TenantId,
    @Param('person', { schema: opaqueIdSchema }) id: string,
  ): Promise<void> {
    await this.people.remove(tenantId, id, actor);
  }
}
