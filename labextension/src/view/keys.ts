/** A notebook has shortcuts on single keys: what is meant for a control of ours must not reach them. */
export function keepFromPage(event: KeyboardEvent): void {
  if (asksToFind(event)) return;
  const target = event.composedPath()[0];
  const types =
    target instanceof HTMLInputElement ||
    target instanceof HTMLTextAreaElement ||
    target instanceof HTMLSelectElement;
  const presses =
    target instanceof HTMLElement &&
    target.matches('button, summary') &&
    (event.key === 'Enter' || event.key === ' ');
  // Where we put the focus ourselves, after an answer say, somebody may still be typing.
  const goesOn =
    target instanceof HTMLElement &&
    target.tabIndex === -1 &&
    target.hasAttribute('tabindex') &&
    event.key.length === 1 &&
    !(event.ctrlKey || event.metaKey || event.altKey);
  if (types || presses || goesOn) event.stopPropagation();
}

/** Ctrl+F or Cmd+F: who does not take it leaves it to the page, also where somebody types. */
export function asksToFind({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent): boolean {
  return (ctrlKey || metaKey) && !altKey && !shiftKey && key.toLowerCase() === 'f';
}
