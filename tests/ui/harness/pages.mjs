// Every page and every state of it, of the demo: what is photographed, and what axe looks at.

/// Where the demo's story lies, asked from the API: days differ with the day of the test.
export async function story(server) {
  const [deletion] = await server.demo.search('operation:environment_variable.deleted project:checkout environment:production');
  const day = deletion.timestamp.slice(0, 10);
  return { deletion, day, since: `${day}T12:00:00Z`, until: `${day}T18:00:00Z` };
}

/// `status`: what the answer has to be; `q` of a query that can't be read.
export function pages({ deletion, since, until }) {
  const { actor, resource } = deletion;
  const segment = encodeURIComponent;
  const window = `since=${segment(since)}&until=${segment(until)}`;
  const search = (q, more = '') => `/t/demo/search?q=${segment(q)}${more}`;
  return [
    { name: 'sign-in', path: '/sign-in', as: null },
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
    { name: 'deployments-narrow', path: '/t/demo/deployments?project=checkout&environment=production&bucket=week' },
    { name: 'deployments-none', path: '/t/demo/deployments?project=nothing-of-the-kind' },
    { name: 'health', path: '/t/demo/health' },
    { name: 'access', path: '/t/demo/access' },
    { name: 'not-found', path: '/t/demo/events/nothing-of-the-kind', status: [404] },
    { name: 'no-such-page', path: '/t/demo/no-such-page', status: [404] },
  ];
}
