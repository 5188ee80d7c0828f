import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { TranslationBundle } from '@jupyterlab/translation';

const SAID = ['title', 'description'];

/**
 * Puts what a schema says to people into their language, in place.
 *
 * JupyterLab's server does that by the same contexts, but for the schemas of extensions only where it is
 * asked for one alone: the page is given the list of all.
 */
export function translateTitles(
  schema: ISettingRegistry.ISchema,
  bundle: Pick<TranslationBundle, '_p'>,
): void {
  say(schema, SAID, text => bundle._p('schema', text));
  say(schema, ['jupyter.lab.setting-icon-label'], text => bundle._p('settings', text));
  within(schema.properties, text => bundle._p('settings', text));
}

/** Titles and descriptions at any depth, such as those of the choices that a setting gives. */
function within(part: unknown, translated: (text: string) => string): void {
  if (typeof part !== 'object' || part === null) return;
  say(part, SAID, translated);
  for (const inner of Object.values(part)) within(inner, translated);
}

function say(part: object, keys: readonly string[], translated: (text: string) => string): void {
  const texts = part as Record<string, unknown>;
  for (const key of keys) {
    const text = texts[key];
    if (typeof text === 'string') texts[key] = translated(text);
  }
}
