import { mimePlugin } from './mime';

/** The plugins of this extension. */
export default [mimePlugin];
