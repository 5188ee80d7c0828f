// What a page holds that would run, lead or cover, were it clicked or come upon; see wire.py.
(surfaces, foreign, claimed) => {
    const faults = [];
    const say = (what, element) =>
        faults.push(`${what}: ${(element?.outerHTML ?? '').slice(0, 160)}`);
    for (const [name, made] of [['Object', Object], ['Array', Array], ['Function', Function]])
        for (const key of Object.keys(made.prototype)) say(`${name}.prototype.${key}`);
    if (typeof document.cookie !== 'string') say('document.cookie is taken');
    if (typeof document.querySelector !== 'function') say('document.querySelector is taken');
    if (document.body.tagName !== 'BODY') say('document.body is taken');
    if (Object.getOwnPropertyNames(window).some(name => window[name] instanceof HTMLElement))
        say('a global is an element');
    const bad = /^[\s\0-\x1f]*(javascript|vbscript|livescript|data:(?!image\/)|view-source|feed:)/i;
    const LIVE = 'script, iframe, frame, object, embed, applet, base, meta, link, portal, template,'
        + 'form[action], dialog';
    const ADDRESSES = /^(xlink:)?(href|src|action|formaction|data|poster|background|to|from|values)$/i;
    const walk = (root, surface) => {
        for (const element of root.querySelectorAll('*')) {
            const inside = surface || element.closest(surfaces) !== null;
            if (element.shadowRoot !== null) walk(element.shadowRoot, inside);
            if (!inside) continue;
            if (element.matches(LIVE))
                say('an element', element);
            for (const { name, value } of element.attributes) {
                if (/^on/i.test(name)) say('a handler', element);
                const held = element.matches('img, audio, video, source') && value.startsWith('data:');
                if (bad.test(value) && ADDRESSES.test(name) && !held)
                    say('an address', element);
                if (/commandlinker/.test(name)) say('a command', element);
            }
            const elsewhere = element.matches('a[target]:not([href="#"])') && element.target !== '_self';
            if (elsewhere && !/noopener|noreferrer/.test(element.rel))
                say('a link with an opener', element);
            if (element.closest(foreign) === null) continue;
            if (claimed.includes(element.id)) say('an id', element);
            if (['fixed', 'sticky'].includes(getComputedStyle(element).position))
                say('over the page', element);
        }
    };
    walk(document, false);
    return faults;
}
