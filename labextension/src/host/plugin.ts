import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IRenderMimeRegistry } from '@jupyterlab/rendermime';
import type { IRenderMime } from '@jupyterlab/rendermime-interfaces';
import { Token } from '@lumino/coreutils';
import { sharing } from '../export/share';
import { ILanguage } from '../language';
import { stepLink } from '../link';
import { ISettings } from '../settings/plugin';
import type { LiveSettings } from '../settings/settings';
import type { Host } from '../view/source';
import type { Words } from '../view/words';
import { labHost } from './lab';
import { shareHost } from './shared';

/** What a view needs of JupyterLab; `resolver` finds the files that a text names. */
export type HostFor = (resolver?: IRenderMime.IResolver | null) => Host;

export const IHostFor = new Token<HostFor>(
  'jupyter-agentkit:IHostFor',
  'Shows texts and results in the view of a run as JupyterLab shows them elsewhere.',
);

/** Lends JupyterLab's renderers to every view of a run on the page. */
export const hostPlugin: JupyterFrontEndPlugin<HostFor> = {
  id: 'jupyter-agentkit:host',
  description: 'Renders what agents say and what their tools return.',
  autoStart: true,
  provides: IHostFor,
  requires: [IRenderMimeRegistry, ILanguage, ISettings],
  activate: (
    app: JupyterFrontEnd,
    rendermime: IRenderMimeRegistry,
    words: Words,
    preferences: LiveSettings,
  ) => {
    const hostFor: HostFor = resolver => ({
      ...labHost(rendermime, words, resolver),
      preferences,
      linkTo: (taskId, seq) => stepLink({ taskId, seq }, location.href),
      ...sharing(app),
    });
    shareHost(hostFor());
    return hostFor;
  },
};
