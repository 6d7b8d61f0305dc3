/** Mails by `SMTP_URL`. Without it none is sent. */
import { Inject, Injectable, OnApplicationShutdown } from '@nestjs/common';
import { type Transporter, createTransport } from 'nodemailer';
import { ENV, type Env } from '../../config/env.js';

/** A server that does not answer holds up only the mail that it was given (security rule 32). */
const TIMEOUT_MS = 10_000;

export interface Letter {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

@Injectable()
export class Mail implements OnApplicationShutdown {
  private readonly transport: Transporter | undefined;
  private readonly from: string;

  constructor(@Inject(ENV) { smtpUrl, smtpFrom, publicUrl }: Env) {
    this.from = smtpFrom ?? `Switchboard <switchboard@${new URL(publicUrl.text).hostname}>`;
    if (smtpUrl === undefined) return;
    const patience = { connectionTimeout: TIMEOUT_MS, greetingTimeout: TIMEOUT_MS, socketTimeout: TIMEOUT_MS };
    this.transport = createTransport({ url: smtpUrl, ...patience, disableFileAccess: true, disableUrlAccess: true });
  }

  /** False: nobody said by which server mails go. */
  get isOn(): boolean {
    return this.transport !== undefined;
  }

  /** Resolves when the server has taken it. The address is one, whatever characters it has. */
  async send({ to, subject, text }: Letter): Promise<void> {
    if (this.transport === undefined) throw new Error('SMTP_URL is not set');
    await this.transport.sendMail({ from: this.from, to: { name: '', address: to }, subject, text });
  }

  onApplicationShutdown(): void {
    this.transport?.close();
  }
}
