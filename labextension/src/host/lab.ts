import { type IRenderMimeRegistry, MimeModel } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Widget } from '@lumino/widgets';
import type { Host } from '../view/source';
import type { Fields } from '../view/state/read';
import type { Words } from '../view/words';
import { FOREIGN_CSS } from './content';
import { calmDiagrams } from './diagrams';
import { foreignHtml, leadOnly } from './foreign';
import { namePictures, svgPicture } from './picture';
import { calmTypes } from './types';

/** Shows results and answers as JupyterLab shows every other output. */
export function labHost(
  registry: IRenderMimeRegistry,
  words: Words,
  resolver?: IRenderMime.IResolver | null,
): Host {
  const { sanitizer, markdownParser } = registry;
  const rendermime = registry.clone({
    ...(resolver ? { resolver } : {}),
    ...(markdownParser === null
      ? {}
      : { markdownParser: { render: source => markdownParser.render(calmDiagrams(source)) } }),
    sanitizer: {
      ...(sanitizer.getAutolink ? { getAutolink: () => sanitizer.getAutolink?.() ?? true } : {}),
      sanitize: (dirty, options) => foreignHtml(sanitizer.sanitize(dirty, options)),
    },
  });

  async function render(type: string, bundle: Fields, node: HTMLElement): Promise<void> {
    // What a tool returned or a model wrote may come from anywhere: it is shown as untrusted output
    // is, sanitised and without running its scripts.
    const data = bundle as IRenderMime.IMimeModel['data'];
    const renderer = rendermime.createRenderer(type);
    await renderer.renderModel(new MimeModel({ data, trusted: false }));
    node.replaceChildren();
    if (node.isConnected) Widget.attach(renderer, node);
    else node.append(renderer.node);
    leadOnly(node);
    namePictures(node);
  }

  return {
    css: CSS,
    words,
    async renderMime(bundle, node) {
      const kept = Object.entries(calmTypes(bundle)).filter(([type]) => !isScalar(type, bundle));
      const data = Object.fromEntries(kept) as IRenderMime.IMimeModel['data'];
      const type = rendermime.preferredMimeType(data, 'ensure');
      if (type === undefined || (type === 'text/plain' && 'image/svg+xml' in bundle)) {
        svgPicture(bundle, node);
      } else {
        await render(type, data, node);
      }
    },
    renderMarkdown: (markdown, node) =>
      render('text/markdown', { 'text/markdown': markdown }, node),
    renderCode: (code, language, node) =>
      render('text/markdown', { 'text/markdown': fenced(code, language) }, node),
  };
}

/** JSON of one value, which is a tree of one node: its text says as much. */
function isScalar(type: string, bundle: Fields): boolean {
  if (type !== 'application/json' || !('text/plain' in bundle)) return false;
  return typeof bundle[type] !== 'object' || bundle[type] === null;
}

/** Code as Markdown that cannot end before the code does. */
function fenced(code: string, language: string): string {
  const longest = Math.max(2, ...(code.match(/`+/g) ?? []).map(run => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${code}\n${fence}`;
}

/** JupyterLab's outputs stand in a cell; here they stand in a column that has its own margins. */
const CSS = `
agentkit-trace > [slot] .jp-RenderedHTMLCommon { padding: 0; color: inherit; }
agentkit-trace > .agentkit-text .jp-RenderedHTMLCommon { font-size: 14px; line-height: 1.6; }
agentkit-trace > [slot] { overflow-wrap: break-word; }
agentkit-trace > .agentkit-code .jp-RenderedHTMLCommon pre { margin: 0; padding: 0; background: none; white-space: pre-wrap; overflow-wrap: anywhere; }
agentkit-trace > .agentkit-code .jp-RenderedHTMLCommon { font-size: 13px; line-height: 20px; }
agentkit-trace > [slot] .jp-RenderedText { padding: 0; }
agentkit-trace > [slot] .jp-RenderedText pre { word-break: normal; overflow-wrap: anywhere; }
agentkit-trace > [slot] .jp-RenderedImage { padding: 0; }
agentkit-trace > [slot] img { display: block; max-width: 100%; height: auto; }
agentkit-trace > [slot] .jp-RenderedHTMLCommon > :first-child { margin-top: 0; }
agentkit-trace > [slot] .jp-RenderedHTMLCommon table { margin-left: 0; margin-right: 0; }
agentkit-trace > .agentkit-result .jp-RenderedHTMLCommon :last-child > table:last-child { margin-bottom: 0; }
agentkit-trace > .agentkit-text > div:last-child .jp-RenderedHTMLCommon > :last-child,
agentkit-trace > .agentkit-result .jp-RenderedHTMLCommon > :last-child { margin-bottom: 0; }
${FOREIGN_CSS}`;
