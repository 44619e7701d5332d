// A reverse proxy between the browser and the server, which can do what a network or an attacker does: alter one answer,
// hold answers back, or be gone. It also remembers what was asked. Host and Origin stay as the browser sent them.
import http from 'node:http';

/// Requests that are remembered.
const ASKED_MAX = 20_000;

/// Listens on a port of its own; `to(url)` says where requests go.
export async function proxy() {
  let target = null;
  let offline = false;
  let hold = null;
  const alterations = [];
  const asked = [];

  const server = http.createServer(async (request, response) => {
    if (asked.length < ASKED_MAX) asked.push({ method: request.method, url: request.url, headers: request.headers });
    if (offline || !target) return request.socket.destroy();
    if (hold) await hold(request);
    const altering = alterations.find(({ matches }) => matches.test(request.url));
    const headers = { ...request.headers };
    // What is to be altered has to be readable.
    if (altering) headers['accept-encoding'] = 'identity';
    const onward = http.request(
      { host: target.hostname, port: target.port, method: request.method, path: request.url, headers },
      (answer) => {
        if (altering) return alter(answer, altering, response);
        response.writeHead(answer.statusCode, answer.rawHeaders);
        response.flushHeaders();
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${server.address().port}`,
    to: (url) => { target = new URL(url); },
    asked,
    /// From now on answers to what `matches` are what `change(body, url)` makes of them. `undo` ends it.
    alter(matches, change) {
      const altering = { matches, change, times: 0 };
      alterations.push(altering);
      return { times: () => altering.times, undo: () => alterations.splice(alterations.indexOf(altering), 1) };
    },
    /// `null`: no more.
    holdBack: (until) => { hold = until; },
    offline: (is) => { offline = is; },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function alter(answer, altering, response) {
  const chunks = [];
  answer.on('data', (chunk) => chunks.push(chunk));
  answer.on('end', () => {
    const body = altering.change(Buffer.concat(chunks), answer.req.path);
    altering.times += 1;
    const headers = { ...answer.headers };
    delete headers['transfer-encoding'];
    response.writeHead(answer.statusCode, { ...headers, 'content-length': body.length });
    response.end(body);
  });
}
