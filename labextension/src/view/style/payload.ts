import { css } from 'lit';

/** Payloads, diffs and buttons. */
export const PAYLOAD = css`
  /* ---- payloads ---- */

  .payload {
    padding-top: 4px;
  }

  .payload > header {
    display: flex;
    align-items: center;
    gap: 4px;
    min-height: 24px;
    font-size: 12px;
  }

  .payload > header > span {
    flex: 1;
    min-width: 0;
    color: var(--soft);
    overflow-wrap: anywhere;
  }

  .payload > header > :last-child {
    margin-inline-end: -6px;
  }

  .payload:not([data-cut]) .all {
    display: none;
  }

  .box {
    max-height: 320px;
    overflow: auto;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    scrollbar-width: thin;
  }

  .payload[data-whole] .box,
  .payload[data-all] .box {
    max-height: none;
  }

  .inner {
    padding: 8px 12px;
    font-size: 13px;
  }

  /* Code reads from left to right in every language. */
  .diff,
  .inner pre,
  dd.code {
    direction: ltr;
  }

  .inner pre,
  dd {
    font-family: var(--code);
    font-size: 13px;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }

  dl {
    display: grid;
    grid-template-columns: fit-content(40%) minmax(0, 1fr);
    gap: 0 12px;
  }

  dt {
    color: var(--soft);
    font-family: var(--code);
    font-size: 13px;
    overflow-wrap: anywhere;
  }

  dt.wide,
  dd.wide {
    grid-column: 1 / -1;
  }

  dd.wide {
    padding-bottom: 8px;
  }

  dd.wide:last-child {
    padding-bottom: 0;
  }

  dt.wide:first-child:nth-last-child(2) {
    display: none;
  }

  /* ---- diffs ---- */

  .inner:has(> .diff) {
    padding: 4px 0;
  }

  .change {
    display: grid;
    grid-template-columns: 26px minmax(0, 1fr);
    padding-inline-end: 12px;
    border-inline-start: 2px solid transparent;
    font-family: var(--code);
    font-size: 13px;
    line-height: 20px;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }

  .change > :last-child {
    grid-column: 2;
    min-height: 20px;
  }

  .sign {
    text-align: center;
    user-select: none;
  }

  .change[data-kind='added'] {
    background: color-mix(in srgb, var(--good) 14%, transparent);
    border-color: var(--good);
  }

  .change[data-kind='removed'] {
    background: color-mix(in srgb, var(--bad) 12%, transparent);
    border-color: var(--bad);
  }

  .change[data-kind='gap'] {
    color: var(--soft);
    font-family: inherit;
    font-size: 12px;
  }

  .edit {
    padding-bottom: 8px;
  }

  /* ---- buttons ---- */

  .filled,
  .outlined {
    min-height: 28px;
    padding: 0 12px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: none;
    color: var(--text);
    font: inherit;
    font-weight: 500;
  }

  .filled {
    --fill: var(--jp-accept-color-normal, #1f6fc4);

    border-color: transparent;
    background: var(--fill);
    color: #fff;
  }

  /* A theme may fill its buttons with a light colour: then their text is black. */
  @supports (color: oklch(from red l c h)) {
    .filled {
      color: oklch(from var(--fill) clamp(0, (0.585 - l) * 1000, 1) 0 0);
    }
  }

  :is(.filled, .outlined, .quiet):disabled {
    cursor: default;
    opacity: 0.5;
  }

  .filled:hover:enabled {
    --fill: var(--jp-accept-color-hover, #1a5fa9);
  }

  .outlined:hover:enabled {
    background: var(--hover);
  }

  .small {
    min-height: 24px;
    padding: 0 8px;
    margin: -2px 0;
    font-size: 12px;
  }

  .quiet {
    padding: 2px 6px;
    border: 0;
    border-radius: var(--radius);
    background: none;
    color: var(--soft);
    font: inherit;
    font-size: 12px;
  }

  .quiet:hover:enabled {
    background: var(--hover);
    color: var(--text);
  }
`;
