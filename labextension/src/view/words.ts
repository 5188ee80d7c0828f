/** Says texts in the reader's language; JupyterLab's `TranslationBundle` is one. `%1`, `%2` stand for the arguments. */
export interface Words {
  __(text: string, ...args: unknown[]): string;
  /** `%1` is the amount as it is; a text that shows it takes it written out, as `%2`. */
  _n(one: string, many: string, amount: number, ...args: unknown[]): string;
  /** Which language that is, as a tag such as `pt-BR`; what is left out is the browser's. */
  readonly language?: string;
}

const ENGLISH: Words = {
  __: (text, ...args) => filled(text, args),
  _n: (one, many, amount, ...args) => filled(amount === 1 ? one : many, [amount, ...args]),
};

let spoken = ENGLISH;
/** What `locale` found for it. */
let found: { readonly tag: string | undefined } | undefined;

/** Every text that is shown. A page has one language, so this is the one place for it. */
export const trans: Words = {
  __: (text, ...args) => spoken.__(text, ...args),
  _n: (one, many, amount, ...args) => spoken._n(one, many, amount, ...args),
};

/** Shows texts in this language from here on. */
export function speak(words: Words): void {
  spoken = words;
  found = undefined;
}

/** Whether the language has words for tools of its own: their names are English, and so are titles made of them. */
export function isTranslated(): boolean {
  return spoken.__('Called') !== 'Called';
}

/**
 * The language tag that figures and dates are written by.
 *
 * It is the browser's own where that is a form of the page's language: an English page gives a reader
 * in Britain British dates.
 */
export function locale(): string | undefined {
  found ??= { tag: tagFor(spoken) };
  return found.tag;
}

function tagFor({ language }: Words): string | undefined {
  const mother = (tag: string): string => tag.split(/[-_]/)[0] ?? tag;
  if (language === undefined) return undefined;
  const own = navigator.languages.find(each => mother(each) === mother(language));
  return own ?? tagOf(language);
}

function tagOf(language: string): string | undefined {
  try {
    return Intl.getCanonicalLocales(language.replaceAll('_', '-'))[0];
  } catch {
    return undefined;
  }
}

const HERE = '\u0000';

/** What stands before and after `%1` in a text, for a part that is more than text. */
export function around(say: (here: string) => string): readonly [string, string] {
  const [before = '', after = ''] = say(HERE).split(HERE);
  return [before, after];
}

function filled(text: string, args: readonly unknown[]): string {
  return text.replace(/%(\d+)/g, (whole, place) => String(args[Number(place) - 1] ?? whole));
}
