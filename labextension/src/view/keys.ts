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
  if (types || presses) event.stopPropagation();
}
