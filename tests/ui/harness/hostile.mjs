// Events of somebody who wants to be more than text: every member that takes a text tries to be markup.

/// What no page may ever hold as an element, whatever became of the text.
const ELEMENT = 'vt-xss';

/// A text that breaks out of text, attributes, scripts, styles, titles, JSON and templates, as far as anything lets it.
export const hostile = (where) => (
  `"'\`--></title></textarea></script></style><${ELEMENT} title=${where}></${ELEMENT}>`
  + `<img src=x onerror=window.__xss="${where}"><script>window.__xss="${where}"</script>{{7*7}}\${7*7}<!--`
);
/// What is looked for in the page's text.
export const told = (where) => `<${ELEMENT} title=${where}>`;

/// One event with a hostile text in each member that takes one, and events that are hostile in other ways.
export function hostileEvents(at) {
  const h = hostile;
  const whole = {
    id: 'hostile-whole',
    timestamp: at,
    operation: 'environment_variable.updated',
    actor: {
      type: 'user', id: h('actor-id'), email: h('actor-email'), name: h('actor-name'), credential_id: h('credential'),
      on_behalf_of: { type: h('behalf-type'), id: h('behalf-id') },
    },
    origin: { ip: '203.0.113.9', user_agent: h('user-agent'), device: h('device'), session_id: h('session') },
    resource: { type: 'environment_variable', id: h('resource-id'), name: h('resource-name'), project_id: h('project') },
    related: [{ type: 'deployment', id: h('related-id'), name: h('related-name') }],
    outcome: { result: 'failure', code: h('outcome-code'), message: h('outcome-message') },
    reason: h('reason'),
    approval: { by: h('approval-by'), [h('approval-member')]: h('approval-value') },
    context: {
      application: h('application'), service: h('service'), environment: h('environment'), region: h('region'), channel: h('channel'),
      source_action: h('source-action'),
    },
    changes: [{ field: h('change-field'), before: h('change-before'), after: h('change-after') }],
    request_id: h('request'),
    correlation_id: h('correlation'),
    causation_id: h('causation'),
    trace_id: h('trace'),
    producer: { id: h('producer'), seq: 2 },
    metadata: { [h('metadata-name')]: h('metadata-value'), url: 'javascript:window.__xss=1', nested: { list: [h('metadata-item')] } },
    [h('unknown-member')]: h('unknown-value'),
  };
  // Values of variables are masked; these are not.
  const changed = {
    id: 'hostile-changed',
    timestamp: at,
    operation: 'user.updated',
    actor: { type: 'user', id: h('actor-id'), name: h('actor-name') },
    resource: { type: 'user', id: h('changed-id'), name: h('changed-name') },
    changes: [
      { field: h('change-field'), before: h('change-before'), after: h('change-after') },
      { field: 'profile', before: { [h('change-member')]: [h('change-item')] }, after: `one\n${h('change-line')}\nthree` },
      { field: 'lines', before: `one\n${h('line-before')}\nthree\nfour`, after: `one\n${h('line-after')}\nthree\nfour` },
    ],
  };
  const deploy = (id, result, minutes) => ({
    id, timestamp: later(at, minutes), operation: result === 'failure' ? 'deployment.failed' : 'deployment.completed',
    actor: { type: 'service_account', id: h('deployer') },
    resource: { type: 'deployment', id: h(`deployment-${id}`), name: h('deployment-name'), project_id: h('project') },
    outcome: { result, message: h('outcome-message') },
    context: { environment: h('environment'), service: h('service') },
    correlation_id: h('correlation'),
    changes: [{ field: 'version', before: h('version-before'), after: h('version-after') }],
  });
  const links = ['javascript:window.__xss=1', 'data:text/html,<script>window.__xss=1</script>', '//evil.example/', '..', '.', 'a/../b', '%2e%2e%2f', '?q=1#x', ' '];
  const linked = links.map((id, index) => ({
    id: `hostile-link-${index}`,
    timestamp: later(at, 3),
    operation: 'environment_variable.read',
    actor: { type: 'user', id, name: `link ${index}` },
    resource: { type: 'environment_variable', id, name: id, project_id: id },
    metadata: { link: id },
  }));
  const odd = [
    ['bidi', '\u202Egnp.exe\u202C \u2067abc'], ['long', 'x'.repeat(4000)], ['spaces', 'a                b'], ['zero', 'a\u200Bb\u200D'],
    ['marks', `a${'\u0301'.repeat(200)}`], ['markdown', '[press](javascript:window.__xss=1) **bold** |a|b| `code`'], ['tokens', '\u{1}ACTOR {actor} {{actor}} %s $1'],
  ].map(([id, text]) => ({
    id: `hostile-${id}`,
    timestamp: later(at, 4),
    operation: 'user.updated',
    actor: { type: 'user', id: `odd-${id}`, name: text.replaceAll('\u{1}', '') },
    resource: { type: 'user', id: `odd-${id}`, name: text.replaceAll('\u{1}', '') },
    reason: text,
    changes: [{ field: 'name', before: text, after: `${text}!` }],
  }));
  return [whole, changed, deploy('hostile-deployed', 'success', 1), deploy('hostile-failed', 'failure', 2), ...linked, ...odd];
}

const later = (at, minutes) => new Date(Date.parse(at) + minutes * 60_000).toISOString();

/// What became of a text that should have stayed one: a line for each.
export function injected(page) {
  return page.evaluate((element) => {
    const found = [];
    const say = (what, node) => found.push(`${what}: ${node.outerHTML.slice(0, 200)}`);
    if (window.__xss !== undefined) found.push(`a script ran: ${window.__xss}`);
    for (const node of document.querySelectorAll(`${element}, img[src="x"], iframe, object, embed, base, meta[http-equiv]`)) say('an element', node);
    for (const node of document.querySelectorAll('script')) if (!node.src.startsWith(`${location.origin}/assets/`) && node.type !== 'application/json') say('a script', node);
    for (const node of document.querySelectorAll('*')) {
      for (const { name, value } of node.attributes) {
        if (name.startsWith('on') || name === 'style') say('an attribute', node);
        if (!['href', 'src', 'action', 'formaction', 'xlink:href'].includes(name)) continue;
        const url = URL.canParse?.(value, location.href) === false ? null : new URL(value, location.href);
        if (url && url.origin !== location.origin) say('a link to elsewhere', node);
      }
    }
    return found;
  }, ELEMENT);
}
