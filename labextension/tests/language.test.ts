import { Gettext, type ITranslator } from '@jupyterlab/translation';
import { expect, test } from 'vitest';
import { languageOf } from '../src/host/language';

const GERMAN = {
  '': {
    domain: 'jupyter_agentkit',
    language: 'de-DE',
    pluralForms: 'nplurals=2; plural=(n != 1);',
  },
  Done: ['Fertig'],
  'Saved run, %1': ['Gespeicherter Lauf, %1'],
  '%2 step': ['%2 Schritt', '%2 Schritte'],
};

/** JupyterLab's, with the language pack that it loaded. */
function translator(): ITranslator {
  const texts = new Gettext({ locale: 'de_DE', domain: 'jupyter_agentkit' });
  texts.loadJSON(GERMAN as never, 'jupyter_agentkit');
  texts.setLocale('de_DE');
  const load = (domain: string) => {
    expect(domain).toBe('jupyter_agentkit');
    return texts;
  };
  return { load, languageCode: 'de-DE' } as unknown as ITranslator;
}

test('a language pack of JupyterLab has its say in every text that it knows', () => {
  const words = languageOf(translator());
  expect(words.language).toBe('de-DE');
  expect(words.__('Done')).toBe('Fertig');
  expect(words.__('Saved run, %1', 'gestern')).toBe('Gespeicherter Lauf, gestern');
  expect(words._n('%2 step', '%2 steps', 1, '1')).toBe('1 Schritt');
  expect(words._n('%2 step', '%2 steps', 1200, '1.200')).toBe('1.200 Schritte');
  expect(words.__('Stopped')).toBe('Stopped');
});
