// The progress bar of agent.map(…). Its host gives the state as one value; see map_view.py.

const STYLE = `
  .agentkit-map { display: flex; align-items: center; gap: 12px; padding: 4px 0;
    font-family: var(--jp-ui-font-family, system-ui, sans-serif);
    font-size: var(--jp-ui-font-size1, 13px); color: var(--jp-ui-font-color1, inherit); }
  .agentkit-map progress { flex: 0 1 240px; min-width: 80px; height: 8px;
    accent-color: var(--jp-brand-color1, #1976d2); }
  .agentkit-map [role="status"] { font-variant-numeric: tabular-nums; }
  .agentkit-map time { color: var(--jp-ui-font-color2, inherit); font-variant-numeric: tabular-nums; }
  .agentkit-map button { font: inherit; color: inherit; cursor: pointer; padding: 2px 10px;
    background: transparent; border: 1px solid var(--jp-border-color1, #888); border-radius: 3px; }
  .agentkit-map button:hover { background: var(--jp-layout-color2, rgba(128, 128, 128, 0.15)); }
  .agentkit-map button:disabled { opacity: 0.6; cursor: default; }
`;

function words(now) {
  const done = now.completed + now.failed + now.cancelled;
  const parts = [`${done} of ${now.total} done`];
  if (now.failed) parts.push(`${now.failed} failed`);
  if (now.cancelled) parts.push(`${now.cancelled} cancelled`);
  if (now.running.length) parts.push(`${now.running.length} running`);
  if (now.asking.length) {
    const runs = now.asking.slice(0, 3).map(number => `runs[${number}]`);
    const more = now.asking.length > 3 ? ', …' : '';
    parts.push(`${now.asking.length} waiting for an answer: show ${runs.join(', ')}${more}`);
  }
  return parts.join(' · ');
}

function clock(seconds) {
  const whole = Math.floor(seconds);
  const two = number => String(number).padStart(2, '0');
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor((whole % 3600) / 60);
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

async function cancelAtServer({ base_url, running, reason }) {
  if (!base_url) return;
  const xsrf = /(?:^|; )_xsrf=([^;]*)/.exec(document.cookie)?.[1];
  const headers = { 'Content-Type': 'application/json', ...(xsrf && { 'X-XSRFToken': xsrf }) };
  const cancel = id =>
    fetch(`${base_url}/api/v1/tasks/${encodeURIComponent(id)}/cancel`, {
      method: 'POST',
      credentials: 'same-origin',
      headers,
      body: JSON.stringify({ reason }),
    });
  // A run that has ended meanwhile refuses, and a page of another origin cannot ask: the kernel is told too.
  await Promise.allSettled(running.map(cancel));
}

function render({ model, el }) {
  const root = document.createElement('div');
  root.className = 'agentkit-map';
  const style = document.createElement('style');
  style.textContent = STYLE;
  const bar = document.createElement('progress');
  bar.setAttribute('aria-label', 'Runs that are done');
  const status = document.createElement('span');
  status.setAttribute('role', 'status');
  const elapsed = document.createElement('time');
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Cancel';
  root.append(bar, status, elapsed, button);
  el.replaceChildren(style, root);

  let heard = performance.now();
  const tick = () => {
    const now = model.get('progress');
    const since = now.over ? 0 : (performance.now() - heard) / 1000;
    elapsed.textContent = clock(now.seconds + since);
  };
  const show = () => {
    heard = performance.now();
    const now = model.get('progress');
    bar.max = Math.max(now.total, 1);
    bar.value = now.completed + now.failed + now.cancelled;
    const said = words(now);
    if (status.textContent !== said) status.textContent = said;
    button.hidden = now.over;
    tick();
  };
  button.addEventListener('click', () => {
    button.disabled = true;
    button.textContent = 'Cancelling…';
    model.send({ type: 'cancel' });
    void cancelAtServer(model.get('progress'));
  });
  model.on('change:progress', show);
  const timer = setInterval(tick, 1000);
  show();
  return () => {
    clearInterval(timer);
    model.off('change:progress', show);
  };
}

export default { render };
