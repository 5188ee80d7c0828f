/** How a reader likes runs to be shown. */
export interface Preferences {
  /** Scroll along with a run that goes on. */
  readonly follow: boolean;
  /** Show all that a model thought, rather than one line of it. */
  readonly thinkingOpen: boolean;
}

/** Preferences that may change while runs are shown. */
export interface Preferred {
  readonly now: Preferences;
  /** Calls `changed` after each change until the signal aborts. */
  watch(changed: () => void, signal: AbortSignal): void;
}

/** Those of a page where nobody can choose. */
const USUAL: Preferred = {
  now: { follow: true, thinkingOpen: false },
  watch: () => undefined,
};

let chosen = USUAL;

/** A page has one reader, so this is the one place for what they prefer. */
export const preferred: Preferred = {
  get now() {
    return chosen.now;
  },
  watch: (changed, signal) => chosen.watch(changed, signal),
};

/** Heeds these from here on. */
export function heed(preferences: Preferred): void {
  chosen = preferences;
}
