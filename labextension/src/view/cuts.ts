import { trans } from './words';

const sizes = new ResizeObserver(entries => {
  for (const { target } of entries) look(target as HTMLElement);
});

/**
 * Watches every box below that scrolls: whether it holds more than it shows.
 *
 * Such a one can be scrolled by the keyboard, and a payload opened to its whole height; the others are
 * no stop on the way through the page.
 */
export function watchBoxes(root: ParentNode): void {
  for (const inner of root.querySelectorAll('.inner')) sizes.observe(inner);
}

/** Gives tables in a text boxes of their own to scroll in: a wide one must not widen the page. */
export function boxTables(text: HTMLElement): void {
  for (const table of text.querySelectorAll('table')) {
    if (table.parentElement?.closest('table, .agentkit-wide') !== null) continue;
    const box = document.createElement('div');
    box.className = 'agentkit-wide';
    box.role = 'group';
    box.ariaLabel = trans.__('Table');
    table.replaceWith(box);
    box.append(table);
    sizes.observe(table);
  }
}

function look(inner: HTMLElement): void {
  const box = inner.parentElement;
  if (box === null) return;
  const higher = inner.offsetHeight > box.clientHeight + 1;
  const wider = Math.max(inner.scrollWidth, inner.offsetWidth) > box.clientWidth + 1;
  // What has the focus must not lose it by growing less.
  if (higher || wider) box.tabIndex = 0;
  else if (!box.matches(':focus')) box.removeAttribute('tabindex');
  const payload = box.closest('.payload');
  if (payload?.hasAttribute('data-all') === false) payload.toggleAttribute('data-cut', higher);
}
