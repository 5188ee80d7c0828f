import { css } from 'lit';

/** The run's toolbar, its menu, and what can be done with one step. */
export const TOOLBAR = css`
  .toolbar {
    display: flex;
    align-items: center;
    height: 20px;
  }

  .tool {
    display: grid;
    width: 24px;
    height: 24px;
    padding: 0;
    border: 0;
    border-radius: var(--radius);
    background: none;
    color: var(--soft);
    place-items: center;
  }

  .tool:hover:enabled {
    background: var(--hover);
    color: var(--text);
  }

  .tool:disabled {
    cursor: default;
    opacity: 0.4;
  }

  .tool[aria-pressed='true'] {
    color: var(--brand);
  }

  :host(:is(:hover, :focus-within)) .tool[aria-pressed='true'] {
    background: color-mix(in srgb, var(--brand) 12%, transparent);
  }

  /* Calm until somebody is there; what is on stays in sight. */
  @media (hover: hover) {
    .toolbar > .tool:not([aria-pressed='true'], .more-tools),
    .deeds {
      opacity: 0;
      transition: opacity 120ms ease;
    }

    :host(:is(:hover, :focus-within)) .toolbar > .tool,
    .row:is(:hover, :focus-within) > .deeds {
      opacity: 1;
    }
  }

  .top {
    container-type: inline-size;
  }

  @container (max-width: 480px) {
    .toolbar > .tool:not(.more-tools) {
      display: none;
    }
  }

  .row > .deeds {
    position: absolute;
    top: 2px;
    right: 0;
    display: flex;
    height: 24px;
    align-items: center;
    pointer-events: none;
  }

  .deeds > .meta {
    visibility: hidden;
  }

  .deeds .chevron {
    width: 16px;
  }

  .deed-buttons {
    display: flex;
    margin-right: 4px;
    background: var(--jp-layout-color0, Canvas);
    border-radius: var(--radius);
    pointer-events: auto;
  }

  .row:not(:hover, :focus-within) > .deeds > .deed-buttons {
    visibility: hidden;
  }

  .deed-buttons > .tool > :last-child,
  .deed-buttons > .tool[data-done] > :first-child {
    display: none;
  }

  .deed-buttons > .tool[data-done] > :last-child {
    display: block;
    color: var(--good);
  }

  .costs {
    display: flex;
    gap: 8px;
    margin-right: 12px;
    white-space: nowrap;
  }

  .text > .meta {
    grid-column: 2;
  }

  ol {
    container-type: inline-size;
  }

  @container (max-width: 480px) {
    .head .tokens:not([data-alone]) {
      display: none;
    }
  }

  .text > .deeds > .meta {
    display: none;
  }

  .said {
    color: var(--soft);
    font-size: 12px;
  }

  .said:not(:empty) {
    padding-right: 8px;
  }

  .menu {
    position: fixed;
    z-index: 10000;
    inset: auto;
    min-width: 200px;
    padding: 4px 0;
    border: 1px solid var(--jp-border-color1, var(--line));
    border-radius: var(--radius);
    margin: 0;
    background: var(--jp-layout-color0, Canvas);
    color: var(--text);
  }

  .menu > button {
    display: grid;
    width: 100%;
    min-height: 28px;
    grid-template-columns: 16px 1fr 16px;
    align-items: center;
    gap: 8px;
    padding: 4px 12px 4px 8px;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    font-size: 13px;
    text-align: start;
  }

  .menu > button > svg {
    color: var(--soft);
  }

  .menu > button:is(:hover, :focus-visible) {
    background: var(--hover);
  }

  .menu > hr {
    height: 1px;
    border: 0;
    margin: 4px 0;
    background: var(--line);
  }

  .filtered {
    display: flex;
    align-items: center;
    gap: 2px;
    min-height: 28px;
    margin-left: 24px;
    color: var(--soft);
    font-size: 12px;
  }

  @media print {
    .toolbar,
    .deeds {
      display: none;
    }
  }
`;
