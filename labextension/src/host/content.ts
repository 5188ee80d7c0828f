/** Of what others wrote: it covers nothing beside it, and its tables scroll in boxes of their own. */
export const FOREIGN_CSS = `
agentkit-trace > [slot] { contain: layout; overflow-y: clip; overflow-clip-margin: 4px; }
agentkit-trace > [slot] .agentkit-wide { overflow-x: auto; margin: 0 0 0.7em; }
agentkit-trace > [slot] .agentkit-wide > table { margin: 0; }
agentkit-trace > [slot] .agentkit-wide:focus-visible { outline: 2px solid var(--jp-brand-color1, #2f7fd6); outline-offset: 1px; }
`;

/** The look of rendered results and answers, after JupyterLab's, where the page has none. */
export const CONTENT_CSS = `
agentkit-trace > [slot] { overflow-wrap: anywhere; }
agentkit-trace > [slot] > :first-child, agentkit-trace > [slot] > div > :first-child { margin-top: 0; }
agentkit-trace > [slot] > :last-child, agentkit-trace > [slot] > div:last-child > :last-child { margin-bottom: 0; }
agentkit-trace > [slot] :is(h1, h2, h3, h4) { margin: 1em 0 0.4em; font-size: 1.1em; line-height: 1.4; font-weight: 600; }
agentkit-trace > [slot] h1 { font-size: 1.25em; }
agentkit-trace > [slot] :is(p, ul, ol, pre, blockquote, table) { margin: 0 0 0.7em; }
agentkit-trace > [slot] :is(ul, ol) { padding-inline-start: 1.6em; }
agentkit-trace > [slot] img { max-width: 100%; height: auto; }
agentkit-trace > [slot] :is(code, pre) { font-family: var(--jp-code-font-family, ui-monospace, Menlo, Consolas, monospace); font-size: 13px; line-height: 20px; }
agentkit-trace > [slot] pre { unicode-bidi: plaintext; overflow-x: auto; white-space: pre-wrap; }
agentkit-trace > .agentkit-code pre { direction: ltr; margin: 0; overflow-wrap: anywhere; }
agentkit-trace > .agentkit-text pre { padding: 8px 12px; border-radius: 4px; background: var(--jp-cell-editor-background, color-mix(in srgb, currentColor 5%, transparent)); }
agentkit-trace > .agentkit-text :not(pre) > code { padding: 1px 4px; border-radius: 3px; background: var(--jp-cell-editor-background, color-mix(in srgb, currentColor 6%, transparent)); }
agentkit-trace > [slot] blockquote { padding-inline-start: 12px; border-inline-start: 3px solid var(--jp-border-color2, color-mix(in srgb, currentColor 16%, transparent)); }
agentkit-trace > [slot] a { color: var(--jp-content-link-color, inherit); text-decoration: underline; }
agentkit-trace > [slot] table { border-collapse: collapse; font-size: 12px; font-variant-numeric: tabular-nums; }
agentkit-trace > [slot] :is(th, td) { padding: 4px 8px; border: 0; text-align: end; vertical-align: middle; white-space: nowrap; }
agentkit-trace > [slot] th { font-weight: 600; }
agentkit-trace > [slot] thead { border-bottom: 1px solid var(--jp-border-color1, color-mix(in srgb, currentColor 30%, transparent)); }
agentkit-trace > [slot] tbody tr:nth-child(even) { background: color-mix(in srgb, currentColor 4%, transparent); }
agentkit-trace > [slot] :is(th, td):first-child { text-align: start; }
${FOREIGN_CSS}`;
