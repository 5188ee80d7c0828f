/** Where this page's Jupyter server is, and how to speak to it. */
export interface Address {
  /** The API's address over HTTP, ending in a slash. */
  readonly http: URL;
  /** The same over a WebSocket. */
  readonly socket: URL;
  /** Set only for a server of another origin: its login cookie does not travel there by itself. */
  readonly token: string;
}

const API = 'agentkit/api/v1/';

/** The server that gave out this page; nothing for a page that no Jupyter server made. */
export function pageAddress(page: Document = document): Address | undefined {
  const config = pageConfig(page);
  const base = config.baseUrl ?? page.body?.dataset.baseUrl;
  return base === undefined ? undefined : addressOf(base, page, config);
}

/** A server named by its base URL, absolute or as a path on this page's host. */
export function addressOf(
  base: string,
  page: Document = document,
  config: Readonly<Record<string, string>> = {},
): Address {
  const root = new URL(withSlash(base), page.location.href);
  const http = new URL(API, root);
  const socket = new URL(API, new URL(withSlash(config.wsUrl || root.href), root));
  socket.protocol = socket.protocol.replace('http', 'ws');
  const foreign = root.origin !== page.location.origin;
  return { http, socket, token: foreign ? (config.token ?? '') : '' };
}

function pageConfig(page: Document): Record<string, string> {
  const element = page.getElementById('jupyter-config-data');
  try {
    const config: unknown = JSON.parse(element?.textContent ?? '{}');
    const entries = Object.entries(config ?? {});
    return Object.fromEntries(entries.filter(([, value]) => typeof value === 'string'));
  } catch {
    return {};
  }
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
