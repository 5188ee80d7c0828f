import type { ISettingRegistry } from '@jupyterlab/settingregistry';
import type { ITranslator } from '@jupyterlab/translation';
import type { Preferences, Preferred } from '../view/preferences';
import { translateTitles } from './titles';

/** When a notification is given. */
export type When = 'never' | 'hidden' | 'always';

/** What `schema/plugin.json` lets people choose. */
export interface Settings extends Preferences {
  readonly notifyEnd: When;
  readonly notifyAsk: When;
  /** Also by the browser, outside of its window. */
  readonly desktop: boolean;
}

const DEFAULTS: Settings = {
  follow: true,
  thinkingOpen: false,
  notifyEnd: 'hidden',
  notifyAsk: 'hidden',
  desktop: false,
};

/** The settings as they stand; without a registry, or until it has answered, the defaults. */
export class LiveSettings implements Preferred {
  private current = DEFAULTS;
  private readonly listeners = new Set<() => void>();

  get now(): Settings {
    return this.current;
  }

  watch(changed: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.listeners.add(changed);
    signal.addEventListener('abort', () => this.listeners.delete(changed), { once: true });
  }

  /** Heeds the registry's values for a plugin, now and whenever they change. */
  async attach(
    registry: ISettingRegistry,
    plugin: string,
    translator: ITranslator | null = null,
  ): Promise<void> {
    const settings = await registry.load(plugin);
    if (translator !== null) translateTitles(settings.schema, translator.load('jupyter_agentkit'));
    this.read(settings);
    settings.changed.connect(this.read, this);
  }

  private read({ composite }: ISettingRegistry.ISettings): void {
    this.current = {
      follow: composite.follow !== false,
      thinkingOpen: composite.thinking === 'full',
      notifyEnd: when(composite.notifyEnd, DEFAULTS.notifyEnd),
      notifyAsk: when(composite.notifyAsk, DEFAULTS.notifyAsk),
      desktop: composite.desktop === true,
    };
    for (const changed of [...this.listeners]) changed();
  }
}

function when(value: unknown, fallback: When): When {
  return value === 'never' || value === 'hidden' || value === 'always' ? value : fallback;
}
