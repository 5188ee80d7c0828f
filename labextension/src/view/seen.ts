/** Calls back once, as soon as an element is on the screen. */
export function whenSeen(element: Element, signal: AbortSignal, callback: () => void): void {
  const observer = new IntersectionObserver(entries => {
    if (!entries.some(entry => entry.isIntersecting)) return;
    observer.disconnect();
    callback();
  });
  observer.observe(element);
  signal.addEventListener('abort', () => observer.disconnect(), { once: true });
}
