/** Sign-in links by mail, to the e-mail that is kept with a person and to no other. */
import { Injectable, Logger } from '@nestjs/common';
import type { TenantId } from '../../common/ids.js';
import { Problem } from '../../common/problem.js';
import { PrismaService } from '../../database/prisma.service.js';
import { Mail } from './mail.js';

@Injectable()
export class LinkMail {
  private readonly logger = new Logger('SignIn');

  constructor(
    private readonly prisma: PrismaService,
    private readonly mails: Mail,
  ) {}

  get isOn(): boolean {
    return this.mails.isOn;
  }

  /** Throws `validation`. */
  assertCanMail(): void {
    if (!this.mails.isOn) throw new Problem('validation', 'No link can be mailed: SMTP_URL is not set.');
  }

  /** Resolves to false if no e-mail is kept with that person, or the mail server did not take the mail. */
  async mail(tenantId: TenantId, name: string, url: string): Promise<boolean> {
    const person = await this.prisma.person.findFirst({ where: { tenantId, name, removedAt: null } });
    return person?.email == null ? false : this.send(person.email, url);
  }

  /** `email`: as it is kept. */
  async send(email: string, url: string): Promise<boolean> {
    try {
      await this.mails.send({ to: email, ...letterWith(url) });
      return true;
    } catch (error) {
      // The words of a mail server may name the address.
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
      this.logger.warn(`a sign-in link could not be mailed (${code})`);
      return false;
    }
  }
}

function letterWith(url: string): { subject: string; text: string } {
  const text = [
    'Use this link to sign in to Switchboard:',
    '',
    url,
    '',
    'It works once and expires soon. If you did not ask for it, you can ignore this e-mail.',
    '',
  ];
  return { subject: 'Your Switchboard sign-in link', text: text.join('\n') };
}
