const LOADING = ['src', 'poster', 'background', 'data'];
/** Elements that load what their `href` names; everywhere else it is a link that waits for a click. */
const LOADING_HREF = 'image, use, feImage, link';
const MEDIA = 'img, source, audio, video, track, image, input, embed, object, iframe';
/** Of CSS, what could load something, also where escapes or comments hide it. */
const LOADING_STYLE = /url|image|import|\\|\/\*/i;

/**
 * HTML that loads nothing by being shown.
 *
 * A model can be talked into writing an address that carries away what it has read, or that does
 * something on this server; showing it must not be what sends it. The reader gets a link instead.
 */
export function withoutRemoteMedia(html: string): string {
  if (!html.includes('<')) return html;
  // A parsed document that is not shown loads nothing.
  const page = new DOMParser().parseFromString(html, 'text/html');
  for (const element of page.querySelectorAll('*')) {
    if (LOADING_STYLE.test(element.getAttribute('style') ?? '')) element.removeAttribute('style');
    element.removeAttribute('srcset');
    const names = element.matches(LOADING_HREF) ? [...LOADING, 'href', 'xlink:href'] : LOADING;
    const remote = names.filter(name => !mayLoad(element.getAttribute(name)));
    const address = remote.map(name => element.getAttribute(name)).find(Boolean);
    for (const name of remote) element.removeAttribute(name);
    if (address === undefined || address === null || !element.matches(MEDIA)) continue;
    const link = page.createElement('a');
    link.href = address;
    link.rel = 'noopener noreferrer';
    link.target = '_blank';
    link.textContent = element.getAttribute('alt') || address;
    element.replaceWith(link);
  }
  return page.body.innerHTML;
}

/** Whether an address holds its content itself, or names a file of this server. */
function mayLoad(address: string | null): boolean {
  if (address === null) return true;
  try {
    const url = new URL(address, document.baseURI);
    if (['data:', 'blob:', 'attachment:'].includes(url.protocol)) return true;
    return url.origin === location.origin && url.pathname.includes('/files/');
  } catch {
    return false;
  }
}
