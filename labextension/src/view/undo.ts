import { html, nothing, type TemplateResult } from 'lit';
import { problemOf } from './ask/ask';
import { thousands } from './format';
import { madeEdit } from './row/edits';
import type { Source, Undone } from './source';
import type { ViewState } from './state/state';
import { trans } from './words';

/** Takes back what a run did to its notebook, and says what came of it. */
export class Undo {
  private sending = false;
  private undone: Undone | undefined;
  private problem = '';

  constructor(private readonly changed: () => void) {}

  /** The button, where the run has made edits that are not taken back yet. */
  button(state: ViewState, source: Source): TemplateResult | typeof nothing {
    const all = this.undone !== undefined && this.undone.kept.length === 0;
    if (source.undo === undefined || all || !state.rows.some(row => madeEdit(row) !== undefined))
      return nothing;
    return html`<button
      type="button"
      class="outlined small"
      ?disabled=${this.sending}
      @click=${() => void this.send(source)}
    >
      ${this.sending ? trans.__('Undoing…') : trans.__('Undo edits')}
    </button>`;
  }

  /** What came of it. */
  report(): TemplateResult {
    const { undone, problem } = this;
    const kept = undone?.kept ?? [];
    return html`<div class="undone" aria-live="polite">
      ${problem === '' ? nothing : html`<p class="refused">${problem}</p>`}
      ${undone === undefined ? nothing : html`<p>${said(undone)}</p>`}
      ${
        kept.length === 0
          ? nothing
          : html`<ul>
              ${kept.map(({ cell_id, message }) => html`<li><code>${cell_id}</code> ${message}</li>`)}
            </ul>`
      }
    </div>`;
  }

  private async send(source: Source): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    this.problem = '';
    this.changed();
    try {
      this.undone = await source.undo?.();
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.sending = false;
    this.changed();
  }
}

function said({ undone, kept }: Undone): string {
  if (undone === 0 && kept.length === 0) return trans.__('There was nothing left to undo.');
  const done =
    undone === 0
      ? trans.__('Nothing undone.')
      : trans._n('%2 edit undone.', '%2 edits undone.', undone, thousands(undone));
  if (kept.length === 0) return done;
  const amount = thousands(kept.length);
  const left = trans._n(
    '%2 cell left as it is:',
    '%2 cells left as they are:',
    kept.length,
    amount,
  );
  return `${done} ${left}`;
}
