import { css } from 'lit';

/** The timeline: an axis, lanes of bars, and what they mean. */
export const TIMELINE = css`
  .timeline {
    padding: 4px 0 8px 24px;
    font-size: 12px;
    font-variant-numeric: tabular-nums;
    line-height: 16px;
  }

  .untimed {
    color: var(--soft);
  }

  .axis {
    position: relative;
    height: 20px;
    overflow: hidden;
    color: var(--soft);
  }

  .axis > span {
    position: absolute;
    padding-left: 4px;
    white-space: nowrap;
  }

  .axis > [data-first] {
    padding-left: 0;
  }

  .plot {
    --height: min(12px, 240px / var(--lanes));

    position: relative;
    height: calc(var(--lanes) * var(--height) + 8px);
    overflow: clip;
    overflow-clip-margin: 2px;
    border-radius: 2px;
    cursor: default;
    touch-action: pan-y;
    user-select: none;
  }

  .plot > i {
    position: absolute;
    top: 0;
    bottom: 0;
    width: 1px;
    background: color-mix(in srgb, var(--text) 14%, transparent);
  }

  .bar {
    --ink: var(--soft);

    height: 8px;
    min-width: 3px;
    border-radius: 1px;
    background: var(--ink);
  }

  .plot > .bar {
    position: absolute;
    top: calc(6px + var(--height) * var(--lane));
    height: max(2px, var(--height) - 4px);
  }

  .bar[data-kind='model'] {
    --ink: var(--brand);

    border-radius: 4px;
  }

  .bar[data-kind='wait'] {
    --ink: var(--warn);

    border: 1px solid var(--ink);
    background: repeating-linear-gradient(135deg, var(--ink) 0 1.5px, transparent 1.5px 4.5px);
  }

  .plot > .bar[data-several] {
    border-radius: 0;
    background: linear-gradient(
      to top,
      var(--bad) calc(var(--failed) * 100%),
      var(--ink) calc(var(--failed) * 100%)
    );
  }

  /* What was stopped is hollow; what failed stands out of its lane, so that it shows without its colour too. */
  .bar:is([data-state='cancelled'], [data-state='interrupted']) {
    border: 1px dashed var(--ink);
    background: none;
  }

  .bar[data-state='failed'] {
    --ink: var(--bad);
  }

  .bar[data-state='denied'] {
    --ink: var(--soft);
  }

  .plot > .bar[data-state='failed'] {
    top: calc(4px + var(--height) * var(--lane));
    height: var(--height);
  }

  /* Whoever chooses the colours of everything still tells the bars by their shapes. */
  @media (forced-colors: active) {
    .bar {
      --ink: CanvasText !important;

      forced-color-adjust: none;
    }
  }

  .mark {
    position: absolute;
    top: calc(3px + var(--height) * var(--lane));
    height: calc(var(--height) + 2px);
    min-width: 3px;
    border-radius: 4px;
    outline: 1px solid var(--text);
    outline-offset: 1px;
    pointer-events: none;
  }

  .mark[data-keyboard] {
    outline: 2px solid var(--brand);
  }

  .selection {
    position: absolute;
    top: 0;
    bottom: 0;
    border: solid var(--brand);
    border-width: 0 1px;
    background: color-mix(in srgb, var(--brand) 14%, transparent);
    pointer-events: none;
  }

  .window {
    position: relative;
    height: 2px;
    margin-top: 2px;
    border-radius: 1px;
    background: var(--line);
  }

  .window:not([data-zoomed]) {
    visibility: hidden;
  }

  .window > b {
    position: absolute;
    top: 0;
    bottom: 0;
    min-width: 4px;
    border-radius: 1px;
    background: var(--soft);
  }

  .legend {
    display: flex;
    flex-wrap: wrap;
    align-items: center;
    gap: 0 16px;
    min-height: 24px;
    margin-top: 4px;
    color: var(--soft);
  }

  .kind {
    display: inline-flex;
    align-items: center;
    gap: 6px;
    white-space: nowrap;
  }

  .kind > .bar {
    width: 14px;
  }

  .kind > span {
    color: var(--text);
  }

  .zooms {
    display: flex;
    margin-left: auto;
  }

  .tip {
    position: fixed;
    z-index: 10000;
    inset: auto;
    max-width: min(360px, 100vw - 16px);
    padding: 4px 8px;
    border: 1px solid var(--jp-border-color1, var(--line));
    border-radius: var(--radius);
    margin: 0;
    background: var(--jp-layout-color1, Canvas);
    color: var(--text);
    font-size: 12px;
    font-variant-numeric: tabular-nums;
    line-height: 18px;
    pointer-events: none;
  }

  .tip > .what {
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
    font-weight: 500;
  }

  .tip > .what > span,
  .tip > .facts-of {
    color: var(--soft);
    font-weight: 400;
  }

  .tip b {
    color: var(--text);
    font-weight: 500;
  }
`;
