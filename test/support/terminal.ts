/** What a terminal obeys instead of showing, line feeds apart, and what turns the direction of text. */
// eslint-disable-next-line no-control-regex
export const OBEYED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/;
