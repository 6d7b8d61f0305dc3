import type { Conversation } from '../conversation.js';

export const PORTUGUESE: readonly Conversation[] = [
  {
    name: 'pt-cleaning-whatsapp',
    business: 'cleaning',
    language: 'pt',
    transport: 'whatsapp',
    vary: { name: ['Joana', 'Tiago', 'Beatriz', 'Rui'], size: ['T2', 'T3', 'T4'], price: ['55 €', '70 €', '85 €'] },
    steps: [
      { user: 'Boa tarde! Quanto custa a limpeza de um {size}?' },
      { bot: 'Olá, {name}! Aqui é a {agent}. Para um {size}, a limpeza completa fica em {price}.' },
      { user: 'E as janelas estão incluídas?' },
      { bot: 'As de dentro, sim. As de fora só até ao segundo andar.' },
      { user: 'Da última vez partiram-me um vaso. Quero falar com uma pessoa.' },
      { operator: 'takes over' },
      { user: 'Está aí alguém?' },
      { silenceMs: 9_000 },
      { user: 'Ok, assim está bem 🙂' },
      { operator: 'hands back' },
      { bot: 'Combinado, {name}. Fica marcado, com 20 % de desconto.' },
    ],
  },
  {
    name: 'pt-workshop-inspection',
    business: 'workshop',
    language: 'pt',
    transport: 'phone',
    vary: {
      plate: ['AA 00 BB', 'CC 11 DD', 'EE 22 FF'],
      day: ['segunda-feira', 'terça-feira', 'quinta-feira'],
    },
    steps: [
      { bot: 'Oficina São Jorge, bom dia, fala a {agent}. Em que posso ajudar?' },
      { user: 'Bom dia, queria marcar a revisão do carro antes da inspeção.' },
      { bot: 'Com certeza. Qual é a matrícula?', streamed: true },
      { user: 'É {plate}.', hesitates: true },
      {
        tool: 'find_vehicle',
        arguments: { plate: '{plate}' },
        result: { model: 'Clio', last_service_km: 84_210 },
      },
      { bot: 'Já encontrei, um Clio. Tenho vaga na {day} às nove. Deixa cá o carro?', streamed: true },
      { user: 'Sim, deixo. Fica pronto no mesmo dia?' },
      { bot: 'Fica, por volta das cinco da tarde. Até {day}!' },
      { user: 'Obrigado, até lá.' },
    ],
  },
  {
    name: 'pt-dentist-chat',
    business: 'dentist',
    language: 'pt',
    transport: 'chat',
    vary: { age: ['cinco', 'seis', 'oito'], day: ['quarta', 'quinta', 'sexta'] },
    steps: [
      { user: 'Olá, atendem crianças? A minha filha tem {age} anos' },
      { bot: 'Olá! Sim, a Dra. Sofia é odontopediatra e atende à {day} de tarde.' },
      { user: '{day} às 16h dava' },
      {
        tool: 'book_appointment',
        arguments: { day: '{day}', time: '16:00', age: '{age}' },
        result: { reference: 'D-2207' },
      },
      { bot: 'Marcado: {day} às 16h, referência D-2207. Traga o boletim de saúde, por favor 🦷' },
    ],
  },
];
