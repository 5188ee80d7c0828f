import { type ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { Words } from '../view/words';

/** What JupyterLab's language pack has for this extension; English where it has nothing. */
export function languageOf(translator: ITranslator | null): Words {
  const chosen = translator ?? nullTranslator;
  const bundle = chosen.load('jupyter_agentkit');
  return {
    __: (text, ...args) => bundle.__(text, ...args),
    _n: (one, many, amount, ...args) => bundle._n(one, many, amount, ...args),
    language: chosen.languageCode,
  };
}
