import { html, nothing, type TemplateResult } from 'lit';
import type { LightContent } from '../list/light';
import { fields, json } from '../state/read';
import { trans } from '../words';
import { longText, restOf, startOf } from './long-text';
import { payloadTemplate } from './payload';

/** An argument as it is shown: code in its language, other text as it is, the rest as JSON. */
export interface Argument {
  readonly name: string;
  readonly text: string;
  /** Set for code. */
  readonly language: string | undefined;
  /** It was no text, and is edited as JSON. */
  readonly isJson: boolean;
}

const LANGUAGES: ReadonlyMap<string, string> = new Map([
  ['code', 'python'],
  ['source', 'python'],
  ['python', 'python'],
  ['sql', 'sql'],
  ['javascript', 'javascript'],
  ['script', 'shell'],
  ['shell', 'shell'],
  ['bash', 'shell'],
  ['command', 'shell'],
  ['html', 'html'],
  ['json', 'json'],
  ['markdown', 'markdown'],
]);
const STATEMENT = /^\s*(select|with|insert|update|delete|create|alter|explain)\s/i;

export function argumentsOf(args: unknown): readonly Argument[] {
  const given = fields(args);
  return Object.entries(given).map(([name, value]) => {
    if (typeof value !== 'string')
      return { name, text: json(value, 2), language: undefined, isJson: true };
    return { name, text: value, language: languageOf(name, value, given.cell_type), isJson: false };
  });
}

// Marks that reorder text or cannot be seen: what is consented to must not read as something else.
const UNSEEN =
  /\u034f|[\u00ad\u061c\u115f\u1160\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\u{e0000}-\u{e007f}]/gu;

/** Text in which every character shows. */
export function plainlySeen(text: string): string {
  return text.replace(
    UNSEEN,
    mark => `[U+${(mark.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}]`,
  );
}

function languageOf(name: string, value: string, cellType: unknown): string | undefined {
  if (name === 'source' && cellType === 'markdown') return 'markdown';
  if (name === 'source' && cellType === 'raw') return undefined;
  if (name === 'query') return STATEMENT.test(value) ? 'sql' : undefined;
  return LANGUAGES.get(name);
}

/** The code of a row's arguments, for the host to render: slot name → content. */
export function codeParts(rowId: number, args: unknown): [string, LightContent][] {
  return argumentsOf(args).flatMap(({ text, language }, index) =>
    language === undefined
      ? []
      : [
          [
            slotOf(rowId, index),
            { kind: 'code', code: plainlySeen(startOf(text)), language } satisfies LightContent,
          ],
        ],
  );
}

/** A call's arguments, one below the other: code and prose keep their lines. */
export function argumentsTemplate(
  rowId: number,
  args: unknown,
  { whole = false, label = trans.__('Arguments') } = {},
): TemplateResult | typeof nothing {
  const given = argumentsOf(args);
  if (given.length === 0 && (args === undefined || args === null || typeof args === 'object'))
    return nothing;
  const content =
    given.length === 0
      ? html`<pre>${longText(json(args, 2))}</pre>`
      : html`<dl>
          ${given.map(({ name, text, language }, index) =>
            language === undefined
              ? html`<dt>${plainlySeen(name)}</dt><dd>${longText(plainlySeen(text))}</dd>`
              : html`<dt class="wide">${plainlySeen(name)}</dt><dd class="wide code"><slot name=${slotOf(rowId, index)}></slot>${restOf(text)}</dd>`,
          )}
        </dl>`;
  const [only] = given;
  const copy = (): string =>
    given.length === 1 && only !== undefined && !only.isJson ? only.text : json(args, 2);
  return payloadTemplate(label, content, copy, whole);
}

function slotOf(rowId: number, index: number): string {
  return `code-${rowId}-${index}`;
}
