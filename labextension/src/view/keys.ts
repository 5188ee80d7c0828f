/** A notebook has shortcuts on single keys: what is meant for a control of ours must not reach them. */
export function keepFromPage(event: KeyboardEvent): void {
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
