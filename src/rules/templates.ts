/**
 * Rules that many tenants want, to be switched on as they are or changed. They are created like any other, by `POST
 * /v1/rules`.
 */
import type { CreateRule } from './rules.schemas.js';

interface Template extends Omit<CreateRule, 'enabled' | 'agents'> {
  readonly agents: null;
  readonly id: string;
}

export const TEMPLATES: readonly Template[] = [
  {
    id: 'asks-for-a-person',
    name: 'Caller asks for a person',
    agents: null,
    once: 'call',
    when: {
      said: {
        by: 'caller',
        words: [
          'speak to a person',
          'talk to a person',
          'real person',
          'speak to a human',
          'talk to a human',
          'human being',
          'speak to someone',
          'talk to someone',
          'speak to an operator',
          'representative',
          'hablar con una persona',
          'hablar con alguien',
          'persona real',
          'hablar con un humano',
          'operador',
          'operadora',
          'falar com uma pessoa',
          'falar com alguém',
          'falar com um humano',
          'pessoa de verdade',
          'atendente',
          'parler à une personne',
          'parler à quelqu’un',
          'parler à un humain',
          'vraie personne',
          'un conseiller',
          'mit einem menschen sprechen',
          'mit jemandem sprechen',
          'echten menschen',
          'mit einem mitarbeiter',
          'parlare con una persona',
          'parlare con qualcuno',
          'persona vera',
          'parlare con un operatore',
        ],
      },
    },
  },
  {
    id: 'agent-silent',
    name: 'Agent silent for 10 s',
    agents: null,
    once: 'each',
    when: { silence: { seconds: 10, by: 'agent' } },
  },
  { id: 'tool-failed', name: 'A tool failed', agents: null, once: 'each', when: { toolFailed: {} } },
];
