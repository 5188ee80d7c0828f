import { pageAddress } from '../client/address';

/** What is kept of an element: nothing that names, focuses, submits or hands over anything. */
const KEPT = new Set(
  `abbr align alt bgcolor border cellpadding cellspacing checked cite class color colspan controls
  data-jupyter-id datetime default dir disabled face headers height high href hidden kind label lang
  loop low max min muted open poster rel reversed rowspan rules scope size span src srclang start
  style summary target title translate type valign value width`.split(/\s+/),
);
/** What only the page's own parts may look like: what asks for something is none of a text. */
const UNWRAPPED =
  'form, dialog, fieldset, label, legend, button, select, optgroup, option, textarea';
const DROPPED = `script, style, link, meta, base, template, slot, svg, math, iframe, frame, object, embed,
  applet, canvas, map, area, datalist, noscript, noembed, noframes, xmp, plaintext,
  input:not([type="checkbox"])`;
/** Classes that code, terminal colours and tables have; the page's own would cover, hide or mislead. */
const KEPT_CLASS = /^(cm-s-jupyter|language-[\w+#-]+|ansi-[\w-]+|ͼ\w+|dataframe)$/;

const LOADING = ['src', 'poster'];
const MEDIA = 'img, source, audio, video, track';
/** Of CSS, what could load something or leave its place, also where escapes or comments hide it. */
const REFUSED_STYLE = /url|image|import|position|\\|\/\*/i;
const LEADING = ['http:', 'https:', 'mailto:'];

/**
 * Sanitised HTML of others, so that it loads nothing by being shown, and looks like nothing of the page.
 *
 * A model can be talked into writing an address that carries away what it has read, or that does
 * something on this server; showing it must not be what sends it. The reader gets a link instead. Nor may
 * it draw a button or a field that the reader takes for the page's.
 */
export function foreignHtml(html: string): string {
  if (!html.includes('<')) return html;
  // A parsed document that is not shown loads nothing.
  const page = new DOMParser().parseFromString(html, 'text/html');
  for (const element of page.querySelectorAll(DROPPED)) element.remove();
  for (const element of page.querySelectorAll(UNWRAPPED))
    element.replaceWith(...element.childNodes);
  for (const element of page.body.querySelectorAll('*')) {
    for (const name of element.getAttributeNames())
      if (!KEPT.has(name)) element.removeAttribute(name);
    keepClasses(element);
    if (REFUSED_STYLE.test(element.getAttribute('style') ?? '')) element.removeAttribute('style');
    if (element.hasAttribute('href')) lead(element);
    loadNothing(element, page);
  }
  return page.body.innerHTML;
}

/** JupyterLab makes links of addresses in plain text too, and mathematics has links: they lead as others do. */
export function leadOnly(node: ParentNode): void {
  for (const link of node.querySelectorAll('a[href]')) {
    const protocol = addressOf(link.getAttribute('href'))?.protocol ?? '';
    if (!LEADING.includes(protocol)) link.removeAttribute('href');
  }
}

function keepClasses(element: Element): void {
  const kept = [...element.classList].filter(name => KEPT_CLASS.test(name));
  if (kept.length > 0) element.setAttribute('class', kept.join(' '));
  else element.removeAttribute('class');
}

/** A link leads to the web or to mail, and hands nothing over. */
function lead(link: Element): void {
  const protocol = addressOf(link.getAttribute('href'))?.protocol ?? '';
  if (!LEADING.includes(protocol)) link.removeAttribute('href');
  link.setAttribute('rel', 'noopener noreferrer nofollow');
  if (link.hasAttribute('target')) link.setAttribute('target', '_blank');
}

function loadNothing(element: Element, page: Document): void {
  const remote = LOADING.filter(name => !mayLoad(element.getAttribute(name)));
  const address = remote.map(name => element.getAttribute(name)).find(Boolean);
  for (const name of remote) element.removeAttribute(name);
  if (address === undefined || address === null || !element.matches(MEDIA)) return;
  const link = page.createElement('a');
  link.setAttribute('href', address);
  link.setAttribute('target', '_blank');
  link.textContent = element.getAttribute('alt') || address;
  lead(link);
  element.replaceWith(link);
}

/** Whether an address holds its content itself, or names a file of this server. */
function mayLoad(address: string | null): boolean {
  if (address === null) return true;
  const url = addressOf(address);
  if (url === undefined) return false;
  if (['data:', 'blob:'].includes(url.protocol)) return true;
  const api = pageAddress()?.http;
  return api !== undefined && url.href.startsWith(new URL('../../../files/', api).href);
}

function addressOf(address: string | null): URL | undefined {
  return address !== null && URL.canParse(address, document.baseURI)
    ? new URL(address, document.baseURI)
    : undefined;
}
