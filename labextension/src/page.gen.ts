// Generated from the Python models by `make generated`; change those instead.

/**
 * Whatever a page with open notebooks and its server say to one another.
 */
export type NotebookFrame = PageServerFrame | PageFrame;
export type PageServerFrame = ReadFrame | ApplyFrame | RunFrame | StopFrame | PongFrame;
export type Change = InsertCell | ReplaceSource | RemoveCell;
export type PageFrame = NotebooksFrame | DoneFrame | FailedFrame | PingFrame;

/**
 * Send all cells of a notebook.
 */
export interface ReadFrame {
  type: 'read';
  id: number;
  path: string;
}
/**
 * Make one change to a notebook, in one step of its undo history. It is not saved.
 */
export interface ApplyFrame {
  type: 'apply';
  id: number;
  path: string;
  change: Change;
}
/**
 * A new cell.
 */
export interface InsertCell {
  kind: 'insert';
  cell_id: string;
  after: string | null;
  cell_type: 'code' | 'markdown' | 'raw';
  source: string;
}
/**
 * Another text for a cell, if it still has the text ``before``.
 */
export interface ReplaceSource {
  kind: 'replace';
  cell_id: string;
  before: string;
  source: string;
}
/**
 * A cell less, if it still has the text ``before``.
 */
export interface RemoveCell {
  kind: 'remove';
  cell_id: string;
  before: string;
}
/**
 * Run a code cell whose source is still ``source``; answered when it has run.
 */
export interface RunFrame {
  type: 'run';
  id: number;
  path: string;
  cell_id: string;
  source: string;
}
/**
 * Nobody waits for a request any more; a cell that runs for it is interrupted.
 */
export interface StopFrame {
  type: 'stop';
  id: number;
}
export interface PongFrame {
  type: 'pong';
}
/**
 * All notebooks that the page has open; takes the place of what it said before.
 */
export interface NotebooksFrame {
  type: 'notebooks';
  /**
   * @maxItems 1000
   */
  notebooks: OpenNotebook[];
}
/**
 * A notebook that is open in a page.
 */
export interface OpenNotebook {
  path: string;
  dirty: boolean;
  collaborative: boolean;
  active: boolean;
}
/**
 * A request was carried out.
 */
export interface DoneFrame {
  type: 'done';
  id: number;
  cells: Cell[];
}
/**
 * One cell.
 */
export interface Cell {
  id: string;
  cell_type: 'code' | 'markdown' | 'raw';
  source: string;
  execution_count?: number;
  outputs: {
    [k: string]: unknown;
  }[];
}
/**
 * A request could not be carried out; nothing was changed by it.
 */
export interface FailedFrame {
  type: 'failed';
  id: number;
  reason:
    'cell_changed' | 'cell_not_found' | 'notebook_gone' | 'read_only' | 'not_run' | 'page_error';
  message: string;
}
export interface PingFrame {
  type: 'ping';
}
