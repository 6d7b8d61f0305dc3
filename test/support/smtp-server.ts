/** A small mail server on a socket (RFC 5321): takes mails and keeps them, or refuses them. */
import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, createServer } from 'node:net';

export interface TakenMail {
  readonly to: readonly string[];
  /** Headers and text, as they came, with quoted-printable lines put together. */
  readonly text: string;
}

export class SmtpServer {
  readonly mails: TakenMail[] = [];
  /** True: no mail is taken. */
  refuses = false;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
      this.serve(socket);
    });
  }

  static async start(): Promise<SmtpServer> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new SmtpServer(server);
  }

  get url(): string {
    return `smtp://user:pass@127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private serve(socket: Socket): void {
    let [rest, to, data]: [string, string[], string[] | null] = ['', [], null];
    const take = (line: string) => {
      if (data !== null) {
        if (line !== '.') return void data.push(line.replace(/^\./, ''));
        this.mails.push({ to, text: data.join('\n').replaceAll('=\n', '').replaceAll('=3D', '=') });
        [to, data] = [[], null];
        return socket.write('250 taken\r\n');
      }
      const [verb = ''] = line.toUpperCase().split(' ');
      if (verb === 'EHLO') return socket.write('250-here\r\n250 AUTH PLAIN\r\n');
      if (verb === 'AUTH') return socket.write('235 known\r\n');
      if (verb === 'RCPT' && this.refuses) return socket.write('451 not now\r\n');
      if (verb === 'RCPT') to.push(/<(.*)>/.exec(line)?.[1] ?? '');
      if (verb === 'DATA') data = [];
      if (verb === 'QUIT') return socket.end('221 bye\r\n');
      return socket.write(verb === 'DATA' ? '354 go on\r\n' : '250 ok\r\n');
    };
    socket.write('220 here\r\n');
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
  }
}
