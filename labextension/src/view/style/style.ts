import { css, unsafeCSS } from 'lit';
import { MARKS } from '../find/marks';
import { ASK } from './ask';
import { FIND } from './find';
import { FRAME } from './frame';
import { PAYLOAD } from './payload';
import { ROWS } from './rows';
import { TIMELINE } from './timeline';
import { TOOLBAR } from './toolbar';

/** What holds for all of it, over everything before. */
const LAST = css`
  /* Text of people and models reads in its own direction, inside of a column that keeps its own. */
  .question p,
  .reason,
  .decision,
  .line,
  .thought > .inner,
  .problem,
  .notice,
  .hint,
  .fault,
  .refused,
  .item,
  .meta > span,
  .deadline,
  dd:not(.code) {
    unicode-bidi: plaintext;
  }

  :focus-visible {
    outline: 2px solid var(--brand);
    outline-offset: 1px;
  }

  .head:focus-visible {
    outline-offset: -1px;
  }

  @media (prefers-contrast: more) {
    :host {
      --soft: var(--text);
      --line: color-mix(in srgb, var(--text) 60%, transparent);
      --edge: var(--text);
    }

    button.head > .meta::after,
    .chevron,
    :disabled {
      opacity: 1 !important;
    }
  }

  /* The browser leaves no colours but its own: what was only a colour needs an edge. */
  @media (forced-colors: active) {
    .filled {
      border-color: ButtonText;
      background: ButtonText;
      color: ButtonFace;
      forced-color-adjust: none;
    }

    :disabled,
    .filled:disabled {
      border-color: GrayText;
      background: ButtonFace;
      color: GrayText;
      opacity: 1 !important;
    }

    input::-webkit-calendar-picker-indicator {
      background: ButtonText;
      forced-color-adjust: none;
    }

    .progress {
      background: linear-gradient(Highlight, Highlight) no-repeat ButtonFace;
      background-size: calc(var(--part) * 100%) 100%;
      forced-color-adjust: none;
    }

    .share,
    .row::before {
      background: CanvasText;
    }
  }

  @media (prefers-reduced-motion: reduce) {
    *,
    *::before,
    *::after {
      animation: none !important;
      transition: none !important;
    }
  }
`;

/**
 * The look, in JupyterLab's own variables, so that it follows a live switch of theme. Outside of
 * JupyterLab everything derives from the colour of the surrounding text.
 */
export const STYLES = [FRAME, ROWS, PAYLOAD, ASK, TIMELINE, TOOLBAR, FIND, unsafeCSS(MARKS), LAST];
