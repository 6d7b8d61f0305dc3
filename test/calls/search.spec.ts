import { parseSearch } from '../../src/calls/search/search-query.js';
import { numbersIn } from '../../src/calls/search/phone-number.js';
import { callerWords, vectorOf, wordsIn } from '../../src/calls/search/search-words.js';
import { snippetOf } from '../../src/calls/search/snippet.js';

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
  expect(words('мʼята м’ята ١٢ １２ soft\u00adhyphen')).toEqual(['м', 'ята', 'м', 'ята', '12', '12', 'softhyphen']);
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

it.each([
  ['Łódź', 'lodz'],
  ['ĐẶT BÀN', 'dat ban'],
  ['øl', 'ol'],
  ['Ærø', 'aero'],
  ['Straẞe', 'strasse'],
  ['ıŞıK IŞIK', 'isik işık'],
  ['İstanbul', 'istanbul'],
  ['Þórður', 'thordur'],
  ['ὁδός ΟΔΟΣ', 'οδος οδός'],
  ['сём', 'сем'],
  ['مُحَمَّد مـحـمـد', 'محمد محمد'],
  ['أسلام إلى آخر ٱلله', 'اسلام الي اخر الله'],
  ['مدرسة على کتاب', 'مدرسه علي كتاب'],
  ['می\u200cخواهم', 'میخواهم'],
  ['שָׁלוֹם', 'שלום'],
  ['한국'.normalize('NFD'), '한국'],
  ['ＦＵＬＬ', 'full'],
  ['ﾃﾞﾝﾜ デンワ', 'でんわ でんわ'],
  ['３２ ٣٢ ३२', '32 32 32'],
])('%s is found as %s', (written, typed) => {
  expect(words(written)).toEqual(words(typed));
});

it('signs that tell words apart still do', () => {
  const pairs = ['กา|กี', 'कि|की', 'か|が', 'バ|パ', 'пить|петь', 'سلام|كلام'];
  expect(pairs.filter((pair) => new Set(pair.split('|').map((one) => words(one).join())).size < 2)).toEqual([]);
});

it('what is typed without spaces is cut into words, each of which stands somewhere in the line', () => {
  const query = (text: string) => parseSearch(text, null).words;
  expect(query('预订桌子')).toBe(`((('预' <-> '订' & '桌' <-> '子')))`);
  expect(query('"预订桌子"')).toBe(`((('预' <-> '订' <-> '桌' <-> '子')))`);
  expect(query('位订')).toBe(`((('位' <-> '订')))`);
  expect(query('iPhone手机')).toBe(`((('iphone' & '手' <-> '机')))`);
  expect(query('จองโต๊ะ')).toBe(`((('จ' <-> 'อ' <-> 'ง' & 'โ' <-> 'ต๊' <-> 'ะ')))`);
  expect(marked('请帮我预订明天晚上的桌子，谢谢', '预订桌子')).toEqual(['预订', '桌子']);
  expect(marked('ดีดี สวัสดีครับ', 'สวัสดี')).toEqual(['สวัสดี']);
  expect(marked('Zürich, ｔｏｋｙｏ, İzmir', 'tokyo izmir')).toEqual(['ｔｏｋｙｏ', 'İzmir']);
});

it('a phrase is marked where it stands as one', () => {
  expect(marked('two people, table for two people', '"for two"')).toEqual(['for two']);
  expect(marked('one two one', 'one two')).toEqual(['one', 'two', 'one']);
});

it.each([
  'sip:+34611222333@10.0.0.5:5060;transport=udp',
  '"Ana" <sip:%2B34611222333@host;user=phone>',
  'SIPS:+34611222333@h',
  'whatsapp:+34611222333',
  'tel:+34-611-222-333;ext=7',
  '34611222333@s.whatsapp.net',
  '34611222333:12@s.whatsapp.net',
  '+34 (611) 222.333',
  '0034 611/222 333',
  '\u202a+34\u00a0611\u2011222\u2011333\u202c',
  '+34 611 222 333 ext. 12',
  '+٣٤٦١١٢٢٢٣٣٣',
  '＋３４６１１２２２３３３',
  'Ana (+34 611 222 333)',
])('%s is found by its last digits', (address) => {
  expect(callerWords(null, [address])).toContain('222333');
});

it('a caller is found by the last digits of the number, by name and by address', () => {
  expect(callerWords('Ana', ['+34 611-111'])).toEqual([
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
  // Words in their order, each time they stand there: an address that is typed is a phrase.
  const anonymous = 'sip:anonymous@anonymous.invalid';
  expect(callerWords(null, [anonymous])).toEqual(['sip', 'anonymous', 'anonymous', 'invalid']);
  expect(numbersIn('+44 (0)20 7946 0958 x12')).toEqual(['442079460958']);
  expect(numbersIn(`${'1'.repeat(30)}222333`)).toEqual([expect.stringMatching(/^1{14}222333$/)]);
});

it('what is typed is a number where all of it is one', () => {
  const number = (text: string) => parseSearch(text, 'acme').number;
  expect(number('611 111')).toBe(`'@acme' & '611111':*`);
  expect(number('sip:+34611222333@h')).toBe(`'@acme' & '34611222333':*`);
  expect(number('0611222333')).toBe(`'@acme' & ('0611222333':* | '611222333':*)`);
  expect(['P-4402', 'mesa 12', '-611222', '12', 'anonymous'].map(number)).toEqual([null, null, null, null, null]);
});

it('a line says whose it is in a word that no line can contain', () => {
  expect(vectorOf(words('@globex hola'), 'acme')).toBe(`'@acme' 'globex':1 'hola':2`);
});
