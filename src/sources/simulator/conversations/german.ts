import type { Conversation } from '../conversation.js';

export const GERMAN: readonly Conversation[] = [
  {
    name: 'de-workshop-noise',
    business: 'workshop',
    language: 'de',
    transport: 'phone',
    vary: {
      car: ['Golf', 'Astra', 'Fiesta', 'Octavia'],
      day: ['Dienstag', 'Mittwoch', 'Freitag'],
      name: ['Brandt', 'Öztürk', 'Weiß', 'Lindner'],
    },
    steps: [
      { bot: 'Autowerkstatt Krüger, guten Tag, hier ist {agent}. Was kann ich für Sie tun?' },
      { user: 'Guten Tag, {name} mein Name. Mein {car} quietscht beim Bremsen.' },
      {
        bot: 'Das klingt nach den Bremsbelägen. Damit sollten Sie nicht zu lange warten. Ich könnte Ihnen',
        streamed: true,
      },
      { user: 'Kann ich damit überhaupt noch fahren?', interruptsAfterWords: 9 },
      { bot: 'Kurze Strecken ja, aber bitte vorsichtig. Soll ich nach einem Termin schauen?' },
      { user: 'Ja, bitte, so bald wie möglich.' },
      {
        tool: 'find_slot',
        arguments: { job: 'brakes', car: '{car}' },
        result: { day: '{day}', time: '08:00', hours: 2 },
      },
      { bot: 'Am {day} um acht Uhr hätte ich etwas frei, das dauert ungefähr zwei Stunden.', streamed: true },
      { user: 'Das passt. Danke schön!' },
      { bot: 'Gerne, Herr {name}. Dann bis {day}. Auf Wiederhören!' },
    ],
  },
  {
    name: 'de-dentist-pain',
    business: 'dentist',
    language: 'de',
    transport: 'phone',
    vary: { time: ['elf Uhr', 'zwei Uhr', 'halb vier'], name: ['Schäfer', 'Kowalski', 'Nguyen'] },
    steps: [
      { bot: 'Zahnarztpraxis am Markt, {agent} am Apparat.' },
      { user: 'Hallo, ich habe seit gestern ziemlich starke Zahnschmerzen.', hesitates: true },
      {
        bot: 'Das tut mir leid. Dann kommen Sie am besten noch heute. Waren Sie schon einmal bei uns?',
        streamed: true,
      },
      { user: 'Ja, vor zwei Jahren. {name} ist der Name.' },
      {
        tool: 'find_patient',
        arguments: { last_name: '{name}' },
        result: { patient: 'P-1180', emergency_slot: '{time}' },
      },
      { bot: 'Ich habe Sie gefunden. Um {time} ist ein Notfalltermin frei. Schaffen Sie das?', streamed: true },
      { user: 'Ja, das schaffe ich. Vielen Dank!' },
      { bot: 'Sehr gut. Bringen Sie bitte Ihre Versichertenkarte mit. Bis gleich!' },
    ],
  },
  {
    name: 'de-parcel-chat',
    business: 'parcel',
    language: 'de',
    transport: 'chat',
    vary: { parcel: ['DE-40917', 'DE-66120', 'DE-13877'] },
    steps: [
      { user: 'Hallo, Sendung {parcel}: laut Status zugestellt, aber ich habe nichts bekommen.' },
      {
        tool: 'track_parcel',
        arguments: { parcel_number: '{parcel}' },
        result: { status: 'delivered', safe_place: 'Garage' },
      },
      { bot: 'Guten Tag! Der Fahrer hat als Ablageort „Garage“ angegeben. Könnten Sie dort bitte nachsehen?' },
      { user: 'Moment' },
      { silenceMs: 6_000 },
      { user: 'Tatsächlich, da liegt es. Danke 😄' },
      { bot: 'Schön! Soll die Garage auch künftig Ihr Ablageort sein?' },
      { user: 'Nein, lieber klingeln.' },
      { bot: 'Ist notiert. Einen schönen Tag noch!' },
    ],
  },
  {
    name: 'de-hotel-no-answer',
    business: 'hotel',
    language: 'de',
    transport: 'phone',
    direction: 'outbound',
    reason: 'no_answer',
    steps: [{ silenceMs: 24_000 }],
  },
];
