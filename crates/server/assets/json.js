/**
 * JSON as it stands: numbers keep every digit, a member that stands twice is refused.
 *
 * `JSON.parse` would turn 1.50 into 1.5 and let the last of two members win, so that a page could show one and commit to
 * the other. A node is `{members: [[name, node], …]}`, `{items: [node, …]}` or `{text}`: what a page shows of a scalar.
 */

/** As `PART_JSON_DEPTH_MAX` of `ledger/limits.rs`. */
const DEPTH_MAX = 40;

const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;

/** Reads JSON; null if it is none. */
export function readJson(text) {
  let at = 0;
  const skip = () => {
    while (" \t\n\r".includes(text[at] ?? "-")) at += 1;
  };
  const token = (pattern) => {
    skip();
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) throw new SyntaxError("no JSON");
    at = pattern.lastIndex;
    return found[0];
  };
  const eat = (character) => {
    skip();
    if (text[at] !== character) return false;
    at += 1;
    return true;
  };
  const must = (character) => {
    if (!eat(character)) throw new SyntaxError("no JSON");
  };
  const list = (end, item) => {
    const found = [];
    if (eat(end)) return found;
    do found.push(item());
    while (eat(","));
    must(end);
    return found;
  };
  const value = (depth) => {
    if (depth > DEPTH_MAX) throw new SyntaxError("too deep");
    if (eat("[")) return { items: list("]", () => value(depth + 1)) };
    if (text[at] === '"') return { text: JSON.parse(token(STRING)) };
    if (!eat("{")) return { text: token(SCALAR) };
    const names = new Set();
    const members = list("}", () => {
      const name = JSON.parse(token(STRING));
      must(":");
      if (names.has(name)) throw new SyntaxError("a member stands twice");
      names.add(name);
      return [name, value(depth + 1)];
    });
    return { members };
  };
  try {
    const read = value(0);
    skip();
    return at === text.length ? read : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Puts every scalar below `node` into `found`, by its JSON pointer; what is empty counts as `{}` or `[]`. */
export function putLeaves(node, pointer, found) {
  if (node.members) {
    if (node.members.length === 0) found.set(pointer, "{}");
    for (const [name, member] of node.members) {
      putLeaves(member, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, found);
    }
  } else if (node.items) {
    if (node.items.length === 0) found.set(pointer, "[]");
    for (const [index, item] of node.items.entries()) putLeaves(item, `${pointer}/${index}`, found);
  } else {
    found.set(pointer, node.text);
  }
}
