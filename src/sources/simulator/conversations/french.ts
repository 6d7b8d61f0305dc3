import type { Conversation } from '../conversation.js';

export const FRENCH: readonly Conversation[] = [
  {
    name: 'fr-hotel-booking',
    business: 'hotel',
    language: 'fr',
    transport: 'phone',
    vary: {
      nights: ['deux nuits', 'trois nuits', 'quatre nuits'],
      date: ['le douze mai', 'le vingt juin', 'le trois septembre'],
      name: ['Lefèvre', 'Moreau', 'Garçon', 'Petit'],
    },
    steps: [
      { bot: 'Hôtel des Tilleuls, bonjour, {agent} à votre écoute.' },
      { user: 'Bonjour, je voudrais une chambre pour {nights}, {date} si possible.', hesitates: true },
      { bot: 'Très bien, {nights}, {date}. Pour combien de personnes ?', streamed: true },
      { user: 'Deux adultes et un enfant.' },
      {
        tool: 'search_rooms',
        arguments: { from: '{date}', stay: '{nights}', adults: 2, children: 1 },
        result: { room: 'familiale', price: 129 },
      },
      {
        bot: "Il me reste une chambre familiale à cent vingt-neuf euros la nuit, petit-déjeuner compris. Elle donne sur le jardin et l'ascenseur",
        streamed: true,
      },
      { user: 'Parfait, je la prends.', interruptsAfterWords: 13 },
      { bot: 'Avec plaisir. À quel nom dois-je la réserver ?' },
      { user: 'Au nom de {name}.' },
      { bot: "C'est noté, {name}. Vous recevrez la confirmation par courriel. Bonne journée !" },
    ],
  },
  {
    name: 'fr-restaurant-allergy',
    business: 'restaurant',
    language: 'fr',
    transport: 'webrtc',
    vary: { day: ['ce soir', 'demain soir', 'samedi soir'], allergy: ['aux noix', 'au gluten', 'aux crustacés'] },
    steps: [
      { bot: 'Bonjour, ici {agent}, du restaurant Le Zinc. Que puis-je faire pour vous ?' },
      { user: "Bonjour, j'ai une réservation {day}, et ma fille est allergique {allergy}." },
      { tool: 'note_allergy', arguments: { when: '{day}', allergy: '{allergy}' }, result: { ok: true } },
      { bot: "Merci de nous prévenir. Je l'ai noté, et le chef vous proposera une carte adaptée.", streamed: true },
      { user: "C'est gentil. Il y a des chaises hautes ?" },
      { bot: 'Oui, je vous en garde une. À {day} !' },
    ],
  },
  {
    name: 'fr-cleaning-idle',
    business: 'cleaning',
    language: 'fr',
    transport: 'phone',
    reason: 'idle_timeout',
    steps: [
      { bot: 'Nettoyage Clairval, bonjour, je suis {agent}. Vous souhaitez un devis ?' },
      { user: 'Euh, oui, attendez, on sonne à la porte.' },
      { bot: 'Je vous en prie, prenez votre temps, je reste en ligne.' },
      { silenceMs: 12_000 },
      { bot: 'Êtes-vous toujours là ?' },
      { silenceMs: 8_000 },
      { bot: 'Je ne vous entends plus. Rappelez-nous quand vous voulez, au revoir.' },
    ],
  },
];
