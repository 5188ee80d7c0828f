import { css } from 'lit';

/**
 * The look, in JupyterLab's own variables, so that it follows a live switch of theme. Outside of
 * JupyterLab everything derives from the colour of the surrounding text.
 */
export const STYLES = css`
  :host {
    --text: var(--jp-ui-font-color1, currentColor);
    --soft: var(--jp-ui-font-color2, color-mix(in srgb, currentColor 66%, transparent));
    --line: var(--jp-border-color2, color-mix(in srgb, currentColor 16%, transparent));
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
    padding: 4px 8px 4px 4px;
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
    margin-left: -16px;
    clip-path: inset(-4px -4px -4px 16px);
  }

  .facts > *,
  footer > * {
    position: relative;
    margin-left: 16px;
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
    left: -16px;
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
    margin-left: -6px;
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
    margin-left: 8px;
    padding-top: 4px;
  }

  .facts > .chip,
  footer > .chip {
    margin-left: 8px;
  }

  /* ---- rows ---- */

  ol {
    list-style: none;
  }

  .row {
    position: relative;
    min-height: 28px;
  }

  .row::before {
    position: absolute;
    top: 25px;
    bottom: -3px;
    left: 7.5px;
    width: 1px;
    background: var(--line);
    content: '';
  }

  .row:last-child::before {
    content: none;
  }

  .many > .row {
    content-visibility: auto;
    contain-intrinsic-size: auto 48px;
  }

  .head {
    display: grid;
    width: 100%;
    grid-template-columns: 16px minmax(0, 1fr) auto;
    column-gap: 8px;
    padding: 4px 0;
    border: 0;
    border-radius: var(--radius);
    background: none;
    color: inherit;
    font: inherit;
    text-align: left;
  }

  button {
    cursor: pointer;
  }

  button.head:hover .title {
    color: var(--text);
  }

  button.head:hover .chevron {
    opacity: 1;
  }

  .title {
    position: relative;
    overflow: hidden;
    font-weight: 500;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .title code {
    font-size: 12.5px;
  }

  .details {
    color: var(--soft);
    font-weight: 400;
  }

  .details:not(:empty) {
    margin-left: 4px;
  }

  .title .plain {
    color: var(--soft);
    font-weight: 400;
    overflow-wrap: anywhere;
    white-space: normal;
  }

  .end .title {
    white-space: normal;
  }

  .meta {
    display: flex;
    align-items: center;
    color: var(--soft);
    font-size: 12px;
    font-variant-numeric: tabular-nums;
  }

  .chevron {
    margin-left: 4px;
    opacity: 0.55;
    transition:
      transform 120ms ease,
      opacity 120ms ease;
  }

  [aria-expanded='true'] .chevron {
    transform: rotate(90deg);
  }

  .under {
    margin-left: 24px;
  }

  .line {
    overflow: hidden;
    padding-bottom: 4px;
    margin-top: -4px;
    color: var(--soft);
    font-size: 12px;
    text-overflow: ellipsis;
    white-space: nowrap;
  }

  .body {
    padding: 0 0 8px;
    animation: unfold 120ms ease;
  }

  @keyframes unfold {
    from {
      opacity: 0;
      transform: translateY(-2px);
    }
  }

  .origin {
    color: var(--soft);
    font-size: 12px;
    overflow-wrap: anywhere;
  }

  .problem {
    padding: 0 0 4px;
    color: var(--text);
    font-size: 13px;
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }

  .picture {
    padding: 0 0 8px;
  }

  .thought {
    max-height: 320px;
    overflow: auto;
    color: var(--soft);
    overflow-wrap: anywhere;
    white-space: pre-wrap;
  }

  .text {
    display: grid;
    grid-template-columns: 16px minmax(0, 1fr);
    column-gap: 8px;
    padding: 4px 0;
  }

  .text > .icon {
    height: 22px;
  }

  .text > .under {
    min-width: 0;
    margin-left: 0;
    font-size: 14px;
    line-height: 1.6;
  }

  .progress,
  .share {
    height: 2px;
    margin: 0 0 4px 24px;
    border-radius: 1px;
  }

  .progress {
    background: linear-gradient(var(--brand), var(--brand)) no-repeat var(--line);
    background-size: calc(var(--part) * 100%) 100%;
    transition: background-size 120ms ease;
  }

  .share {
    position: absolute;
    top: 25px;
    right: 20px;
    width: calc(var(--share) * 48px);
    margin: 0;
    background: var(--line);
  }

  /* ---- how a row stands: on the icon, never on small text ---- */

  [data-state='running'] > .head .icon,
  [data-tone='running'] > .icon {
    color: var(--brand);
  }

  [data-state='completed'] > .head .icon,
  [data-tone='completed'] > .icon {
    color: var(--good);
  }

  [data-state='failed'] > .head .icon,
  [data-tone='failed'] > .icon {
    color: var(--bad);
  }

  [data-state='waiting'] > .head .icon,
  [data-state='warning'] > .head .icon,
  [data-tone='waiting'] > .icon {
    color: var(--warn);
  }

  [data-state='running'] > .head .icon svg,
  [data-pulse] > .icon svg {
    animation: pulse 1.2s ease-in-out infinite;
  }

  :host([data-connection='reconnecting']) [data-state='running'] > .head .icon {
    color: var(--soft);
  }

  :host([data-connection='reconnecting']) .icon svg {
    animation: none !important;
  }

  @keyframes pulse {
    50% {
      opacity: 0.35;
    }
  }

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

  :focus-visible {
    outline: 2px solid var(--brand);
    outline-offset: 1px;
  }

  .head:focus-visible {
    outline-offset: -1px;
  }

  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
`;
