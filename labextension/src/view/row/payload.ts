import { html, type TemplateResult } from 'lit';
import { trans } from '../words';

/** A labelled box that scrolls inside, can be copied, and opened to its whole height when it is cut. */
export function payloadTemplate(
  label: string,
  content: TemplateResult,
  copy: () => string,
  whole = false,
): TemplateResult {
  return html`<section class="payload" ?data-whole=${whole}>
    <header>
      <span>${label}</span>
      <button type="button" class="quiet all" aria-label=${trans.__('Show all of %1', label)} @click=${showAll}>${trans.__('Show all')}</button>
      <button type="button" class="quiet" aria-label=${trans.__('Copy %1', label)} @click=${(event: Event) => void copyTo(event, copy())}>
        ${trans.__('Copy')}
      </button>
    </header>
    <div class="box" role="group" aria-label=${label}>
      <div class="inner">${content}</div>
    </div>
  </section>`;
}

function showAll(event: Event): void {
  const button = event.currentTarget as HTMLElement;
  const shown = button.closest('.payload')?.toggleAttribute('data-all') ?? false;
  button.textContent = shown ? trans.__('Show less') : trans.__('Show all');
}

async function copyTo(event: Event, content: string): Promise<void> {
  const button = event.currentTarget as HTMLElement;
  const said = await navigator.clipboard.writeText(content).then(
    () => trans.__('Copied'),
    () => trans.__('Not allowed'),
  );
  button.textContent = said;
  setTimeout(() => {
    button.textContent = trans.__('Copy');
  }, 1500);
}
