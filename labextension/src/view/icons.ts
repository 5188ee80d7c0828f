import { type SVGTemplateResult, svg } from 'lit';

/** Outline icons on a 16 px grid; their colour is the text's. */
function icon(body: SVGTemplateResult): SVGTemplateResult {
  return svg`<svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor"
    stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${body}</svg>`;
}

export const ICONS = {
  tool: icon(svg`<path d="M6 2.75 3.25 8 6 13.25M10 2.75 12.75 8 10 13.25" />`),
  thinking: icon(svg`<path d="M5.5 11.5a4.25 4.25 0 1 1 5 0V13h-5zM6.5 15h3" />`),
  message: icon(svg`<path d="M3 4.5h10M3 8h10M3 11.5h6" />`),
  question: icon(
    svg`<circle cx="8" cy="8" r="5.75" /><path d="M6.4 6.4a1.65 1.65 0 1 1 2.3 1.5c-.5.2-.7.5-.7 1" /><path d="M8 11.1v.01" />`,
  ),
  approval: icon(
    svg`<path d="M8 2 13 4v4c0 3-2 5-5 6-3-1-5-3-5-6V4z" /><path d="M8 5.5v3M8 10.75v.01" />`,
  ),
  warning: icon(svg`<path d="M8 2.5 14 13H2zM8 6.5v3M8 11.3v.01" />`),
  other: icon(svg`<circle cx="8" cy="8" r="2" />`),
  queued: icon(svg`<circle cx="8" cy="8" r="5" />`),
  running: icon(
    svg`<circle cx="8" cy="8" r="5" /><circle cx="8" cy="8" r="2" fill="currentColor" stroke="none" />`,
  ),
  completed: icon(svg`<path d="m3 8.5 3.25 3.25L13 5" />`),
  failed: icon(svg`<path d="m4 4 8 8M12 4l-8 8" />`),
  cancelled: icon(svg`<rect x="4" y="4" width="8" height="8" rx="1" />`),
  denied: icon(svg`<circle cx="8" cy="8" r="5.5" /><path d="m4.25 11.75 7.5-7.5" />`),
  interrupted: icon(svg`<path d="M2 8h3.5M10.5 8H14M7 5.5l-1 5M10 5.5l-1 5" />`),
  reconnecting: icon(svg`<circle cx="8" cy="8" r="5" stroke-dasharray="2.4 2.83" />`),
  chevron: icon(svg`<path d="m6 4.5 3.5 3.5L6 11.5" />`),
  stop: icon(svg`<rect x="4.75" y="4.75" width="6.5" height="6.5" rx="1" fill="currentColor" />`),
} as const;

export type IconName = keyof typeof ICONS;
