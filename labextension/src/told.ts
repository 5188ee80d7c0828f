import { Notification } from '@jupyterlab/apputils';
import { trans } from './view/words';

/** Says why a cancel was refused, where no other place is for it. */
export async function told(done: Promise<void>): Promise<void> {
  try {
    await done;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    Notification.error(trans.__('The run was not cancelled: %1', why));
  }
}
