import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { problemOf } from './ask/ask';
import { growing } from './list/growing';
import type { Source } from './source';
import { trans } from './words';

/** The line under a finished run that asks for the next one, or takes it on. */
export class FollowUp {
  private typed = '';
  private sending = false;
  private problem = '';

  constructor(
    private readonly started: (source: Source) => void,
    private readonly changed: () => void,
  ) {}

  /** @param resumable The run ended without an answer. */
  template(last: Source, resumable: boolean): TemplateResult {
    const submit = (event: Event): void => {
      event.preventDefault();
      void this.send(last);
    };
    const resume = resumable && last.resume !== undefined;
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
          ? resume
            ? html`<button
                type="button"
                class="outlined"
                title=${trans.__('Go on from the last finished step')}
                ?disabled=${this.sending}
                @click=${() => void this.start(async () => last.resume?.())}
              >
                ${this.sending ? trans.__('Resuming…') : trans.__('Resume')}
              </button>`
            : nothing
          : html`<button type="submit" class="outlined" ?disabled=${this.sending}>
              ${this.sending ? trans.__('Sending…') : trans.__('Send')}
            </button>`
      }
      <p class="refused" role="alert">${this.problem}</p>
    </form>`;
  }

  private async send(last: Source): Promise<void> {
    const input = this.typed.trim();
    if (input !== '') await this.start(async () => last.followUp?.(input));
  }

  private async start(begin: () => Promise<Source | undefined>): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    this.problem = '';
    this.changed();
    try {
      const source = await begin();
      if (source === undefined) return;
      this.typed = '';
      this.started(source);
    } catch (error) {
      this.problem = problemOf(error);
    } finally {
      this.sending = false;
      this.changed();
    }
  }
}
