import { LabIcon } from '@jupyterlab/ui-components';

/** A run: a line with its steps, the last of them going on. */
export const runIcon = new LabIcon({
  name: 'jupyter-agentkit:run',
  svgstr: `<svg xmlns="http://www.w3.org/2000/svg" width="16" viewBox="0 0 16 16">
  <g class="jp-icon3" fill="#616161">
    <path d="M3.25 4.5h1.5v7h-1.5z"/>
    <circle cx="4" cy="3.25" r="1.75"/><circle cx="4" cy="8" r="1.75"/>
    <path d="M4 10.5a2.25 2.25 0 1 1 0 4.5 2.25 2.25 0 0 1 0-4.5zm0 1.4a.85.85 0 1 0 0 1.7.85.85 0 0 0 0-1.7z"/>
    <rect x="7.5" y="2.5" width="6.5" height="1.5" rx=".75"/>
    <rect x="7.5" y="7.25" width="5" height="1.5" rx=".75"/>
    <rect x="7.5" y="12" width="3.5" height="1.5" rx=".75"/>
  </g>
</svg>`,
});
