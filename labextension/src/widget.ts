/** The view of an `AgentRun` where an anywidget host shows it: says which task it belongs to. */
export default {
  render({ model, el }: { model: { get(name: string): unknown }; el: HTMLElement }): void {
    el.textContent = `Task ${String(model.get('task_id'))}`;
  },
};
