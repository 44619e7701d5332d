// Every page and every state of it, of the demo: what is photographed, and what axe looks at.

/// Where the demo's story lies, asked from the API: days differ with the day of the test.
export async function story(server) {
  const [deletion] = await server.demo.search('operation:environment_variable.deleted project:checkout environment:production');
  const day = deletion.timestamp.slice(0, 10);
  const [key] = (await server.operator.get('/v1/keys')).keys;
  return { deletion, day, key, since: `${day}T12:00:00Z`, until: `${day}T18:00:00Z` };
}

/// Who looks at pages, and with which key. Nobody is signed in as `nobody`.
export async function keysOf({ demoKey, operatorKey, operator }) {
  return { nobody: null, reader: demoKey, admin: await operator.key('demo', ['auditor', 'admin']), operator: operatorKey };
}

/// Somebody of each kind at a browser of that width, signed in: `of(kind)`.
export async function visitors(all, options) {
  const keys = await keysOf(all.server);
  const there = new Map();
  return async (kind) => {
    if (!there.has(kind)) {
      const person = await all.person(options);
      if (keys[kind]) await person.signIn(keys[kind], '/');
      there.set(kind, person);
    }
    return there.get(kind);
  };
}

/// Name, address, who looks (`reader` unless it says so), and what the status has to be (200 unless it says so).
export function pages({ deletion, day, key, since, until }) {
  const { actor, resource } = deletion;
  const segment = encodeURIComponent;
  const window = `since=${segment(since)}&until=${segment(until)}`;
  const search = (q, more = '') => `/t/demo/search?q=${segment(q)}${more}`;
  return [
    { name: 'sign-in', path: '/sign-in', as: 'nobody' },
    { name: 'changes', path: '/t/demo/' },
    { name: 'changes-window', path: `/t/demo/?${window}` },
    { name: 'changes-t0', path: `/t/demo/?${window}&t0=${segment(deletion.timestamp)}` },
    { name: 'changes-empty', path: '/t/demo/?since=2001-01-01T00:00:00Z&until=2001-01-02T00:00:00Z' },
    { name: 'search', path: '/t/demo/search' },
    { name: 'search-found', path: search('operation:environment_variable.*', `&${window}`) },
    { name: 'search-empty', path: search('project:nowhere') },
    { name: 'search-error', path: search('actor:jonas outcome:maybe'), status: [200, 400, 422] },
    { name: 'event', path: `/t/demo/events/${deletion.id}` },
    { name: 'resource', path: `/t/demo/resources/${resource.type}/${segment(resource.id)}` },
    { name: 'resource-user', path: '/t/demo/resources/user/usr_111' },
    { name: 'actor', path: `/t/demo/actors/${actor.type}/${segment(actor.id)}` },
    { name: 'deployments', path: '/t/demo/deployments' },
    { name: 'sessions', path: '/t/demo/sessions' },
    { name: 'reviews', path: '/t/demo/reviews' },
    { name: 'review-new', path: `/t/demo/reviews/new?day=${day}` },
    { name: 'admin', path: '/t/demo/admin', as: 'admin' },
    { name: 'admin-settings', path: '/t/demo/admin/tenants/demo', as: 'admin' },
    { name: 'admin-accounts', path: '/t/demo/admin/accounts', as: 'admin' },
    { name: 'admin-account-new', path: '/t/demo/admin/accounts/new', as: 'admin' },
    { name: 'admin-sessions', path: '/t/demo/admin/sessions', as: 'admin' },
    { name: 'admin-keys', path: '/t/demo/admin/keys', as: 'admin' },
    { name: 'admin-key-new', path: '/t/demo/admin/keys/new', as: 'admin' },
    { name: 'admin-sources', path: '/t/demo/admin/sources', as: 'admin' },
    { name: 'admin-source-new', path: '/t/demo/admin/sources/new', as: 'admin' },
    { name: 'admin-refused', path: '/t/demo/admin', status: [403, 404] },
    { name: 'operator', path: '/t/_instance/', as: 'operator' },
    { name: 'operator-health', path: '/t/_instance/health', as: 'operator' },
    { name: 'operator-admin', path: '/t/_instance/admin', as: 'operator' },
    { name: 'operator-tenants', path: '/t/_instance/admin/tenants', as: 'operator' },
    { name: 'operator-tenant', path: '/t/_instance/admin/tenants/demo', as: 'operator' },
    { name: 'operator-tenant-new', path: '/t/_instance/admin/tenants/_new', as: 'operator' },
    { name: 'operator-accounts', path: '/t/_instance/admin/accounts', as: 'operator' },
    { name: 'operator-account-new', path: '/t/_instance/admin/accounts/new', as: 'operator' },
    { name: 'operator-sessions', path: '/t/_instance/admin/sessions', as: 'operator' },
    { name: 'operator-key-revoke', path: `/t/_instance/admin/keys/${segment(key.id)}/revoke`, as: 'operator' },
    { name: 'operator-keys', path: '/t/_instance/admin/keys', as: 'operator' },
    { name: 'deployments-narrow', path: '/t/demo/deployments?project=checkout&environment=production&bucket=week' },
    { name: 'deployments-none', path: '/t/demo/deployments?project=nothing-of-the-kind' },
    { name: 'health', path: '/t/demo/health' },
    { name: 'access', path: '/t/demo/access' },
    { name: 'not-found', path: '/t/demo/events/nothing-of-the-kind', status: [404] },
    { name: 'no-such-page', path: '/t/demo/no-such-page', status: [404] },
  ];
}
