import { isPacked } from '../view/state/packed';
import { type Fields, fields, list, text } from '../view/state/read';
import { trans } from '../view/words';

/** Beyond that a page would stand still for seconds, in bytes of text. */
export const LARGEST = 50_000_000;

/** What a file of runs holds. */
export interface Saved {
  readonly runs: readonly Fields[];
  /** What the reader should know of it; '' when there is nothing to say. */
  readonly notice: string;
}

/** Why a file shows no run, in words for its reader. */
export class Unreadable extends Error {}

/**
 * The runs in the text of a file: one trace document, or a list of them.
 *
 * @throws Unreadable
 */
export function readFile(content: string): Saved {
  if (content.length > LARGEST) {
    const size = Math.round(content.length / 1_000_000);
    throw new Unreadable(
      trans.__(
        'The file is too large to be shown as a run: it has %1 MB, and %2 MB are the most.',
        size,
        LARGEST / 1_000_000,
      ),
    );
  }
  if (content.trim() === '') throw new Unreadable(trans.__('The file is empty.'));
  const value = parsed(content);
  const entries = Array.isArray(value) ? list(value) : [value];
  const runs = entries.filter(isTrace).map(fields);
  if (runs.length === 0) throw new Unreadable(whatElse(value));
  const others = entries.length - runs.length;
  const notice =
    others === 0
      ? ''
      : trans._n(
          '%1 entry of the file is no run and is left out.',
          '%1 entries of the file are no runs and are left out.',
          others,
        );
  return { runs, notice };
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content.replace(/^\uFEFF/, '')); // some editors of Windows begin a file with it
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Unreadable(trans.__('The file is not valid JSON, so no run can be read: %1', why));
  }
}

/** Fields may be missing, as in what was written by hand; a document without any event and state is none. */
function isTrace(value: unknown): boolean {
  const { events, task_id, status } = fields(value);
  return Array.isArray(events) || isPacked(value) || (text(task_id) !== '' && text(status) !== '');
}

function whatElse(value: unknown): string {
  if (Array.isArray(value)) {
    return value.length === 0
      ? trans.__('The file holds an empty list: there is no run in it.')
      : trans.__('The file holds a list, and nothing in it is a run of an agent.');
  }
  if (list(fields(value).cells).length > 0) {
    return trans.__('The file is a notebook. Rename it to end in .ipynb to see its runs.');
  }
  return trans.__('The file is valid JSON, but not a run of an agent: it has no list of "events".');
}
