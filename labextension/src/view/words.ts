/** Says texts in the reader's language; JupyterLab's `TranslationBundle` is one. `%1`, `%2` stand for the arguments. */
export interface Words {
  __(text: string, ...args: unknown[]): string;
  _n(one: string, many: string, amount: number, ...args: unknown[]): string;
}

const ENGLISH: Words = {
  __: (text, ...args) => filled(text, args),
  _n: (one, many, amount, ...args) => filled(amount === 1 ? one : many, [amount, ...args]),
};

let spoken = ENGLISH;

/** Every text that is shown. A page has one language, so this is the one place for it. */
export const trans: Words = {
  __: (text, ...args) => spoken.__(text, ...args),
  _n: (one, many, amount, ...args) => spoken._n(one, many, amount, ...args),
};

/** Shows texts in this language from here on. */
export function speak(words: Words): void {
  spoken = words;
}

function filled(text: string, args: readonly unknown[]): string {
  return text.replace(/%(\d+)/g, (whole, place) => String(args[Number(place) - 1] ?? whole));
}
