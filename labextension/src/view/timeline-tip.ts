const GAP = 6;

/** Puts the tip below what it is about, or above where there is no room, over everything else. */
export function placeTip(timeline: HTMLElement): void {
  const tip = timeline.querySelector<HTMLElement>('.tip');
  const mark = timeline.querySelector<HTMLElement>('.mark');
  // Not every browser has the layer above all others; without it the tip is left out.
  if (tip === null || tip.showPopover === undefined) return;
  const shown = tip.matches(':popover-open');
  if (mark === null || tip.childElementCount === 0) {
    if (shown) tip.hidePopover();
    return;
  }
  if (!shown) tip.showPopover();
  const about = mark.getBoundingClientRect();
  const plot = mark.parentElement?.getBoundingClientRect() ?? about;
  const middle = (Math.max(about.left, plot.left) + Math.min(about.right, plot.right)) / 2;
  const { offsetWidth: width, offsetHeight: height } = tip;
  const left = Math.min(Math.max(8, middle - width / 2), innerWidth - width - 8);
  const below = about.bottom + GAP;
  const top = below + height > innerHeight ? about.top - GAP - height : below;
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = `${Math.max(8, top)}px`;
}
