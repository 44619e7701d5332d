package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	// Above this many entries only every 37th inclusion and the last are
	// proved; every entry's bytes still go into the root.
	everyInclusionMax = 20_000
	inclusionStride   = 37
)

// logCheck verifies one log against what the caller pinned.
type logCheck struct {
	pinned     pinnedKey
	source     source
	logID      string // as named to a server; empty for a directory
	older      []checkpoint
	olderTiles bool

	final         checkpoint
	tiles         *tileReader
	rebuilt       storedHashes // from entry bytes alone: 64 MB for a million entries
	inclusions    int64
	consistencies int
}

func (c *logCheck) run() (string, error) {
	message, err := c.source.read("checkpoint", noteBytesMax)
	if err != nil {
		return "", fmt.Errorf("the checkpoint cannot be read: %v", err)
	}
	if c.final, err = c.pinned.open("the checkpoint", message); err != nil {
		return "", err
	}
	if len(c.logID) == 32 && !strings.HasSuffix(c.final.origin, "/"+c.logID) {
		return "", fmt.Errorf("the checkpoint is for %q, not for log %s", c.final.origin, c.logID)
	}
	c.tiles = newTileReader(c.source)
	steps := []func() error{c.checkRoot, c.checkEntries, c.checkTiles, c.checkInclusion, c.checkConsistency, c.checkOlderTiles}
	if directory, ok := c.source.(exportedDirectory); ok {
		steps = append(steps,
			func() error { return c.checkExportedVkey(directory) },
			func() error { return c.checkEveryFile(directory) })
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("verified log=%s size=%d inclusions=%d consistencies=%d",
		c.final.origin, c.final.size, c.inclusions, c.consistencies), nil
}

// overTiles is the reader a C2SP client has. Debian's x/mod 0.7.0 does not
// always authenticate the tiles behind it (see README.md), so nothing here
// rests on it: every tile is also compared with the tree rebuilt from entries.
func (c *logCheck) overTiles() tlog.HashReader {
	return tlog.TileHashReader(c.final.tree(), c.tiles)
}

func (c *logCheck) checkRoot() error {
	return rootFollows("the checkpoint", c.final, c.tiles)
}

func rootFollows(which string, signed checkpoint, tiles tlog.TileReader) error {
	if signed.size == 0 {
		return nil // parseCheckpoint has compared the root
	}
	root, err := tlog.TreeHash(signed.size, tlog.TileHashReader(signed.tree(), tiles))
	if err != nil {
		return fmt.Errorf("the tiles do not give the root of %s (size %d): %v", which, signed.size, err)
	}
	if root != signed.root {
		return fmt.Errorf("the tiles give root %v, %s (size %d) says %v", root, which, signed.size, signed.root)
	}
	return nil
}

// checkEntries rebuilds the tree from every entry's bytes: each leaf hash must
// be in its level-0 tile, and the whole must give the signed root.
func (c *logCheck) checkEntries() error {
	for first := int64(0); first < c.final.size; first += tileWidth {
		width := c.final.size - first
		if width > tileWidth {
			width = tileWidth
		}
		tile := tlog.Tile{H: tileHeight, L: 0, N: first / tileWidth, W: int(width)}
		entries, err := fetchEntries(c.source, tile.N, tile.W)
		if err != nil {
			return err
		}
		hashes, err := c.tiles.ReadTiles([]tlog.Tile{tile})
		if err != nil {
			return err
		}
		for offset, entry := range entries {
			leaf := tlog.RecordHash(entry)
			if stated := hashes[0][offset*tlog.HashSize:][:tlog.HashSize]; !bytes.Equal(leaf[:], stated) {
				return fmt.Errorf("entry %d has leaf hash %x, %s says %x", first+int64(offset), leaf[:], tilePath(tile), stated)
			}
			if err := c.rebuilt.add(first+int64(offset), leaf); err != nil {
				return err
			}
		}
	}
	if c.final.size == 0 {
		return nil
	}
	root, err := tlog.TreeHash(c.final.size, c.rebuilt)
	if err != nil {
		return err
	}
	if root != c.final.root {
		return fmt.Errorf("the entries give root %v, the checkpoint says %v", root, c.final.root)
	}
	return nil
}

// checkTiles compares every tile of the signed size with the rebuilt tree.
func (c *logCheck) checkTiles() error {
	for level := 0; c.final.size>>uint(tileHeight*level) > 0; level++ {
		hashes := c.final.size >> uint(tileHeight*level)
		for first := int64(0); first < hashes; first += tileWidth {
			tile := tlog.Tile{H: tileHeight, L: level, N: first / tileWidth, W: tileWidth}
			if hashes-first < tileWidth {
				tile.W = int(hashes - first)
			}
			content, err := c.tiles.ReadTiles([]tlog.Tile{tile})
			if err != nil {
				return err
			}
			if err := c.tileFollows(tile, content[0]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *logCheck) tileFollows(tile tlog.Tile, content []byte) error {
	expected, err := tlog.ReadTileData(tile, c.rebuilt)
	if err != nil {
		return fmt.Errorf("%s cannot be compared: %v", tilePath(tile), err)
	}
	if !bytes.Equal(content, expected) {
		return fmt.Errorf("%s differs from the tree of the entries", tilePath(tile))
	}
	return nil
}

// bundleFollows compares entries met a second time with the rebuilt tree.
func (c *logCheck) bundleFollows(which string, entries [][]byte, first int64) error {
	for offset, entry := range entries {
		index := first + int64(offset)
		hashes, err := c.rebuilt.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		if hashes[0] != tlog.RecordHash(entry) {
			return fmt.Errorf("entry %d in %s is not the entry of the signed log", index, which)
		}
	}
	return nil
}

// checkInclusion proves entries from the tiles, as a C2SP client would.
func (c *logCheck) checkInclusion() error {
	stride, reader := int64(inclusionStride), c.overTiles()
	if c.final.size <= everyInclusionMax {
		stride, reader = 1, &rememberedHashes{reader: reader, known: make(map[int64]tlog.Hash)}
	}
	for index := int64(0); index < c.final.size; index++ {
		if index%stride != 0 && index != c.final.size-1 {
			continue
		}
		leaf, err := c.rebuilt.ReadHashes([]int64{tlog.StoredHashIndex(0, index)})
		if err != nil {
			return err
		}
		proof, err := tlog.ProveRecord(c.final.size, index, reader)
		if err != nil {
			return fmt.Errorf("inclusion of entry %d cannot be proved: %v", index, err)
		}
		if err := tlog.CheckRecord(proof, c.final.size, c.final.root, index, leaf[0]); err != nil {
			return fmt.Errorf("entry %d is not included under the signed root: %v", index, err)
		}
		c.inclusions++
	}
	return nil
}

// checkConsistency proves each older checkpoint a prefix of its successor and
// of the final one.
func (c *logCheck) checkConsistency() error {
	reader := c.overTiles()
	for position, old := range c.older {
		which := fmt.Sprintf("older checkpoint %d", position+1)
		if position+1 < len(c.older) {
			next := fmt.Sprintf("older checkpoint %d", position+2)
			if err := c.checkPrefix(which, old, next, c.older[position+1], reader); err != nil {
				return err
			}
		}
		if err := c.checkPrefix(which, old, "the final checkpoint", c.final, reader); err != nil {
			return err
		}
	}
	return nil
}

func (c *logCheck) checkPrefix(oldName string, old checkpoint, newerName string, newer checkpoint, reader tlog.HashReader) error {
	if old.size > newer.size {
		return fmt.Errorf("%s has size %d, %s only %d: the log went backwards", oldName, old.size, newerName, newer.size)
	}
	if newer.size > c.final.size {
		return fmt.Errorf("%s has size %d, the final checkpoint only %d: the log went backwards", newerName, newer.size, c.final.size)
	}
	if old.size > 0 { // the empty log is a prefix of every log; its root was compared
		proof, err := tlog.ProveTree(newer.size, old.size, reader)
		if err != nil {
			return fmt.Errorf("consistency of %s (size %d) with %s (size %d) cannot be proved: %v", oldName, old.size, newerName, newer.size, err)
		}
		if err := tlog.CheckTree(proof, newer.size, newer.root, old.size, old.root); err != nil {
			return fmt.Errorf("%s (size %d) is inconsistent with %s (size %d): %v", oldName, old.size, newerName, newer.size, err)
		}
	}
	c.consistencies++
	return nil
}

// checkOlderTiles reads the log as a reader of each older checkpoint would.
func (c *logCheck) checkOlderTiles() error {
	if !c.olderTiles {
		return nil
	}
	for position, old := range c.older {
		which := fmt.Sprintf("older checkpoint %d", position+1)
		if err := rootFollows(which, old, newTileReader(c.source)); err != nil {
			return err
		}
		width := old.size % tileWidth
		if width == 0 {
			continue
		}
		entries, err := fetchEntries(c.source, old.size/tileWidth, int(width))
		if err != nil {
			return err
		}
		if err := c.bundleFollows("the last bundle of "+which, entries, old.size-width); err != nil {
			return err
		}
	}
	return nil
}

func (c *logCheck) checkExportedVkey(directory exportedDirectory) error {
	content, err := directory.read("vkey", noteBytesMax)
	if errors.Is(err, errAbsent) {
		return nil // the pinned key decides; an export may travel without its own
	}
	if err != nil {
		return err
	}
	if strings.TrimSpace(string(content)) != c.pinned.text {
		return errors.New("the directory's own vkey file is not the pinned verifier key")
	}
	return nil
}

// checkEveryFile holds every file below tile/ to the signed tree: a tile left
// from an older size must agree, and nothing may lie beyond the tree.
func (c *logCheck) checkEveryFile(directory exportedDirectory) error {
	paths, err := directory.tilePaths()
	if err != nil {
		return err
	}
	for _, path := range paths {
		tile, err := parseTilePath(path)
		if err != nil {
			return err
		}
		level := uint(0)
		if tile.L != entriesLevel {
			level = uint(tile.L)
		}
		hashes, first := c.final.size>>(tileHeight*level), tile.N*tileWidth
		if tile.N > hashes/tileWidth || first+int64(tile.W) > hashes {
			return fmt.Errorf("%s lies beyond the signed size %d", path, c.final.size)
		}
		content, err := directory.read(path, bundleBytesMax)
		if err != nil {
			return err
		}
		if tile.L == entriesLevel {
			entries, err := splitBundle(content, tile.W)
			if err != nil {
				return fmt.Errorf("%s: %v", path, err)
			}
			if err := c.bundleFollows(path, entries, first); err != nil {
				return err
			}
		} else if err := c.tileFollows(tile, content); err != nil {
			return err
		}
	}
	return nil
}
