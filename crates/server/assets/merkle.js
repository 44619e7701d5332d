/**
 * Merkle trees of RFC 6962 section 2.1 over SHA-256.
 *
 * A `tree` is what hashes are read from: `{subtle, node(level, index)}`, where `node` answers the hash of the perfect
 * subtree over the leaves `index << level` up to `(index + 1) << level`. Sizes stay below 2^53, so arithmetic is done
 * without bit operators, which would cut them to 32 bits.
 *
 * Promises: both roots of `bothRoots` are made of the same hashes, so if both are the expected ones, the larger tree
 * begins with the smaller one. Must never take a root from the tree: a root is computed, then compared with a signed one.
 */

import { join } from "./bytes.js";

/** SHA-256. */
export const sha256 = async (subtle, bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));

/** Hash of a leaf: SHA-256(0x00 ‖ entry). */
export const leafHash = (subtle, entry) => sha256(subtle, join(Uint8Array.of(0), entry));

/** Hash of a node: SHA-256(0x01 ‖ left ‖ right). */
export const nodeHash = (subtle, left, right) => sha256(subtle, join(Uint8Array.of(1), left, right));

/** Where a tree of more than one leaf splits: the largest power of two below its size. */
export function splitOf(size) {
  let half = 1;
  while (half * 2 < size) half *= 2;
  return half;
}

/** Root over 1, 2, 4, 8, … hashes that stand one behind the other. */
export async function foldPerfect(subtle, hashes) {
  let row = [];
  for (let at = 0; at < hashes.length; at += 32) row.push(hashes.subarray(at, at + 32));
  while (row.length > 1) {
    const above = [];
    for (let at = 0; at < row.length; at += 2) above.push(nodeHash(subtle, row[at], row[at + 1]));
    row = await Promise.all(above);
  }
  return row[0];
}

/** Root over `count` leaves from `start` on, which is where a subtree of that size may begin. */
export async function rootOf(tree, start, count) {
  const half = count > 1 ? splitOf(count) : 1;
  if (count === 1 || half * 2 === count) {
    return tree.node(Math.round(Math.log2(count)), start / count);
  }
  const left = await rootOf(tree, start, half);
  return nodeHash(tree.subtle, left, await rootOf(tree, start + half, count - half));
}

/** The inclusion proof of a leaf in the tree of `size` leaves, its sibling first (RFC 6962 section 2.1.1). */
export async function inclusionProof(tree, size, index, start = 0) {
  if (size === 1) return [];
  const half = splitOf(size);
  if (index < half) {
    const path = await inclusionProof(tree, half, index, start);
    return [...path, await rootOf(tree, start + half, size - half)];
  }
  const path = await inclusionProof(tree, size - half, index - half, start + half);
  return [...path, await rootOf(tree, start, half)];
}

/** The root that an inclusion proof leads to from a leaf, or null if the proof is too short or too long. */
export async function rootOfProof(subtle, size, index, leaf, proof) {
  let used = 0;
  const climb = async (count, place) => {
    if (count === 1) return leaf;
    const half = splitOf(count);
    const below = place < half ? await climb(half, place) : await climb(count - half, place - half);
    const sibling = proof[used];
    used += 1;
    if (!below || !sibling) return null;
    return place < half ? nodeHash(subtle, below, sibling) : nodeHash(subtle, sibling, below);
  };
  if (index >= size) return null;
  const root = await climb(size, index);
  return used === proof.length ? root : null;
}

/** Roots of the first `old` leaves and of all `size`, made of the same hashes; `old` is from 1 to `size`. */
export async function bothRoots(tree, old, size, start = 0) {
  if (old === size) {
    const root = await rootOf(tree, start, size);
    return { old: root, now: root };
  }
  const half = splitOf(size);
  if (old <= half) {
    const left = await bothRoots(tree, old, half, start);
    const right = await rootOf(tree, start + half, size - half);
    return { old: left.old, now: await nodeHash(tree.subtle, left.now, right) };
  }
  const left = await rootOf(tree, start, half);
  const right = await bothRoots(tree, old - half, size - half, start + half);
  return {
    old: await nodeHash(tree.subtle, left, right.old),
    now: await nodeHash(tree.subtle, left, right.now),
  };
}
