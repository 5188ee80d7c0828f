import { html, nothing, type TemplateResult } from 'lit';
import { thousands } from '../format';
import { trans } from '../words';

/** Characters that a page shows at once, and at most with one press of the button. */
const AT_ONCE = 50_000;
const A_PRESS = 1_000_000;

/** As much of a text as is shown without being asked for. */
export function startOf(text: string): string {
  return text.length <= AT_ONCE ? text : text.slice(0, AT_ONCE);
}

/** Whether there is more of a text than its start. */
export function isLong(text: string): boolean {
  return text.length > AT_ONCE;
}

/** A text, of a huge one the start and a button that shows the rest piece by piece. */
export function longText(text: string): string | TemplateResult {
  return isLong(text) ? html`${startOf(text)}${restOf(text)}` : text;
}

/** What shows the rest of a text whose start stands above. */
export function restOf(text: string): TemplateResult | typeof nothing {
  if (!isLong(text)) return nothing;
  return html`<span class="rest"></span><button
      type="button"
      class="quiet more"
      @click=${(event: Event) => showMore(event.currentTarget as HTMLElement, text)}
    >${wordsFor(text.length - AT_ONCE)}</button>`;
}

function showMore(button: HTMLElement, text: string): void {
  const place = button.previousElementSibling;
  const shown = AT_ONCE + (place?.textContent?.length ?? 0);
  place?.append(text.slice(shown, shown + Math.min(shown, A_PRESS)));
  const left = text.length - AT_ONCE - (place?.textContent?.length ?? 0);
  if (left <= 0) button.remove();
  else button.textContent = wordsFor(left);
}

function wordsFor(left: number): string {
  return trans.__('Show more (%1 characters left)', thousands(left));
}
