import { nextTask } from './paint';
import type { Draft } from './state/draft';
import { isPacked, unpacked } from './state/packed';
import { fields, list, number } from './state/read';
import { closing, foldInto, fromTrace, inOrder, opening } from './state/reduce';
import { asStatus, type ViewState } from './state/state';

/** Events that are folded in at once, of a document that has many. */
const SLICE = 2_000;

/** Whether a document is read in one task: one with few events, which are there as a list. */
export function isShort(document: unknown): boolean {
  return !isPacked(document) && list(fields(document).events).length <= SLICE;
}

/**
 * Reads a long document in slices, so that the page does other things in between.
 *
 * @param began Told at once what the document says of itself, and soon again with its first rows.
 */
export async function readLong(
  document: unknown,
  began: (state: ViewState) => void,
  signal: AbortSignal,
): Promise<ViewState | undefined> {
  const draft = opening(document);
  began(firstOf(draft, document));
  // A page that opens a notebook is busy enough with it.
  await nextTask();
  const slices: (readonly unknown[])[] = [];
  for (const slice of isPacked(document) ? unpacked(document) : slicesOf(document)) {
    foldInto(draft, slice);
    if (slice.length > 0 && slices.push(slice) === 1) began(firstOf(draft, document));
    await nextTask();
    if (signal.aborted) return undefined;
  }
  // Rare enough to be read once more, in one go.
  if (!follow(slices)) return fromTrace({ ...fields(document), events: slices.flat() });
  return closing(draft, document);
}

function* slicesOf(document: unknown): Generator<readonly unknown[]> {
  const events = inOrder(list(fields(document).events));
  for (let from = 0; from < events.length; from += SLICE) yield events.slice(from, from + SLICE);
}

/** What can be shown at once: the rows before the first whose end is not read yet. */
function firstOf(draft: Draft, document: unknown): ViewState {
  const told = asStatus(fields(document).status);
  let settled = draft.rows.length;
  for (const index of draft.unfinished.values()) settled = Math.min(settled, index);
  return { ...draft, status: told ?? draft.status, rows: draft.rows.slice(0, settled) };
}

/** Whether each slice goes on where the one before ended. */
function follow(slices: readonly (readonly unknown[])[]): boolean {
  let last = 0;
  for (const slice of slices) {
    const from = last;
    for (const event of slice) {
      const seq = number(fields(event).seq) ?? from;
      if (seq < from) return false;
      last = Math.max(last, seq);
    }
  }
  return true;
}
