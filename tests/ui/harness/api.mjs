// The product's HTTP API, as a producer or an operator uses it. What a page shows is held against what this answers.

/// Speaks to the server at `url` with `key`.
export function api(url, key) {
  const ask = async (method, path, body) => {
    const response = await fetch(new URL(path, url), {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text;
  };
  return {
    get: (path, query = {}) => ask('GET', `${path}?${new URLSearchParams(query)}`),
    post: (path, body) => ask('POST', path, body),
    /// The events that a query finds, newest first.
    async search(q, limit = 100) {
      return (await ask('GET', `/v1/events?${new URLSearchParams({ q, limit })}`)).events;
    },
    /// A new key of these roles, made with this one.
    async key(tenant, roles, source = 'tests') {
      const owner = `the tests: ${roles.join(', ')}`;
      return (await ask('POST', '/v1/keys', { tenant, roles, owner, source })).key;
    },
  };
}
