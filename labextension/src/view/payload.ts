import { html, nothing, type TemplateResult } from 'lit';
import { fields, json } from './read';

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
      <button type="button" class="quiet all" aria-label="Show all of ${label}" @click=${showAll}>Show all</button>
      <button type="button" class="quiet" aria-label="Copy ${label}" @click=${(event: Event) => void copyTo(event, copy())}>
        Copy
      </button>
    </header>
    <div class="box" tabindex=${whole ? nothing : '0'} role="group" aria-label=${label}>
      <div class="inner">${content}</div>
    </div>
  </section>`;
}

/** A call's arguments, one below the other: code and prose keep their lines. */
export function argumentsTemplate(args: unknown): TemplateResult | typeof nothing {
  const entries = Object.entries(fields(args));
  if (entries.length === 0 && (args === undefined || args === null || typeof args === 'object'))
    return nothing;
  const content =
    entries.length === 0
      ? html`<pre>${json(args, 2)}</pre>`
      : html`<dl>
          ${entries.map(([key, value]) => html`<dt>${key}</dt><dd>${typeof value === 'string' ? value : json(value, 2)}</dd>`)}
        </dl>`;
  return payloadTemplate('Arguments', content, () => json(args, 2));
}

function showAll(event: Event): void {
  const button = event.currentTarget as HTMLElement;
  const shown = button.closest('.payload')?.toggleAttribute('data-all') ?? false;
  button.textContent = shown ? 'Show less' : 'Show all';
}

async function copyTo(event: Event, content: string): Promise<void> {
  const button = event.currentTarget as HTMLElement;
  const said = await navigator.clipboard.writeText(content).then(
    () => 'Copied',
    () => 'Not allowed',
  );
  button.textContent = said;
  setTimeout(() => {
    button.textContent = 'Copy';
  }, 1500);
}
