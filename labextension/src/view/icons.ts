import { type SVGTemplateResult, svg } from 'lit';

/** Outline icons on a 16 px grid; their colour is the text's. */
function icon(body: SVGTemplateResult): SVGTemplateResult {
  const whole = `<svg viewBox="0 0 16 16" width="16" height="16" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${body.strings.join('')}</svg>`;
  // In one piece: a template inside of a template costs nodes wherever the icon stands.
  return svg(Object.assign([whole], { raw: [whole] }));
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
  timeline: icon(svg`<path d="M2.5 4h6M5.5 8h7M8.5 12h5" />`),
  expandAll: icon(svg`<path d="m4.5 6.5 3.5-3.5 3.5 3.5M4.5 9.5 8 13l3.5-3.5" />`),
  collapseAll: icon(svg`<path d="M4.5 3 8 6.5 11.5 3M4.5 13 8 9.5l3.5 3.5" />`),
  find: icon(svg`<circle cx="7" cy="7" r="4" /><path d="m10 10 3.5 3.5" />`),
  follow: icon(svg`<path d="M8 2.5v8M4.5 7 8 10.5 11.5 7M3.5 13.5h9" />`),
  copy: icon(
    svg`<rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 3.5v-1h-8v8h1" />`,
  ),
  link: icon(
    svg`<path d="M6.75 9.25a2.5 2.5 0 0 0 3.5 0l2.5-2.5a2.5 2.5 0 0 0-3.5-3.5l-1 1" /><path d="M9.25 6.75a2.5 2.5 0 0 0-3.5 0l-2.5 2.5a2.5 2.5 0 0 0 3.5 3.5l1-1" />`,
  ),
  costs: icon(svg`<path d="M3 13V9M6.5 13V5.5M10 13V8M13.5 13V3" />`),
  failures: icon(svg`<path d="M2.5 4h11M4.5 8h7M6.5 12h3" />`),
  export: icon(svg`<path d="M8 9.5v-7M5 5.25l3-3 3 3M3 9v4.5h10V9" />`),
  more: icon(svg`<path d="M3.5 8v.01M8 8v.01M12.5 8v.01" stroke-width="2" />`),
  zoomIn: icon(svg`<path d="M8 3.5v9M3.5 8h9" />`),
  zoomOut: icon(svg`<path d="M3.5 8h9" />`),
  fit: icon(svg`<path d="M2.5 3.5v9M13.5 3.5v9M5 8h6M6.5 6 4.75 8l1.75 2M9.5 6l1.75 2-1.75 2" />`),
} as const;

export type IconName = keyof typeof ICONS;
