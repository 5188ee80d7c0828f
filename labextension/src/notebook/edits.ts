import type { ISharedCell, ISharedNotebook } from '@jupyter/ydoc';
import type { Cell, Change, FailedFrame } from '../page.gen';

/** Why a request was not carried out; nothing was changed by it. */
export class Refusal extends Error {
  constructor(
    readonly reason: FailedFrame['reason'],
    message: string,
  ) {
    super(message);
  }
}

/** All cells, with what the user has not saved. */
export function readCells(notebook: ISharedNotebook): Cell[] {
  return notebook.cells.map(readCell);
}

export function readCell(cell: ISharedCell): Cell {
  const { execution_count, outputs } = cell.toJSON() as {
    execution_count?: unknown;
    outputs?: unknown;
  };
  return {
    id: cell.getId(),
    cell_type: cell.cell_type as Cell['cell_type'],
    source: cell.getSource(),
    ...(typeof execution_count === 'number' ? { execution_count } : {}),
    outputs: Array.isArray(outputs) ? outputs.map(withoutLargeParts) : [],
  };
}

/**
 * Makes one change, as one step of the undo history; what the user has typed elsewhere stays.
 *
 * @returns The cell as it stands afterwards; nothing of one that was removed.
 */
export function applyChange(notebook: ISharedNotebook, change: Change): ISharedCell | undefined {
  if (change.kind === 'insert') {
    const { cell_type, source, cell_id: id } = change;
    const place = change.after === null ? 0 : indexOf(notebook, change.after) + 1;
    // As for a cell that a person adds: without outputs there is nothing to distrust.
    const metadata = cell_type === 'code' ? { trusted: true } : {};
    return apart(notebook, () => notebook.insertCell(place, { cell_type, source, id, metadata }));
  }
  const index = indexOf(notebook, change.cell_id);
  const cell = cellWithText(notebook, change.cell_id, change.before);
  if (change.kind === 'remove') {
    apart(notebook, () => notebook.deleteCell(index));
    return undefined;
  }
  apart(cell, () => replaceText(cell, change.source));
  return cell;
}

/** The cell of that id, if its text is the one that whoever asks has seen. */
export function cellWithText(notebook: ISharedNotebook, id: string, source: string): ISharedCell {
  const cell = notebook.cells[indexOf(notebook, id)] as ISharedCell;
  if (cell.getSource() !== source) {
    throw new Refusal('cell_changed', `Cell ${id} was changed meanwhile. Read it again.`);
  }
  return cell;
}

function indexOf(notebook: ISharedNotebook, id: string): number {
  const index = notebook.cells.findIndex(cell => cell.getId() === id);
  if (index < 0) throw new Refusal('cell_not_found', `The notebook has no cell '${id}' any more.`);
  return index;
}

/** Only what differs is replaced, so that cursors and selections outside of it stay. */
function replaceText(cell: ISharedCell, text: string): void {
  const old = cell.getSource();
  const most = Math.min(old.length, text.length);
  let start = 0;
  while (start < most && old[start] === text[start]) start += 1;
  let end = 0;
  while (end < most - start && old.at(-1 - end) === text.at(-1 - end)) end += 1;
  // Half of a surrogate pair is no text.
  if (start > 0 && isHigh(old.charCodeAt(start - 1))) start -= 1;
  if (end > 0 && isLow(old.charCodeAt(old.length - end))) end -= 1;
  cell.updateSource(start, old.length - end, text.slice(start, text.length - end));
}

const isHigh = (code: number): boolean => code >= 0xd800 && code < 0xdc00;
const isLow = (code: number): boolean => code >= 0xdc00 && code < 0xe000;

/** The undo history joins what happens within half a second; an agent's step is one of its own. */
function apart<T>(model: ISharedNotebook | ISharedCell, change: () => T): T {
  const history = (model as { undoManager?: { stopCapturing?(): void } | null }).undoManager;
  history?.stopCapturing?.();
  try {
    return change();
  } finally {
    history?.stopCapturing?.();
  }
}

/** Beyond that, an output would clog the way to the server; no model and no reader is given as much. */
const LARGE = 5_000_000;

function withoutLargeParts(output: unknown): Record<string, unknown> {
  const whole = output as Record<string, unknown>;
  const data = whole.data;
  if (typeof data !== 'object' || data === null) return whole;
  const kept = Object.entries(data).filter(([, part]) => sizeOf(part) <= LARGE);
  return { ...whole, data: Object.fromEntries(kept) };
}

function sizeOf(part: unknown): number {
  return typeof part === 'string' ? part.length : JSON.stringify(part).length;
}
