// A reverse proxy between the browser and the server, which can do what a network or an attacker does: alter one answer,
// hold answers back, or be gone. It also remembers what was asked. Host and Origin stay as the browser sent them.
import http from 'node:http';

/// Requests that are remembered.
const ASKED_MAX = 20_000;
/// And how much of what each sent.
const BODY_BYTES_MAX = 10_000;

/// Listens on a port of its own; `to(url)` says where requests go.
export async function proxy() {
  let target = null;
  let offline = false;
  let hold = null;
  const alterations = [];
  const asked = [];

  const server = http.createServer(async (request, response) => {
    const { method, url, headers: sent } = request;
    const entry = { method, url, headers: sent, body: '' };
    if (asked.length < ASKED_MAX) asked.push(entry);
    request.on('data', (chunk) => {
      if (entry.body.length < BODY_BYTES_MAX) entry.body += chunk;
    });
    // It flows on below, once it is known where to.
    request.pause();
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
    /// From now on answers to what `matches` are what `change(body, url)` makes of them. `undo` ends it, and throws what
    /// `change` threw.
    alter(matches, change) {
      const altering = { matches, change, times: 0 };
      alterations.push(altering);
      return {
        times: () => {
          if (altering.failed) throw altering.failed;
          return altering.times;
        },
        undo: () => {
          alterations.splice(alterations.indexOf(altering), 1);
          if (altering.failed) throw altering.failed;
        },
      };
    },
    /// `null`: no more.
    holdBack: (until) => { hold = until; },
    offline: (is) => { offline = is; },
    /// Ends every connection that is open.
    cut: () => server.closeAllConnections(),
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
    let body;
    try {
      body = altering.change(Buffer.concat(chunks), answer.req.path);
    } catch (error) {
      altering.failed = error;
      return response.destroy();
    }
    altering.times += 1;
    const headers = { ...answer.headers };
    delete headers['transfer-encoding'];
    response.writeHead(answer.statusCode, { ...headers, 'content-length': body.length });
    response.end(body);
  });
}
