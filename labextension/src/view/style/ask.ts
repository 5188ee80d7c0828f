import { css } from 'lit';

/** What waits for a person: approvals, questions, and the fields that they are answered in. */
export const ASK = css`
  [data-state='waiting'] {
    /* On the tint, secondary text needs more of the text's colour to be read as well. */
    --soft: color-mix(in srgb, var(--dim) 60%, var(--text));

    padding-block: 4px;
    padding-inline: 1px 8px;
    border-inline-start: 3px solid var(--warn);
    margin-block: 4px;
    margin-inline: -4px 0;
    background: color-mix(in srgb, var(--warn) 8%, transparent);
    border-start-end-radius: var(--radius);
    border-end-end-radius: var(--radius);
  }

  [data-state='waiting']::before {
    content: none;
  }

  [data-state='waiting'] .box {
    background: var(--jp-layout-color0, transparent);
  }

  .ask {
    padding-bottom: 8px;
    container-type: inline-size;
  }

  .ask:focus {
    outline: none;
  }

  .ask:focus-visible {
    outline: 2px solid var(--brand);
    outline-offset: 4px;
    border-radius: var(--radius);
  }

  /* All of it is consented to, so all of it is in sight, as far as a screen goes. */
  .ask .payload[data-whole] .box {
    max-height: max(320px, 60vh);
  }

  .ask .payload[data-all] .box {
    max-height: none;
  }

  .reason,
  .asked {
    overflow-wrap: anywhere;
  }

  .asked {
    font-size: 14px;
    line-height: 1.6;
  }

  .decision {
    color: var(--soft);
    font-size: 12px;
    overflow-wrap: anywhere;
  }

  .decision {
    padding-bottom: 4px;
    margin-top: -4px;
  }

  .asked + .decision {
    margin-top: 0;
  }

  .decision > summary {
    width: fit-content;
    min-height: 24px;
    line-height: 24px;
    cursor: pointer;
  }

  .decision > summary:hover {
    color: var(--text);
  }

  .decision > .payload {
    color: var(--text);
  }

  .answered {
    padding-bottom: 4px;
    font-size: 12px;
  }

  /* ---- buttons and fields ---- */

  .buttons {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 8px;
    padding-top: 8px;
  }

  .buttons > * {
    max-width: 100%;
    overflow-wrap: anywhere;
  }

  .choices > .outlined {
    padding-block: 3px;
    text-align: start;
  }

  .more {
    display: flex;
    flex: 1;
    flex-wrap: wrap;
    align-items: center;
    justify-content: flex-end;
    gap: 4px 8px;
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }

  .more > :not(button) {
    color: var(--soft);
  }

  .more > .quiet {
    white-space: nowrap;
  }

  .more > .quiet:last-child {
    margin-inline-end: -6px;
  }

  @container (max-width: 480px) {
    .more {
      flex-basis: 100%;
      justify-content: flex-start;
    }

    .more > .quiet:first-child {
      margin-inline-start: -6px;
    }

    .more > .quiet:last-child {
      margin-inline-end: 0;
    }
  }

  .deadline:empty {
    display: none;
  }

  .say {
    display: grid;
    gap: 8px;
    padding-top: 8px;
  }

  .say > .buttons {
    padding-top: 0;
  }

  label {
    display: grid;
    gap: 2px;
    color: var(--text);
    font-size: 13px;
  }

  label > span:first-child {
    font-size: 12px;
  }

  label .optional,
  label .hint {
    color: var(--soft);
    font-size: 12px;
    line-height: 16px;
  }

  .check {
    min-height: 24px;
    grid-template-columns: auto minmax(0, 1fr);
    column-gap: 8px;
    align-items: center;
  }

  .check > .hint,
  .check > .fault {
    grid-column: 2;
  }

  .check > span:first-of-type {
    font-size: 13px;
  }

  input,
  textarea,
  select {
    width: 100%;
    min-width: 0;
    min-height: 28px;
    padding: 3px 8px;
    border: 1px solid var(--edge);
    border-radius: var(--radius);
    background: var(--jp-layout-color0, Field);
    color: inherit;
    font: inherit;
    font-size: 13px;
    line-height: 20px;
  }

  input:focus-visible,
  textarea:focus-visible,
  select:focus-visible {
    border-color: var(--brand);
    outline: 1px solid var(--brand);
    outline-offset: 0;
  }

  select {
    width: fit-content;
    max-width: 100%;
  }

  select option {
    background: var(--jp-layout-color0, Field);
    color: var(--text);
  }

  input[type='checkbox'] {
    width: 16px;
    min-height: 16px;
    margin: 0;
    accent-color: var(--brand);
  }

  input:is([type='date'], [type='time'], [type='datetime-local']) {
    width: fit-content;
  }

  /* The browser's own is as dark as the background may be. */
  input::-webkit-calendar-picker-indicator {
    width: 16px;
    height: 16px;
    background: currentColor;
    mask: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16' fill='none' stroke='black' stroke-width='1.5'%3E%3Cpath d='M2.75 3.75h10.5v9.5H2.75zM2.75 6.75h10.5M5.5 2v3M10.5 2v3'/%3E%3C/svg%3E")
      center / contain no-repeat;
    cursor: pointer;
  }

  textarea {
    display: block;
    max-height: 320px;
    field-sizing: content;
    overflow: auto;
    resize: vertical;
  }

  textarea.code {
    font-family: var(--code);
    tab-size: 4px;
  }

  ::placeholder {
    color: var(--soft);
    opacity: 1;
  }

  [aria-invalid='true'] {
    border-color: var(--bad);
  }

  .fault,
  .refused {
    font-size: 12px;
    line-height: 16px;
    overflow-wrap: anywhere;
  }

  .fault::before,
  .refused:not(:empty)::before {
    display: inline-block;
    width: 8px;
    height: 8px;
    margin-inline-end: 6px;
    border-radius: 50%;
    background: var(--bad);
    content: '';
  }

  .refused:not(:empty) {
    padding-top: 8px;
  }

  kbd {
    padding: 0 4px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    font: inherit;
  }
`;
