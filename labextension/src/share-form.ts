import style from '../style/export.css';
import { ExportForm } from './export/form';
import { readManifest } from './export/manifest';
import { sharedHost } from './host/shared';
import { fields, text } from './view/state/read';
import { speak, trans } from './view/words';

interface Model {
  get(name: 'offered'): unknown;
  on(event: 'change:offered' | 'msg:custom', callback: (content: unknown) => void): void;
  off(event: 'change:offered' | 'msg:custom', callback: (content: unknown) => void): void;
  send(content: unknown): void;
}

/** The form of `run.share()`: the same as the page's own, with a file that the kernel writes. */
export default {
  render({ model, el }: { model: Model; el: HTMLElement }): () => void {
    const words = sharedHost()?.words;
    if (words !== undefined) speak(words);
    const looks = document.createElement('style');
    looks.textContent = style;
    const place = document.createElement('div');
    place.className = 'agentkit-export-inline';
    const file = new FileRow((name, said) => {
      const { form: kind, leaveOut } = form.choice;
      said.textContent = '';
      model.send({ type: 'write', file: name, form: kind, leave_out: leaveOut });
    });
    const form = new ExportForm(
      place,
      readManifest(model.get('offered')),
      () => model.send({ type: 'look' }),
      () => file.name(form.fileName),
    );
    file.name(form.fileName);
    el.replaceChildren(looks, place, file.node);

    const look = (): void => form.show(readManifest(model.get('offered')));
    const hear = (content: unknown): void => {
      const message = fields(content);
      if (message.type === 'said') file.say(text(message.text), message.failed === true);
    };
    model.on('change:offered', look);
    model.on('msg:custom', hear);
    return () => {
      model.off('change:offered', look);
      model.off('msg:custom', hear);
    };
  },
};

/** The file's name, what writes it, and what came of that. */
class FileRow {
  readonly node = document.createElement('form');
  private readonly input = document.createElement('input');
  private readonly said = document.createElement('p');

  constructor(write: (name: string, said: HTMLElement) => void) {
    this.node.className = 'agentkit-export-file';
    const label = document.createElement('label');
    label.className = 'agentkit-export-named';
    const named = document.createElement('span');
    named.textContent = trans.__('File');
    this.input.className = 'jp-mod-styled';
    this.input.required = true;
    label.append(named, this.input);
    const button = document.createElement('button');
    button.className = 'jp-mod-styled jp-mod-accept';
    button.textContent = trans.__('Write File');
    this.said.setAttribute('role', 'status');
    this.node.append(label, button, this.said);
    this.node.addEventListener('submit', event => {
      event.preventDefault();
      write(this.input.value.trim(), this.said);
    });
  }

  name(file: string): void {
    this.input.value = file;
  }

  say(what: string, failed: boolean): void {
    this.said.textContent = what;
    this.said.toggleAttribute('data-failed', failed);
  }
}
