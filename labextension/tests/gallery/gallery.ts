/**
 * Every state of the view on one page, to look at.
 *
 * `?theme=dark|light|contrast|none` `&width=400` `&only=cancelled,waiting` `&dir=rtl` `&open=1`
 */
import { plainHost } from '../../src/host/plain';
import { mount } from '../../src/view/element';
import type { Listener } from '../../src/view/source';
import { answered, STATES } from './states';

const query = new URLSearchParams(location.search);
const theme = query.get('theme') ?? 'light';
if (theme === 'none') document.getElementById('theme')?.remove();
else document.getElementById('theme')?.setAttribute('href', `${theme}.css`);
document.documentElement.dir = query.get('dir') ?? 'ltr';
document.documentElement.style.setProperty('--width', `${query.get('width') ?? 900}px`);

/** For tests: what was answered on this page. */
Object.assign(globalThis, { answered });

const only = query.get('only')?.split(',');
const main = document.querySelector('main');
for (const [name, source] of Object.entries(STATES)) {
  if (only !== undefined && !only.some(part => name.includes(part))) continue;
  const section = document.createElement('section');
  const heading = document.createElement('h2');
  const place = document.createElement('div');
  heading.textContent = name;
  section.append(heading, place);
  main?.append(section);
  mount(place, source(), plainHost, { signal: new AbortController().signal });
}

/** For tests: one more run, fed from outside, in a box of its own that scrolls. */
if (only?.includes('fed')) {
  const box = document.createElement('div');
  const place = document.createElement('div');
  const below = document.createElement('textarea');
  box.id = 'box';
  box.style.cssText = 'height: 400px; overflow: auto';
  box.append(document.createElement('textarea'), place, below);
  main?.append(box);
  const subscribe = (listener: Listener): void => {
    listener.attached('running', 0);
    listener.connection('live');
    Object.assign(globalThis, { feed: (events: unknown[]) => listener.events(events) });
  };
  const signal = new AbortController().signal;
  mount(place, { trace: { task_id: 'fed' }, subscribe }, plainHost, { signal });
}

/** For tests: shows the trace that it is given between two texts, in a page that scrolls. */
Object.assign(globalThis, {
  show: (trace: unknown): void => {
    const place = document.createElement('div');
    const [above, below] = ['above', 'below'].map(text => {
      const line = document.createElement('p');
      line.style.height = '300px';
      line.textContent = text;
      return line;
    });
    main?.append(above ?? '', place, below ?? '');
    mount(place, { trace }, plainHost, { signal: new AbortController().signal });
  },
});
