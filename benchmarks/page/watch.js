// Notes when each word of `Clock` (tests/browser/paced_model.py) stands in the page: AAA, AAB and so on.
selector => {
  const seen = [];
  const tasks = [];
  const missed = [];
  new PerformanceObserver(list => tasks.push(...list.getEntries().map(each => each.duration)))
    .observe({ entryTypes: ['longtask'] });
  // As much of the end as can have come since the last look.
  const end = root => {
    const nodes = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
    while (nodes.lastChild());
    let text = '';
    do {
      if (nodes.currentNode.nodeType === Node.TEXT_NODE) {
        text = `${nodes.currentNode.nodeValue.slice(-8000)} ${text}`;
      }
    } while (text.length < 8000 && nodes.previousNode() !== null);
    return text;
  };
  const numberOf = word =>
    [...word].reduce((number, letter) => number * 26 + letter.charCodeAt(0) - 65, 0);
  const look = root => {
    const now = performance.timeOrigin + performance.now();
    for (const [word] of end(root).matchAll(/\b[A-Z]{3}\b/g)) {
      const number = numberOf(word);
      // Words stand in order; one that is left out is lost.
      if (number < seen.length) continue;
      while (seen.length < number) {
        missed.push(seen.length);
        seen.push(null);
      }
      seen.push(now);
    }
  };
  const begun = new Set();
  const begin = () => {
    for (const root of document.querySelectorAll(selector)) {
      if (begun.has(root)) continue;
      begun.add(root);
      new MutationObserver(() => look(root))
        .observe(root, { subtree: true, childList: true, characterData: true });
      look(root);
    }
  };
  new MutationObserver(begin).observe(document.body, { subtree: true, childList: true });
  begin();
  window.watched = {
    count: () => seen.length,
    take: () => ({ seen, longest: Math.max(0, ...tasks) }),
  };
}
