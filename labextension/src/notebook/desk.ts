import type { Desk, PageRequest } from '../client/page';
import type { Cell, OpenNotebook, PageFrame } from '../page.gen';
import { applyChange, cellWithText, Refusal, readCell, readCells } from './edits';
import type { NotebookContext, NotebookModel, NotebookPanel } from './panel';
import { runCell } from './run';

/** A notebook that is open in this page. */
export interface Opened {
  readonly panel: NotebookPanel;
  readonly context: NotebookContext;
}

/** The notebooks that are open in a page, and what the server asks to do with them. */
export class NotebookDesk implements Desk {
  readonly opened = new Set<Opened>();

  constructor(private readonly isActive: (panel: NotebookPanel) => boolean) {}

  notebooks(): OpenNotebook[] {
    const ready = [...this.opened].filter(each => each.context.isReady);
    const told = ready.map(({ panel, context }) => ({
      path: context.localPath,
      dirty: context.model.dirty,
      collaborative: context.model.collaborative === true,
      active: this.isActive(panel),
    }));
    // A notebook may be open in two panels, which share one model.
    const byPath = new Map<string, OpenNotebook>();
    for (const each of told) {
      const active = each.active || byPath.get(each.path)?.active === true;
      byPath.set(each.path, { ...each, active });
    }
    return [...byPath.values()];
  }

  async carryOut(request: PageRequest, signal: AbortSignal): Promise<Cell[]> {
    const { panel, context } = this.find(request.path);
    const notebook = context.model.sharedModel;
    if (request.type === 'read') return readCells(notebook);
    if (context.model.readOnly) {
      throw new Refusal('read_only', `${request.path} is open as read-only and cannot be changed.`);
    }
    if (request.type === 'apply') {
      const changed = applyChange(notebook, request.change);
      return changed === undefined ? [] : [readCell(changed)];
    }
    const cell = cellWithText(notebook, request.cell_id, request.source);
    await runCell(panel, request.cell_id, signal);
    return [readCell(cell)];
  }

  failure(id: number, error: unknown): PageFrame {
    if (error instanceof Refusal) {
      return { type: 'failed', id, reason: error.reason, message: error.message };
    }
    const message = `The page could not do it: ${String(error).slice(0, 1000)}`;
    return { type: 'failed', id, reason: 'page_error', message };
  }

  private find(path: string): { panel: NotebookPanel; context: { model: NotebookModel } } {
    for (const { panel, context } of this.opened) {
      if (context.isReady && context.localPath === path) return { panel, context };
    }
    throw new Refusal('notebook_gone', `${path} was closed in the page, or renamed. Try again.`);
  }
}
