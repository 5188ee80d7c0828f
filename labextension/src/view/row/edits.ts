import type { TemplateResult } from 'lit';
import { type Fields, fields, text } from '../state/read';
import type { Row, ToolRow } from '../state/state';
import { trans } from '../words';
import { amountOf, diffOf, diffTemplate } from './diff';
import { payloadTemplate } from './payload';

/** What a tool did to a cell, as its result tells. */
export const EDIT_TYPE = 'application/vnd.agentkit.edit+json';

interface Edit {
  readonly path: string;
  readonly cellId: string;
  readonly before: string;
  readonly after: string;
}

export function editOf(content: Fields): Edit | undefined {
  const told = fields(content[EDIT_TYPE]);
  if (typeof told.before !== 'string' && typeof told.after !== 'string') return undefined;
  return {
    path: text(told.path),
    cellId: text(told.cell_id),
    before: text(told.before),
    after: text(told.after),
  };
}

/** The edit of a row that succeeded. */
export function madeEdit(row: Row): Edit | undefined {
  if (row.kind !== 'tool' || row.result?.outcome !== 'success') return undefined;
  return editOf(row.result.content);
}

/** The change to a cell, in sight without opening anything: what happened to a notebook is never hidden. */
export function editTemplate(edit: Edit): TemplateResult {
  const diff = diffOf(edit.before, edit.after);
  const cell = edit.cellId === '' ? '' : trans.__('cell %1', edit.cellId);
  const place = [edit.path.split('/').at(-1) ?? '', cell].filter(part => part !== '').join(', ');
  const label = [place, amountOf(diff)].filter(part => part !== '').join(' · ');
  return payloadTemplate(label, diffTemplate(diff), () => edit.after);
}

/** What a run did to a call's arguments, or somebody who approved others did. */
export function changedArguments(row: ToolRow): Fields | undefined {
  const changed = fields(fields(row.approval?.decided?.value).arguments);
  return Object.keys(changed).length === 0 ? undefined : changed;
}
