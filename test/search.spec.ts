import { parseSearch } from '../src/calls/search-query.js';
import { callerWords, vectorOf, wordsIn } from '../src/calls/search-words.js';
import { snippetOf } from '../src/calls/snippet.js';

const words = (text: string) => wordsIn(text).map(({ word }) => word);
const snippet = (line: string, q: string) => snippetOf(line, parseSearch(q, 'acme'));
const marked = (line: string, q: string) => {
  const found = snippet(line, q);
  return found?.matches.map(({ start, end }) => found.text.slice(start, end));
};

it('words are the same whatever their case, accents, widths and signs around them', () => {
  expect(words('¡Mañana, a las NUEVE!')).toEqual(['manana', 'a', 'las', 'nueve']);
  expect(words('Straße STRASSE ÉTÉ ｆｕｌｌ')).toEqual(['strasse', 'strasse', 'ete', 'full']);
  expect(words("l'été <b>'; DROP TABLE--")).toEqual(['l', 'ete', 'b', 'drop', 'table']);
  expect(words('Ελλάδα Привет')).toEqual(['ελλαδα', 'привет']);
  expect(words('नमस्ते')).toEqual(['नमस्ते']);
  expect(words('我要订位 สวัสดี')).toEqual(['我', '要', '订', '位', ...words('สวัสดี')]);
  expect(words('👍 — …')).toEqual([]);
});

it('what people type is a query, and nothing of it can be more', () => {
  const query = (text: string) => parseSearch(text, 'acme').words;
  expect(query('reservar mesa')).toBe(`'@acme' & ((('reservar') & ('mesa':*)))`);
  expect(query('"dos personas" cena')).toBe(`'@acme' & ((('dos' <-> 'personas') & ('cena':*)))`);
  expect(query('cena or comida -mesa fin')).toBe(`'@acme' & ((('cena')) | (('comida') & !('mesa') & ('fin':*)))`);
  expect(query("don't")).toBe(`'@acme' & ((('don' <-> 't')))`);
  expect([query('r'), query('re')]).toEqual([`'@acme' & ((('r')))`, `'@acme' & ((('re':*)))`]);
  expect(query(`'; | & ! <-> :* \\ (`)).toBeNull();
  expect(query('-mesa')).toBeNull();
});

it('marks what was found in plain text, also at the last word’s beginning and far into a line', () => {
  expect(marked('Quiero RESERVÁR mesa', 'reserv')).toEqual(['RESERVÁR']);
  expect(marked('<img onerror=alert(1)> "quoted" 👍 שלום', 'onerror')).toEqual(['onerror']);
  const long = `${'palabra '.repeat(60)}aquí está la reserva ${'otra '.repeat(60)}`;
  const found = snippet(long, 'reserva');
  expect(marked(long, 'reserva')).toEqual(['reserva']);
  expect(found?.text.length).toBeLessThan(210);
  expect(found?.text).toMatch(/^…palabra .*reserva otra .*…$/);
  expect(snippet('nothing of it', 'reserva')).toBeNull();
});

it('a caller is found by the last digits of the number, and by name', () => {
  expect(callerWords('+34 611-111', 'Ana')).toEqual([
    'ana',
    '34',
    '611',
    '111',
    '34611111',
    '4611111',
    '611111',
    '11111',
    '1111',
  ]);
  expect(parseSearch('611 111', 'acme').number).toBe(`'@acme' & '611111':*`);
  expect(parseSearch('A-1187', 'acme').number).toBeNull();
});

it('a line says whose it is in a word that no line can contain', () => {
  expect(vectorOf(words('@globex hola'), 'acme')).toBe(`'@acme' 'globex':1 'hola':2`);
});
