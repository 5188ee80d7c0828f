import { css } from 'lit';

/** Rows, and how they stand. */
export const ROWS = css`
  /* ---- rows ---- */

  ol {
    list-style: none;
  }

  /* What is above the screen is kept in its place by the list itself, in some pages by nobody else. */
  :host([data-part]) {
    overflow-anchor: none;
  }

  .row {
    position: relative;
    min-height: 28px;
  }

  .row[hidden] {
    display: none;
  }

  .one {
    margin-inline-start: 24px;
  }

  .row::before {
    position: absolute;
    top: 25px;
    bottom: -3px;
    inset-inline-start: 7.5px;
    width: 1px;
    background: var(--line);
    content: '';
  }

  .row:last-child::before,
  .streak:has(+ .one:not([hidden]))::before {
    content: none;
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
    text-align: start;
  }

  button {
    cursor: pointer;
  }

  button.head:hover .title {
    color: var(--text);
  }

  button.head:hover > .meta::after,
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
    margin-inline-start: 4px;
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

  /* Drawn, where there may be many: a picture is some more nodes. */
  button.head > .meta::after {
    width: 4.5px;
    height: 4.5px;
    border: solid currentColor;
    border-width: 1.5px 1.5px 0 0;
    margin-inline: 8.5px 5px;
    content: '';
    opacity: 0.55;
    rotate: 45deg;
    transition:
      rotate 120ms ease,
      opacity 120ms ease;
  }

  button.head:dir(rtl) > .meta::after {
    rotate: -135deg;
  }

  button.head[aria-expanded='true'] > .meta::after {
    rotate: 135deg;
  }

  .chevron {
    margin-inline-start: 4px;
    opacity: 0.55;
    transition:
      transform 120ms ease,
      opacity 120ms ease;
  }

  .chevron:dir(rtl) {
    transform: scaleX(-1);
  }

  [aria-expanded='true'] .chevron {
    transform: rotate(90deg);
  }

  .under {
    margin-inline-start: 24px;
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

  .payload + .problem,
  .payload + div > .problem:first-child {
    padding-top: 4px;
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

  .thought > .inner {
    padding: 0;
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
    margin-inline-start: 0;
    font-size: 14px;
    line-height: 1.6;
  }

  .progress,
  .share {
    height: 2px;
    margin-block: 0 4px;
    margin-inline: 24px 0;
    border-radius: 1px;
  }

  .progress {
    background: linear-gradient(var(--brand), var(--brand)) no-repeat var(--line);
    background-size: calc(var(--part) * 100%) 100%;
    transition: background-size 120ms ease;
  }

  .progress:dir(rtl) {
    background-position: right;
  }

  .share {
    position: absolute;
    top: 25px;
    inset-inline-end: 20px;
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
`;
