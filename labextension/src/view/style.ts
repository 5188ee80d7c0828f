import { css, unsafeCSS } from 'lit';
import { MARKS } from './marks';
import { ASK } from './style-ask';
import { FIND } from './style-find';
import { FRAME } from './style-frame';
import { PAYLOAD } from './style-payload';
import { ROWS } from './style-rows';
import { TIMELINE } from './style-timeline';

/** What holds for all of it, over everything before. */
const LAST = css`
  /* Text of people and models reads in its own direction, inside of a column that keeps its own. */
  .question p,
  .reason,
  .decision,
  .line,
  .thought,
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

  @media (prefers-reduced-motion: reduce) {
    * {
      animation: none !important;
      transition: none !important;
    }
  }
`;

/**
 * The look, in JupyterLab's own variables, so that it follows a live switch of theme. Outside of
 * JupyterLab everything derives from the colour of the surrounding text.
 */
export const STYLES = [FRAME, ROWS, PAYLOAD, ASK, TIMELINE, FIND, unsafeCSS(MARKS), LAST];
