import type { JupyterFrontEndPlugin } from '@jupyterlab/application';

/** The plugins of this extension. */
const plugins: JupyterFrontEndPlugin<unknown>[] = [];

export default plugins;
