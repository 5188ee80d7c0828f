import { html, nothing, type TemplateResult } from 'lit';
import { ICONS, type IconName } from '../icons';
import type { RowContext } from '../row/row';
import type { Row } from '../state/state';
import { trans } from '../words';
import { rowMarkdown } from './copying';
import { costsTemplate } from './costs';

const SAID_MS = 1500;

/**
 * What can be done with one step, at the right of its line while somebody is there.
 *
 * It lies over the line and moves nothing.
 *
 * @param meta What stands at the end of the line, which is kept free.
 */
export function deedsTemplate(
  row: Row,
  context: RowContext,
  meta: TemplateResult | typeof nothing = nothing,
): TemplateResult | typeof nothing {
  // Tab goes from folded row to folded row; the right arrow key leads to what is beside one.
  const stop = context.open || row.kind === 'answer';
  // In each of many rows it would cost a page more than the rows do.
  if (!stop && !context.attended) return nothing;
  const link = context.link();
  const copy = (event: Event): void => void copyTo(event, rowMarkdown(row, context.run));
  return html`<div class="deeds"><span class="deed-buttons">${deed('copy', trans.__('Copy this step'), stop, copy)}${link === undefined ? nothing : deed('link', trans.__('Copy a link to this step'), stop, event => void copyTo(event, context.link() ?? link))}</span><span class="meta" aria-hidden="true">${costsTemplate(context.costs)}${meta}<span class="chevron"></span></span></div>`;
}

/** The right arrow key leads from a line to what can be done with it, the left one back. */
export function goBeside(event: KeyboardEvent): boolean {
  const [target] = event.composedPath();
  if (!(target instanceof HTMLElement)) return false;
  const beside = target.closest('.deeds') !== null;
  const row = target.closest('.row');
  const buttons = [...(row?.querySelectorAll<HTMLElement>(':scope > .deeds button') ?? [])];
  const back = row?.querySelector<HTMLElement>(':scope > .head') ?? undefined;
  const at = buttons.indexOf(target);
  const to =
    event.key === 'ArrowRight' && (beside || target.matches('.head, .row'))
      ? buttons[at + 1]
      : event.key === 'ArrowLeft' && beside
        ? (buttons[at - 1] ?? back)
        : undefined;
  if (to === undefined) return false;
  event.preventDefault();
  event.stopPropagation();
  to.focus();
  return true;
}

function deed(
  icon: IconName,
  name: string,
  stop: boolean,
  act: (event: Event) => void,
): TemplateResult {
  return html`<button type="button" class="tool" tabindex=${stop ? nothing : '-1'} aria-label=${name} title=${name} @click=${act}>${ICONS[icon]}${ICONS.completed}</button>`;
}

async function copyTo(event: Event, content: string): Promise<void> {
  const button = event.currentTarget as HTMLElement;
  const name = button.title;
  const done = await navigator.clipboard.writeText(content).then(
    () => true,
    () => false,
  );
  const said = done ? trans.__('Copied') : trans.__('Not allowed');
  button.toggleAttribute('data-done', done);
  button.title = said;
  button.ariaLabel = said;
  setTimeout(() => {
    button.removeAttribute('data-done');
    button.title = name;
    button.ariaLabel = name;
  }, SAID_MS);
}
