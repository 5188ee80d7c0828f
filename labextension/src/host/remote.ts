const LOADS = 'img[src], img[srcset], source, audio, video, track, image';

/**
 * HTML without pictures and media that would be loaded from elsewhere.
 *
 * A model can be talked into writing an address that carries away what it has read; showing it must
 * not be what sends it. The reader gets a link instead.
 */
export function withoutRemoteMedia(html: string): string {
  if (!/<(img|source|audio|video|track|image|svg)\b/i.test(html)) return html;
  // A parsed document that is not shown loads nothing.
  const page = new DOMParser().parseFromString(html, 'text/html');
  for (const element of page.querySelectorAll(LOADS)) {
    element.removeAttribute('srcset');
    const address = ['src', 'href', 'xlink:href', 'poster']
      .map(name => element.getAttribute(name))
      .find(value => value !== null && isRemote(value));
    if (address === undefined || address === null) continue;
    const link = page.createElement('a');
    link.href = address;
    link.rel = 'noopener noreferrer';
    link.target = '_blank';
    link.textContent = element.getAttribute('alt') || address;
    element.replaceWith(link);
  }
  return page.body.innerHTML;
}

function isRemote(address: string): boolean {
  try {
    const url = new URL(address, document.baseURI);
    return (
      url.origin !== location.origin && !['data:', 'blob:', 'attachment:'].includes(url.protocol)
    );
  } catch {
    return true;
  }
}
