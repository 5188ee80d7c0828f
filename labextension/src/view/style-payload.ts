import { css } from 'lit';

/** Payloads, what waits for a person, and buttons. */
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
    color: var(--soft);
    font-size: 12px;
  }

  .payload > header > span {
    flex: 1;
  }

  .payload > header > :last-child {
    margin-right: -6px;
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

  /* ---- what waits for a person ---- */

  [data-state='waiting'] {
    padding: 4px 8px 4px 5px;
    border-left: 3px solid var(--warn);
    margin: 4px 0 4px -8px;
    background: color-mix(in srgb, var(--warn) 8%, transparent);
    border-radius: 0 var(--radius) var(--radius) 0;
  }

  [data-state='waiting']::before {
    content: none;
  }

  .ask {
    padding-bottom: 8px;
  }

  .decision {
    margin-top: -4px;
    padding-bottom: 4px;
    color: var(--soft);
    font-size: 12px;
  }

  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    padding-top: 8px;
  }

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
    border-color: transparent;
    background: var(--jp-accept-color-normal, var(--brand));
    color: #fff;
  }

  .filled:hover {
    background: var(--jp-accept-color-hover, var(--brand));
  }

  .outlined:hover:enabled {
    background: var(--hover);
  }

  .cancel {
    min-height: 24px;
    padding: 0 8px;
    margin: -2px 0;
    font-size: 12px;
  }

  .cancel:disabled {
    color: var(--soft);
    cursor: default;
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

  .quiet:hover {
    background: var(--hover);
    color: var(--text);
  }

  input {
    min-width: 0;
    flex: 1;
    height: 28px;
    padding: 0 8px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--tint);
    color: inherit;
    font: inherit;
  }
`;
