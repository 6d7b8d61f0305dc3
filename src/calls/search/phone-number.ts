/**
 * Phone numbers, however a wire or a person writes them: `+34 611-222-333`, `sip:+34611222333@host;user=phone`, `"Ana"
 * <tel:…>`, `whatsapp:+34…`, `34611222333@s.whatsapp.net`, `+44 (0)20 7946 0958 ext. 12`, digits of any script. Pure.
 */
import { withAsciiDigits } from './folding.js';

/** Fewer digits are no number. */
const MIN_DIGITS = 3;
/** Of a longer number the last digits count, because people know those. E.164 has 15. */
const MAX_DIGITS = 20;
/** A number that begins with the zeros of dialling is also looked for without them, if this many digits are left. */
const MIN_WITHOUT_ZERO = 6;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
const DASH = /\p{Pd}|\u2212/gu;
const SCHEME = /^[a-z][a-z0-9+.-]*:(?:\/\/)?/i;
/** What ends the number: its host, its parameters, a pause or an extension. */
const END = /[@;?,#]|\b(?:ext|x)\b.*/i;
const NUMBER = /\+?\d(?:[\s()[\]./-]*\d)*/g;
const NO_LETTERS = /^[+\d\s()[\]./-]+$/;

/** The digits of the numbers in what a wire says of the caller or of the called party. */
export function numbersIn(address: string): string[] {
  return [...new Set((numberPart(address).match(NUMBER) ?? []).flatMap((number) => digitsIn(number) ?? []))];
}

/**
 * What somebody typed, if all of it is one number: its digits, and its digits without the zeros that it begins with.
 */
export function numberAsked(text: string): string[] {
  const number = numberPart(text.trim().replace(/^"(.*)"$/, '$1'));
  const digits = NO_LETTERS.test(number) && !number.startsWith('-') ? digitsIn(number) : null;
  if (digits === null) return [];
  const short = digits.replace(/^0+/, '');
  return short !== digits && short.length >= MIN_WITHOUT_ZERO ? [digits, short] : [digits];
}

/** The address without name, scheme, host and parameters. */
function numberPart(address: string): string {
  const plain = withAsciiDigits(address.normalize('NFKC').replace(INVISIBLE, '').replace(DASH, '-')).trim();
  const uri = /<([^<>]*)>/.exec(plain)?.[1] ?? plain;
  const [number = ''] = uri.replace(SCHEME, '').replace(/%2b/gi, '+').split(END);
  return number.replace('(0)', '');
}

function digitsIn(number: string): string | null {
  const digits = number.replace(/\D/g, '');
  return digits.length >= MIN_DIGITS ? digits.slice(-MAX_DIGITS) : null;
}
