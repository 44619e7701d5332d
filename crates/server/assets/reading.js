/**
 * Reading from the server that served the page: never from a cache, never more than was asked for.
 */

import { Fault, Unanswered } from "./fault.js";

/** Answers `get(path, bytesMax, accept)`, which reads what is below `base`. */
export function readerOf(fetch, base) {
  return async (path, bytesMax, accept = "*/*") => {
    const options = { cache: "no-store", credentials: "same-origin", redirect: "error", headers: { accept } };
    let response;
    try {
      response = await fetch(base + path, options);
    } catch {
      throw new Unanswered("The server could not be reached, so nothing was decided.", 0);
    }
    if (!response.ok) throw new Unanswered(refusal(response.status), response.status);
    const pieces = [];
    let length = 0;
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > bytesMax) {
        await reader.cancel();
        throw new Fault(`The server sent more than ${bytesMax} bytes as ${path}, which can't be right.`);
      }
      pieces.push(value);
    }
    return new Uint8Array(await new Blob(pieces).arrayBuffer());
  };
}

function refusal(status) {
  if (status === 401) return "You are not signed in any more: sign in and try again.";
  if (status === 403) return "You may read this event but not take proofs: that takes the role auditor, admin or operator.";
  if (status === 404) return "The server says that there is no such thing (404).";
  if (status === 429 || status === 503) return `The server has no answer right now (${status}): try again in a few seconds.`;
  return `The server did not answer as it should (${status}), so nothing was decided.`;
}
