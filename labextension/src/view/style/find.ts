import { css } from 'lit';

/** The box that finds text in a run; it stands over the page, and has room of its own below the header. */
export const FIND = css`
  .find-place {
    margin-block: 4px;
  }

  .find {
    position: fixed;
    inset: auto;
    display: flex;
    align-items: center;
    gap: 4px;
    padding: 4px;
    margin: 0;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: var(--jp-layout-color0, Canvas);
    box-shadow: 0 2px 8px rgb(0 0 0 / 16%);
    color: var(--text);
    font-size: 12px;
  }

  .find > input {
    flex: 0 1 180px;
    min-width: 60px;
    height: 24px;
    padding: 0 6px;
    border: 1px solid var(--line);
    border-radius: var(--radius);
    background: none;
    color: inherit;
    font: inherit;
    font-size: 13px;
  }

  /* Beside the button that closes the box there is no room for a second cross. */
  .find > input::-webkit-search-cancel-button {
    display: none;
  }

  .find > .count {
    min-width: 72px;
    color: var(--soft);
    font-variant-numeric: tabular-nums;
    text-align: center;
    white-space: nowrap;
  }

  .find > button {
    display: grid;
    flex: none;
    width: 24px;
    height: 24px;
    padding: 0;
    border: 0;
    border-radius: var(--radius);
    background: none;
    color: var(--soft);
    place-items: center;
  }

  .find > button:hover:enabled {
    background: var(--hover);
    color: var(--text);
  }

  .find > button:disabled {
    cursor: default;
    opacity: 0.4;
  }

  .find > .up > svg {
    transform: rotate(-90deg);
  }

  .find > .down > svg {
    transform: rotate(90deg);
  }

  @media print {
    .find-place {
      display: none;
    }
  }
`;
