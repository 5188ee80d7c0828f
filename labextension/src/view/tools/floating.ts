const GAP = 6;
const EDGE = 8;

/** Puts an element below a box, or above it where there is no room, over everything else on the page. */
export function floatAt(node: HTMLElement, box: DOMRect, align: 'middle' | 'end'): void {
  // The layer above all others is not in every browser; without it the element is only placed.
  if (node.showPopover !== undefined && !node.matches(':popover-open')) node.showPopover();
  const { offsetWidth: width, offsetHeight: height } = node;
  const wanted = align === 'end' ? box.right - width : (box.left + box.right - width) / 2;
  const left = Math.min(Math.max(EDGE, wanted), innerWidth - width - EDGE);
  const below = box.bottom + GAP;
  const top = below + height > innerHeight ? box.top - GAP - height : below;
  node.style.left = `${left}px`;
  node.style.top = `${Math.max(EDGE, top)}px`;
}
