/*
 * Plain words that a text goes on with can be put into the page as they are: Markdown would make the same of
 * them. This is most of what a model streams, and rendering a paragraph costs a hundred times as much.
 */

/** Words that Markdown leaves alone wherever they stand, also half a word. */
const PLAIN = /^['"“‘(]*(?:[\p{L}\p{M}\p{N}]+(?:[-'’](?=[\p{L}\p{N}]|$))?)*[-.,;:!?…'"”’)]*$/u;

const AROUND = new Set(['DIV', 'UL', 'OL', 'BLOCKQUOTE', 'LI']);
const WITH_TEXT = new Set(['P', 'LI']);

/**
 * What has been added to a text, if it is plain words that go on with a line.
 *
 * @param shown What is shown of it. No mark of Markdown may be open there.
 */
export function plainWords(shown: string, text: string): string | undefined {
  const line = shown.lastIndexOf('\n') + 1;
  // What was a plain word may become none by what is added to it.
  const word = shown.lastIndexOf(' ') + 1;
  // Only after a word is a line sure to be text, and no list, heading or table that begins.
  if (word <= line || !/\p{L}/u.test(shown.slice(line, word))) return undefined;
  const plain = text
    .slice(word)
    .split(' ')
    .every(each => PLAIN.test(each));
  return plain ? text.slice(shown.length) : undefined;
}

/** Adds words to the rendered block of the text that they go on with; whether that could be done. */
export function addWords(block: HTMLElement, shown: string, words: string): boolean {
  let place: Element = block;
  while (place.lastElementChild !== null && isContainer(place.lastElementChild)) {
    place = place.lastElementChild;
  }
  const last = place.lastChild;
  if (!WITH_TEXT.has(place.tagName) || last === null) return false;
  const before = last.textContent ?? '';
  // Rendering leaves the space at the end of a text out.
  const spaced = shown.endsWith(' ') && !/\s$/.test(before);
  if (!shown.endsWith(' ') && /\s$/.test(before)) return false;
  const added = spaced ? ` ${words}` : words;
  if (last instanceof Text) last.appendData(added);
  else place.append(added);
  return true;
}

function isContainer(element: Element): boolean {
  return AROUND.has(element.tagName) || element.tagName === 'P';
}
