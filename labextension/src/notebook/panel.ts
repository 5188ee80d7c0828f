import type { ISharedNotebook } from '@jupyter/ydoc';
import type { DocumentRegistry } from '@jupyterlab/docregistry';
import type { Kernel, KernelMessage } from '@jupyterlab/services';
import type { Widget } from '@lumino/widgets';

/*
 * What is used of JupyterLab's notebook panel. Its package brings hundreds of others to build with, and
 * a panel comes to us as an object anyway.
 */

export interface NotebookModel extends DocumentRegistry.IModel {
  readonly sharedModel: DocumentRegistry.IModel['sharedModel'] & ISharedNotebook;
  readonly deletedCells: string[];
}

/** The outputs of a code cell. */
export interface CellOutputs {
  readonly length: number;
  get(index: number): { readonly data: unknown };
  add(output: unknown): void;
  clear(): void;
}

export interface CellWidget extends Widget {
  readonly model: { readonly sharedModel: { getId(): string }; readonly outputs?: CellOutputs };
  readonly outputArea?: { readonly future: Kernel.IShellFuture | null };
}

export interface NotebookPanel extends Widget {
  readonly content: Widget & {
    readonly model: NotebookModel | null;
    readonly widgets: readonly CellWidget[];
    readonly notebookConfig: { readonly recordTiming: boolean };
    readonly activeCell: CellWidget | null;
    activeCellIndex: number;
    deselectAll(): void;
    /** Brings a cell into view, also one that is not in the page because it is far away. */
    scrollToItem(index: number): Promise<void>;
  };
  readonly sessionContext: DocumentRegistry.Context['sessionContext'];
  /** Resolves when it was shown for the first time, with its cells. */
  readonly revealed: Promise<void>;
}

/** The class of code cells, which each of them knows. */
export interface CodeCellClass {
  execute(
    cell: CellWidget,
    sessionContext: NotebookPanel['sessionContext'],
    metadata: { deletedCells: string[]; recordTiming: boolean },
  ): Promise<KernelMessage.IExecuteReplyMsg | undefined>;
}

export type NotebookContext = DocumentRegistry.IContext<NotebookModel>;
