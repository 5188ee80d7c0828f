import { mimePlugin } from './mime';
import { notebookPlugin } from './notebook/plugin';

/** The plugins of this extension. */
export default [mimePlugin, notebookPlugin];
