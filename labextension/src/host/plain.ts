import DOMPurify from 'dompurify';
import { marked } from 'marked';
import { textOf } from '../view/row/summary';
import type { Host } from '../view/source';
import { type Fields, json } from '../view/state/read';
import { CONTENT_CSS } from './content';
import { foreignHtml } from './foreign';
import { bitmapPicture, svgPicture } from './picture';

/** Shows results and answers by itself: for pages without JupyterLab's renderers. */
export const plainHost: Host = {
  css: CONTENT_CSS,
  async renderMime(bundle, node) {
    const show = CHOICES.find(([type]) => type in bundle)?.[1];
    const picture = Object.keys(bundle).find(type => BITMAP.test(type));
    if (show !== undefined) show(bundle, node);
    else if (picture !== undefined) bitmapPicture(picture, textOf(bundle[picture]), node);
    else if ('image/svg+xml' in bundle) svgPicture(bundle, node);
    else
      preformatted('text/plain' in bundle ? textOf(bundle['text/plain']) : json(bundle, 2), node);
  },
  async renderMarkdown(markdown, node) {
    write(fromMarkdown(markdown), node);
  },
  async renderCode(code, _language, node) {
    preformatted(code, node);
  },
};

const BITMAP = /^image\/(png|jpeg|gif|webp)$/;

const CHOICES: readonly [string, (bundle: Fields, node: HTMLElement) => void][] = [
  ['text/html', (bundle, node) => write(textOf(bundle['text/html']), node)],
  ['text/markdown', (bundle, node) => write(fromMarkdown(textOf(bundle['text/markdown'])), node)],
  ['application/json', (bundle, node) => preformatted(json(bundle['application/json'], 2), node)],
];

function fromMarkdown(markdown: string): string {
  return marked.parse(markdown, { async: false, gfm: true });
}

function write(html: string, node: HTMLElement): void {
  node.innerHTML = clean(html);
}

function clean(html: string): string {
  // A drawing in the page is drawn as a part of it; as a result of its own it is a picture.
  return foreignHtml(DOMPurify.sanitize(html, { USE_PROFILES: { html: true } }));
}

function preformatted(content: string, node: HTMLElement): void {
  const pre = document.createElement('pre');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: terminal colours begin with one
  pre.textContent = content.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '');
  node.replaceChildren(pre);
}
