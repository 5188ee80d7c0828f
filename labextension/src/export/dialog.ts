import { Dialog, Notification, showDialog, showErrorMessage } from '@jupyterlab/apputils';
import type { Contents } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';
import type { Traces } from '../client/traces';
import { trans } from '../view/words';
import { type Choice, ExportForm } from './form';
import { type Manifest, readManifest } from './manifest';
import { freeName } from './names';

/** Where a file of the page can be put beside the one that shows the run. */
export interface Folder {
  readonly contents: Contents.IManager;
  readonly path: string;
  /** Opens a file that was saved there. */
  open(path: string): void;
}

/** Shows what would leave with a run, and lets it leave as a file. */
export async function exportRun(traces: Traces, folder: Folder | undefined): Promise<void> {
  try {
    const body = new Body(traces, await look(traces));
    const save = { ...Dialog.createButton({ label: trans.__('Save Here') }), actions: [SAVE] };
    const result = await showDialog({
      title: trans.__('Export Trace'),
      body,
      buttons: [
        Dialog.cancelButton(),
        ...(folder === undefined ? [] : [save]),
        Dialog.okButton({ label: trans.__('Download') }),
      ],
      focusNodeSelector: 'select',
    });
    const choice = result.value;
    if (!result.button.accept || choice === null) return;
    const file = await traces.export(choice.form, choice.leaveOut);
    const name = body.form.fileName;
    if (folder !== undefined && result.button.actions.includes(SAVE)) {
      await saveIn(folder, name, await file.text());
    } else {
      download(file, name);
    }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    await showErrorMessage(trans.__('The trace could not be exported'), message);
  }
}

const SAVE = 'save';

async function look(traces: Traces): Promise<Manifest> {
  return readManifest(await traces.manifest());
}

/** The form, as JupyterLab's dialogs take it. */
class Body extends Widget {
  readonly form: ExportForm;

  constructor(traces: Traces, manifest: Manifest) {
    super();
    this.form = new ExportForm(this.node, manifest, () => {
      // Where the server has gone meanwhile, what was looked at stands: so it says, and so it leaves.
      look(traces).then(
        now => this.form.show(now),
        () => undefined,
      );
    });
  }

  getValue(): Choice {
    return this.form.choice;
  }
}

function download(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // Some browsers read it a moment after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

async function saveIn({ contents, path, open }: Folder, name: string, text: string): Promise<void> {
  const taken = await contents.get(path, { content: true });
  const names = new Set((taken.content as readonly Contents.IModel[]).map(each => each.name));
  const free = freeName(name, names);
  const whole = path === '' || path.endsWith(':') ? path + free : `${path}/${free}`;
  await contents.save(whole, { type: 'file', format: 'text', content: text, name: free });
  Notification.success(trans.__('The trace was saved as %1.', whole), {
    autoClose: 5000,
    actions: [{ label: trans.__('Open'), callback: () => open(whole) }],
  });
}
