/**
 * A receiver of webhooks: a real HTTP server that verifies what it is sent, as a customer's would, and answers as it is
 * told.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

export interface Delivery {
  readonly id: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly text: string;
  readonly body: {
    type: string;
    id: string;
    timestamp: string;
    previous: string | null;
    test?: boolean;
    data: Record<string, unknown>;
  };
  readonly at: number;
}

type Answer = number | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };

export class WebhookReceiver {
  readonly deliveries: Delivery[] = [];
  /** What is answered, and when. */
  answer: (delivery: Delivery) => Answer | Promise<Answer> = () => 204;
  /** Connections at this moment, and the most that there were. */
  open = 0;
  mostOpen = 0;

  private constructor(
    readonly url: string,
    private readonly close: () => Promise<void>,
  ) {}

  static async start(host = '127.0.0.1', port = 0): Promise<WebhookReceiver> {
    const server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const headers = request.headers as Record<string, string>;
        const body = JSON.parse(text) as Delivery['body'];
        const delivery = {
          id: headers['webhook-id'] ?? '',
          path: request.url ?? '',
          headers,
          text,
          body,
          at: performance.now(),
        };
        receiver.deliveries.push(delivery);
        void Promise.resolve(receiver.answer(delivery)).then((answer) => {
          const {
            status,
            headers: own = {},
            body: said = '',
          } = typeof answer === 'number' ? { status: answer } : answer;
          response.writeHead(status, own).end(said);
        });
      });
    });
    server.on('connection', (socket) => {
      receiver.mostOpen = Math.max(receiver.mostOpen, ++receiver.open);
      socket.on('close', () => (receiver.open -= 1));
    });
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
    const address = server.address() as AddressInfo;
    const receiver = new WebhookReceiver(
      `http://${host.includes(':') ? `[${host}]` : host}:${address.port}/hook`,
      async () => {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    );
    return receiver;
  }

  get types(): string[] {
    return this.deliveries.map(({ body }) => body.type);
  }

  /** The events' ids, in the order in which they came. */
  get ids(): number[] {
    return this.deliveries.map(({ body }) => Number(body.id));
  }

  stop(): Promise<void> {
    return this.close();
  }
}

/** Throws unless the signature is one of this secret's. */
export function verify({ text, headers }: Delivery, secret: string): unknown {
  return new Webhook(secret).verify(text, headers);
}
