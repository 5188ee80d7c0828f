import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { problemOf } from './ask/ask';
import { growing } from './list/growing';
import type { Source } from './source';
import { trans } from './words';

/** The line under a finished run that asks for the next one. */
export class FollowUp {
  private typed = '';
  private sending = false;
  private problem = '';

  constructor(
    private readonly started: (source: Source) => void,
    private readonly changed: () => void,
  ) {}

  template(last: Source): TemplateResult {
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.send(last);
    };
    const empty = this.typed.trim() === '';
    return html`<form class="follow-up" @submit=${submit}>
      <textarea
        rows="1"
        dir="auto"
        aria-label=${trans.__('Ask a follow-up')}
        placeholder=${trans.__('Ask a follow-up…')}
        .value=${live(this.typed)}
        ?disabled=${this.sending}
        ${growing(this.typed)}
        @input=${(event: Event) => {
          this.typed = (event.target as HTMLTextAreaElement).value;
          this.problem = '';
          this.changed();
        }}
        @keydown=${(event: KeyboardEvent) => {
          if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) submit(event);
        }}
      ></textarea>
      ${
        empty
          ? nothing
          : html`<button type="submit" class="outlined" ?disabled=${this.sending}>
              ${this.sending ? trans.__('Sending…') : trans.__('Send')}
            </button>`
      }
      <p class="refused" role="alert">${this.problem}</p>
    </form>`;
  }

  private async send(last: Source): Promise<void> {
    const input = this.typed.trim();
    if (input === '' || this.sending || last.followUp === undefined) return;
    this.sending = true;
    this.changed();
    try {
      const source = await last.followUp(input);
      this.typed = '';
      this.started(source);
    } catch (error) {
      this.problem = problemOf(error);
    }
    this.sending = false;
    this.changed();
  }
}
