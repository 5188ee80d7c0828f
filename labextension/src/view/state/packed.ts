import { Unzlib } from 'fflate';
import { type Fields, fields, list, text } from './read';

/** What packed events may become; more is refused, for a small file could ask for any amount of memory. */
const MOST_CHARACTERS = 200_000_000;
/** How many values may begin in them: an empty list takes far more memory than its two characters. */
const MOST_VALUES = 4_000_000;
/** Characters that are read at once, about: so the page does other things in between. */
const PIECE = 250_000;
/** The same of the first rows, which are waited for; still more than are rendered at once. */
const FIRST_PIECE = 100_000;
/** Bytes that are inflated at once. */
const SLICE = 16_384;

/** Whether a saved trace holds its events packed, as notebooks do with the many events of a long run. */
export function isPacked(trace: unknown): boolean {
  return 'data' in fields(fields(trace).events);
}

/**
 * The events of a trace that holds them packed, piece by piece, so that a page can do other things in between.
 *
 * What cannot be unpacked becomes an event that says so, after those that could.
 */
export function* unpacked(trace: unknown): Generator<readonly unknown[]> {
  try {
    yield* lists(inflated(fields(fields(trace).events)));
  } catch (error) {
    const why = error instanceof TooMuch ? error.message : `the packed events are broken: ${error}`;
    yield [{ event_type: 'unreadable', message: why }];
  }
}

class TooMuch extends Error {}

/** A list in JSON, piece by piece: whoever packs one begins a line with each of its entries. */
function* lists(texts: Iterable<string>): Generator<readonly unknown[]> {
  let rest = '';
  let inLines = true;
  let least = FIRST_PIECE;
  for (const more of texts) {
    const end = inLines ? more.lastIndexOf(',\n') : -1;
    const cut = rest.length + end;
    rest += more;
    if (end < 0 || cut < least) {
      // A small file may become very much text in which no entry ends.
      if (more.length > PIECE) yield [];
      continue;
    }
    const piece = entries(`${rest.slice(0, cut)}]`);
    // Written by somebody else, over more lines: then it is read as a whole.
    inLines = piece !== undefined;
    if (piece === undefined) continue;
    rest = `[${rest.slice(cut + 1)}`;
    least = PIECE;
    yield piece;
  }
  yield list(JSON.parse(rest));
}

function entries(json: string): readonly unknown[] | undefined {
  try {
    return list(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** The text that was compressed. The browser's own way to inflate would not give the first rows at once. */
function* inflated(packed: Fields): Generator<string> {
  if (packed.encoding !== 'zlib+base64') throw new Error(text(packed.encoding));
  const data = atob(text(packed.data));
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let characters = 0;
  let values = 0;
  const reader = new Unzlib((bytes, end) => {
    const part = decoder.decode(bytes, { stream: !end });
    parts.push(part);
    characters += part.length;
    values += begun(bytes);
    if (characters > MOST_CHARACTERS || values > MOST_VALUES)
      throw new TooMuch('the packed events are longer than is read');
  });
  for (let from = 0; from < data.length; from += SLICE) {
    reader.push(bytesOf(data.slice(from, from + SLICE)), from + SLICE >= data.length);
    yield parts.join('');
    parts = [];
  }
  if (data === '') throw new Error('there is nothing in them');
}

function bytesOf(decoded: string): Uint8Array {
  const bytes = new Uint8Array(decoded.length);
  for (let at = 0; at < decoded.length; at++) bytes[at] = decoded.charCodeAt(at);
  return bytes;
}

/** How many values begin in a part of some JSON, at most. */
function begun(json: Uint8Array): number {
  let count = 0;
  // Comma, bracket, brace.
  for (const sign of json) if (sign === 0x2c || sign === 0x5b || sign === 0x7b) count += 1;
  return count;
}
