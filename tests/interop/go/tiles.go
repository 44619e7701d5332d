package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	tileHeight = 8
	tileWidth  = 1 << tileHeight
	// entryBytesMax is what the two length bytes of a bundle can say.
	entryBytesMax  = 1<<16 - 1
	bundleBytesMax = tileWidth * (2 + entryBytesMax)
	// entriesLevel is how x/mod marks a tile of records rather than hashes.
	entriesLevel = -1
)

// tilePath is the C2SP path of a tile: x/mod's own, without the height and
// with "entries" for "data" (tlog-tiles).
func tilePath(tile tlog.Tile) string {
	path := strings.TrimPrefix(tile.Path(), fmt.Sprintf("tile/%d/", tileHeight))
	if tile.L == entriesLevel {
		path = "entries" + strings.TrimPrefix(path, "data")
	}
	return "tile/" + path
}

// parseTilePath is the inverse of tilePath; x/mod refuses every other spelling.
func parseTilePath(path string) (tlog.Tile, error) {
	rest := strings.TrimPrefix(path, "tile/")
	if strings.HasPrefix(rest, "entries/") {
		rest = "data" + strings.TrimPrefix(rest, "entries")
	} else if strings.HasPrefix(rest, "data/") {
		rest = "" // x/mod's word, not C2SP's
	}
	tile, err := tlog.ParseTilePath(fmt.Sprintf("tile/%d/%s", tileHeight, rest))
	if err != nil || tilePath(tile) != path {
		return tlog.Tile{}, fmt.Errorf("%s is not a C2SP tile path", path)
	}
	return tile, nil
}

// fetch reads a tile or bundle at the width asked for; where only the full one
// is kept it answers that, and says so.
func fetch(from source, tile tlog.Tile, limit int64) (content []byte, found tlog.Tile, err error) {
	content, err = from.read(tilePath(tile), limit)
	if errors.Is(err, errAbsent) && tile.W != tileWidth {
		full := tile
		full.W = tileWidth
		if content, err = from.read(tilePath(full), limit); err == nil {
			return content, full, nil
		}
	}
	if errors.Is(err, errAbsent) {
		return nil, tile, fmt.Errorf("%s is missing", tilePath(tile))
	}
	return content, tile, err
}

// fetchEntries reads the first `width` entries of bundle `number`.
// The bundle must hold what its path says and not a byte more.
func fetchEntries(from source, number int64, width int) ([][]byte, error) {
	wanted := tlog.Tile{H: tileHeight, L: entriesLevel, N: number, W: width}
	content, found, err := fetch(from, wanted, bundleBytesMax)
	if err != nil {
		return nil, err
	}
	entries, err := splitBundle(content, found.W)
	if err != nil {
		return nil, fmt.Errorf("%s: %v", tilePath(found), err)
	}
	return entries[:width], nil
}

// splitBundle takes a bundle of exactly `width` entries apart.
func splitBundle(content []byte, width int) ([][]byte, error) {
	entries := make([][]byte, 0, width)
	for len(entries) < width {
		if len(content) < 2 {
			return nil, fmt.Errorf("the bundle ends after %d entries, expected %d", len(entries), width)
		}
		length := int(binary.BigEndian.Uint16(content))
		if content = content[2:]; len(content) < length {
			return nil, fmt.Errorf("the bundle ends inside its entry %d", len(entries))
		}
		entries = append(entries, content[:length])
		content = content[length:]
	}
	if len(content) != 0 {
		return nil, fmt.Errorf("the bundle goes on for %d bytes after %d entries", len(content), width)
	}
	return entries, nil
}

// tileReader gives x/mod our tiles. It vouches for nothing.
// Tiles stay in memory (a million entries: 32 MiB), each read once.
type tileReader struct {
	from source
	kept map[tlog.Tile][]byte
}

func newTileReader(from source) *tileReader {
	return &tileReader{from: from, kept: make(map[tlog.Tile][]byte)}
}

func (r *tileReader) Height() int { return tileHeight }

func (r *tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	contents := make([][]byte, 0, len(tiles))
	for _, tile := range tiles {
		content, ok := r.kept[tile]
		if !ok {
			fetched, found, err := fetch(r.from, tile, tileWidth*tlog.HashSize)
			if err != nil {
				return nil, err
			}
			if len(fetched) != found.W*tlog.HashSize {
				return nil, fmt.Errorf("%s has %d bytes, expected %d", tilePath(found), len(fetched), found.W*tlog.HashSize)
			}
			content = fetched[:tile.W*tlog.HashSize]
			r.kept[tile] = content
		}
		contents = append(contents, content)
	}
	return contents, nil
}

func (r *tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

// storedHashes is a whole tree in memory, in x/mod's stored hash order.
type storedHashes []tlog.Hash

// add appends the leaf at index, which must be the next one.
func (s *storedHashes) add(index int64, leaf tlog.Hash) error {
	hashes, err := tlog.StoredHashesForRecordHash(index, leaf, *s)
	if err == nil {
		*s = append(*s, hashes...)
	}
	return err
}

func (s storedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for position, index := range indexes {
		if index < 0 || index >= int64(len(s)) {
			return nil, fmt.Errorf("stored hash %d lies beyond the tree", index)
		}
		hashes[position] = s[index]
	}
	return hashes, nil
}

// rememberedHashes keeps hashes read from tiles, so that proving every
// inclusion does not authenticate the same tiles once for each entry.
type rememberedHashes struct {
	reader tlog.HashReader
	known  map[int64]tlog.Hash
}

func (r *rememberedHashes) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	var missing []int64
	for _, index := range indexes {
		if _, ok := r.known[index]; !ok {
			missing = append(missing, index)
		}
	}
	if len(missing) > 0 {
		hashes, err := r.reader.ReadHashes(missing)
		if err != nil {
			return nil, err
		}
		for position, index := range missing {
			r.known[index] = hashes[position]
		}
	}
	hashes := make([]tlog.Hash, len(indexes))
	for position, index := range indexes {
		hashes[position] = r.known[index]
	}
	return hashes, nil
}
