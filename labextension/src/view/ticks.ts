import { ticking } from './format';
import { trans } from './words';

/** Times that run are written straight into the page: a tick is no reason to render. */
export function tick(root: ParentNode, now: number): void {
  for (const node of root.querySelectorAll<HTMLElement>('[data-since]')) {
    write(node, ticking(now - at(node.dataset.since, now)));
  }
  for (const node of root.querySelectorAll<HTMLElement>('[data-until]')) {
    const left = at(node.dataset.until, now) - now;
    write(node, left < 1000 ? trans.__('Time is up') : trans.__('%1 left', ticking(left)));
  }
}

function at(told: string | undefined, now: number): number {
  const time = Number(told);
  return Number.isFinite(time) ? time : now;
}

function write(node: HTMLElement, said: string): void {
  if (node.textContent !== said) node.textContent = said;
}
