/** Moves the focus in a grid of rows, as the ARIA pattern of a grid asks; returns whether the key was one of its. */
export function moveFocus(grid: Element, event: KeyboardEvent): boolean {
  const at = event.target as HTMLElement;
  const row = at.closest<HTMLElement>('[data-task-id]');
  if (row === null || event.ctrlKey || event.metaKey || event.altKey) return false;
  const rows = [...grid.querySelectorAll<HTMLElement>('[data-task-id]')];
  const index = rows.indexOf(row);
  const inside = [row, ...row.querySelectorAll<HTMLElement>('button:not(:disabled)')];
  const place = inside.indexOf(at);
  const to = {
    ArrowDown: () => rows[index + 1],
    ArrowUp: () => rows[index - 1],
    PageDown: () => rows[Math.min(index + PAGE, rows.length - 1)],
    PageUp: () => rows[Math.max(index - PAGE, 0)],
    Home: () => rows[0],
    End: () => rows.at(-1),
    ArrowRight: () => inside[place + 1],
    ArrowLeft: () => inside[place - 1],
    Escape: () => (at === row ? undefined : row),
  }[event.key];
  if (to === undefined) return false;
  to()?.focus();
  return true;
}

const PAGE = 10;
