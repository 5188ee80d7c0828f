import { css } from 'lit';

/** The variables, the header and the footer. */
export const FRAME = css`
  :host {
    --text: var(--jp-ui-font-color1, currentColor);
    --dim: var(--jp-ui-font-color2, color-mix(in srgb, currentColor 66%, transparent));
    --soft: var(--dim);
    --line: var(--jp-border-color2, color-mix(in srgb, currentColor 16%, transparent));
    /* Of what can be typed in: an edge that is seen where the hairline is not meant to be. */
    --edge: color-mix(in srgb, var(--text) 54%, transparent);
    --tint: var(--jp-cell-editor-background, color-mix(in srgb, currentColor 4%, transparent));
    --hover: color-mix(in srgb, var(--text) 5%, transparent);
    --brand: var(--jp-brand-color1, #2f7fd6);
    --good: var(--jp-success-color1, #3a9a48);
    --bad: var(--jp-error-color1, #d9483b);
    --warn: var(--jp-warn-color1, #d9822b);
    --radius: max(var(--jp-border-radius, 4px), 4px);
    --code: var(--jp-code-font-family, ui-monospace, SFMono-Regular, Menlo, Consolas, monospace);

    display: block;
    box-sizing: border-box;
    flex: 1 1 auto;
    width: 100%;
    min-width: min(280px, 100%);
    max-width: calc(88ch + 48px);
    scrollbar-color: color-mix(in srgb, var(--text) 32%, transparent) transparent;
    padding-block: 4px;
    padding-inline: 4px 8px;
    background: var(--jp-layout-color0, transparent);
    color: var(--text);
    font-family: var(--jp-ui-font-family, system-ui, -apple-system, 'Segoe UI', sans-serif);
    font-size: 13px;
    line-height: 20px;
  }

  *,
  *::before {
    box-sizing: border-box;
  }

  p,
  ol,
  dl,
  dd,
  pre {
    margin: 0;
    padding: 0;
  }

  .sr {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }

  svg {
    display: block;
  }

  code,
  pre {
    font-family: var(--code);
    font-size: 0.95em;
  }

  /* ---- the frame around the rows ---- */

  .top {
    display: grid;
    grid-template-columns: 16px minmax(0, 1fr) auto;
    column-gap: 8px;
    align-items: start;
    padding: 4px 0;
  }

  .icon {
    display: grid;
    width: 16px;
    height: 20px;
    place-items: center;
    color: var(--soft);
  }

  .facts,
  footer {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    font-size: 12px;
    font-variant-numeric: tabular-nums;
    line-height: 20px;
  }

  .item {
    color: var(--soft);
  }

  /* Each fact carries the dot before it; at the start of a line the dot falls outside and is cut off. */
  .facts,
  footer {
    min-height: 20px;
    margin-inline-start: -16px;
    clip-path: inset(-4px -4px -4px 16px);
  }

  :is(.facts, footer):dir(rtl) {
    clip-path: inset(-4px 16px -4px -4px);
  }

  .facts > *,
  footer > * {
    position: relative;
    margin-inline-start: 16px;
    overflow-wrap: anywhere;
  }

  .agent {
    color: var(--text);
    font-size: 13px;
    font-weight: 600;
  }

  .item:empty {
    display: none;
  }

  .item::before {
    position: absolute;
    inset-inline-start: -16px;
    width: 16px;
    content: '·';
    text-align: center;
  }

  .chip {
    padding: 0 6px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    color: var(--soft);
    font-size: 12px;
    line-height: 16px;
    white-space: nowrap;
  }

  .question {
    grid-column: 2 / -1;
    padding: 4px 0 0;
    font-size: 14px;
    line-height: 1.6;
  }

  .question p {
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }

  .question .cut {
    display: -webkit-box;
    overflow: hidden;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 4;
  }

  .question .quiet {
    margin-inline-start: -6px;
  }

  .notice {
    grid-column: 2 / -1;
    padding: 4px 0 0;
  }

  .notice:first-letter {
    text-transform: uppercase;
  }

  footer {
    margin-top: 4px;
    margin-inline-start: 8px;
    padding-top: 4px;
  }

  .facts > .chip,
  footer > .chip {
    margin-inline-start: 8px;
  }

  .actions,
  .bottom {
    display: flex;
    gap: 8px;
    align-items: center;
  }

  .bottom {
    justify-content: space-between;
  }

  .bottom > .small {
    flex: none;
    margin: 4px 0 0;
  }

  /* ---- after the run ---- */

  .undone {
    margin-inline-start: 24px;
    color: var(--soft);
    font-size: 12px;
    overflow-wrap: anywhere;
  }

  .undone ul {
    padding-inline-start: 16px;
    margin: 0;
  }

  .follow-up {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 8px;
    align-items: end;
    margin: 8px 0 4px 24px;
  }

  .follow-up > textarea {
    flex: 1;
    min-width: min(160px, 100%);
    border-color: transparent;
    background: transparent;
    font-size: 14px;
    margin-inline-start: -9px;
    resize: none;
  }

  .follow-up > textarea:hover {
    border-color: var(--line);
  }

  .follow-up > textarea:focus-visible,
  .follow-up > textarea:not(:placeholder-shown) {
    background: var(--jp-layout-color0, Field);
    border-color: var(--edge);
  }

  .follow-up > textarea:focus-visible {
    border-color: var(--brand);
  }

  .follow-up > .refused {
    flex-basis: 100%;
  }

  ::slotted([slot='thread']) {
    padding-top: 8px;
    border-top: 1px solid var(--line);
    margin-top: 8px;
  }

  :host([data-follows]) {
    padding: 0;
  }
`;
