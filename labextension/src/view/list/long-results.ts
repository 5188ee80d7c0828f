import { isLong, startOf } from '../row/long-text';
import { textOf } from '../row/summary';
import { type Fields, json } from '../state/read';

/** What a page can render in one go, in characters; a result that is longer is shown as text, in pieces. */
const MOST: ReadonlyMap<string, number> = new Map([
  ['text/html', 2_000_000],
  ['image/svg+xml', 2_000_000],
  ['application/json', 200_000],
  ['text/markdown', 50_000],
  ['text/latex', 50_000],
]);

/** A result as far as it is rendered at once, and the whole text where that is only its start. */
export interface Shortened {
  readonly bundle: Fields;
  readonly text: string;
}

const KNOWN = new WeakMap<Fields, Shortened>();

/** What is rendered of a result; the same for the same result. */
export function shortened(content: Fields): Shortened {
  const known = KNOWN.get(content);
  if (known !== undefined) return known;
  const made = shorten(content);
  KNOWN.set(content, made);
  return made;
}

function shorten(content: Fields): Shortened {
  const entries = Object.entries(content);
  const kept = entries.filter(([type, value]) => fits(type, value));
  const plain = textOf(content['text/plain']);
  const left = entries.find(([type, value]) => !fits(type, value))?.[1];
  if (left === undefined && !isLong(plain)) return { bundle: content, text: '' };
  const others = Object.fromEntries(kept.filter(([type]) => type !== 'text/plain'));
  // Something richer is there as a whole: nobody sees the plain text.
  const text = Object.keys(others).length > 0 ? '' : plain || written(left);
  return { bundle: { ...others, 'text/plain': startOf(text || plain) }, text };
}

function fits(type: string, value: unknown): boolean {
  const most = MOST.get(type);
  return most === undefined || written(value).length <= most;
}

function written(value: unknown): string {
  return textOf(value) || json(value);
}
