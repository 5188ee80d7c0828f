import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ITranslator } from '@jupyterlab/translation';
import { Token } from '@lumino/coreutils';
import { languageOf } from './host/language';
import { speak, type Words } from './view/words';

/** Whoever requires it is activated when texts are in the reader's language already. */
export const ILanguage = new Token<Words>(
  'jupyter-agentkit:ILanguage',
  'The language of the texts about agents and their runs.',
);

/** Sets the language before anything says a word. */
export const languagePlugin: JupyterFrontEndPlugin<Words> = {
  id: 'jupyter-agentkit:language',
  description: 'Shows the texts of the extension in the language of JupyterLab.',
  autoStart: true,
  provides: ILanguage,
  optional: [ITranslator],
  activate: (_app: JupyterFrontEnd, translator: ITranslator | null) => {
    const words = languageOf(translator);
    speak(words);
    return words;
  },
};
