package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const practiceEntriesMax = 100_000

// practice is a log made with x/mod alone, and the lies its own key can sign:
// selftest.sh proves with them that the checkers can fail.
type practice struct {
	origin, vkey string
	signer       note.Signer
	entries      [][]byte
	tree         storedHashes
}

// makePractice writes below directory:
//
//	log/                    an exported log: checkpoint, vkey, tile/...
//	checkpoints             honest older checkpoints, oldest first
//	proof.tlog-proof, entry a proof of one entry, and that entry
//	smaller-checkpoint      the log's honest checkpoint at about half its size
//	forged/                 checkpoints signed by the log's own key that lie, files of
//	                        older checkpoints that lie, and foreign verifier keys
func makePractice(directory string, count int64) (string, error) {
	log, err := newPractice(count)
	if err != nil {
		return "", err
	}
	files := map[string][]byte{}
	log.exportInto(files, count)
	if err := log.addHonest(files, count); err != nil {
		return "", err
	}
	if err := log.addForged(files, count); err != nil {
		return "", err
	}
	for path, content := range files {
		file := filepath.Join(directory, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return "", err
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("made log=%s size=%d", log.origin, count), nil
}

func newPractice(count int64) (*practice, error) {
	log, instance := randomHex(), randomHex()
	made := &practice{origin: "veritrail.invalid/" + instance + "/" + log}
	key, vkey, err := note.GenerateKey(rand.Reader, made.origin)
	if err != nil {
		return nil, err
	}
	made.vkey = vkey
	if made.signer, err = note.NewSigner(key); err != nil {
		return nil, err
	}
	start := time.Date(2026, 3, 12, 14, 32, 7, 0, time.UTC)
	for seq := int64(0); seq < count; seq++ {
		// Two entries share each microsecond, as a batch may.
		recorded := start.Add(time.Duration(seq/2) * time.Microsecond).Format("2006-01-02T15:04:05.000000Z")
		entry := fmt.Sprintf(`{"actor":{"ref":"cmVm","type":"user"},"id":"evt_%d","log":"%s","operation":"deployment.created","recorded_at":"%s","resource":{"type":"deployment"},"seq":"%d","v":"veritrail/entry/1"}`,
			seq, log, recorded, seq)
		if seq == 0 {
			entry = fmt.Sprintf(`{"kind":"main","log":"%s","origin":"%s","recorded_at":"%s","seq":"0","tenant":"%s","v":"veritrail/log/1","vkey":"%s"}`,
				log, made.origin, recorded, randomHex(), vkey)
		}
		if err := made.tree.add(seq, tlog.RecordHash([]byte(entry))); err != nil {
			return nil, err
		}
		made.entries = append(made.entries, []byte(entry))
	}
	return made, nil
}

// exportInto lays the log out as `veritrail log export` does, for `size` only.
func (p *practice) exportInto(files map[string][]byte, size int64) {
	files["log/vkey"] = []byte(p.vkey + "\n")
	for _, tile := range tlog.NewTiles(tileHeight, 0, size) {
		if tile.W != tileWidth && int64(tile.W) != size>>uint(tileHeight*tile.L)%tileWidth {
			continue // NewTiles also names each narrower tile on the way
		}
		content, err := tlog.ReadTileData(tile, p.tree)
		if err != nil {
			panic(err) // NewTiles names tiles of this tree only
		}
		files["log/"+tilePath(tile)] = content
		if tile.L != 0 {
			continue
		}
		bundle := []byte{}
		for _, entry := range p.entries[tile.N*tileWidth:][:tile.W] {
			bundle = binary.BigEndian.AppendUint16(bundle, uint16(len(entry)))
			bundle = append(bundle, entry...)
		}
		tile.L = entriesLevel
		files["log/"+tilePath(tile)] = bundle
	}
}

func (p *practice) addHonest(files map[string][]byte, count int64) error {
	older := []int64{1, count/3 + 1, count/2 + 1, count}
	notes := make([]string, 0, len(older)+1)
	// x/mod's TreeHash has no RFC 6962 root for size 0.
	empty, err := p.sign(p.origin, 0, "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")
	if err != nil {
		return err
	}
	notes = append(notes, empty)
	for _, size := range older {
		signed, err := p.checkpoint(size)
		if err != nil {
			return err
		}
		notes = append(notes, signed)
	}
	files["log/checkpoint"] = []byte(notes[len(notes)-1])
	files["smaller-checkpoint"] = []byte(notes[3])
	files["checkpoints"] = jsonLines(notes)

	index := count / 2
	proof, err := tlog.ProveRecord(count, index, p.tree)
	if err != nil {
		return err
	}
	carried, err := json.Marshal(map[string]string{"entry": base64.StdEncoding.EncodeToString(p.entries[index])})
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%s\nextra %s\nindex %d\n", proofHeader, base64.StdEncoding.EncodeToString(carried), index)
	for _, hash := range proof {
		text += hash.String() + "\n"
	}
	files["proof.tlog-proof"] = []byte(text + "\n" + notes[len(notes)-1])
	files["entry"] = p.entries[index]
	return nil
}

// addForged signs with the log's own key what an insider might.
func (p *practice) addForged(files map[string][]byte, count int64) error {
	wrongRoot := base64.StdEncoding.EncodeToString(p.tree[0][:])
	if count == 1 {
		wrongRoot = tlog.RecordHash(nil).String()
	}
	forged := []struct {
		path, origin, root string
		size               int64
	}{
		{"wrong-root", p.origin, wrongRoot, count},
		{"other-origin", p.origin + "x", wrongRoot, count},
		{"extended", p.origin, wrongRoot + "\nan extension line", count},
		{"longer", p.origin, wrongRoot, count + 1},
		{"split", p.origin, wrongRoot, count/2 + 1},
	}
	notes := map[string]string{}
	for _, lie := range forged {
		signed, err := p.sign(lie.origin, lie.size, lie.root)
		if err != nil {
			return err
		}
		notes[lie.path] = signed
		files["forged/"+lie.path] = []byte(signed)
	}
	honest := strings.Split(strings.TrimSpace(string(files["checkpoints"])), "\n")
	files["forged/split-checkpoints"] = jsonLines([]string{notes["split"]})
	files["forged/rolled-back-checkpoints"] = jsonLines([]string{notes["longer"]})
	files["forged/backwards-checkpoints"] = []byte(honest[3] + "\n" + honest[1] + "\n")
	files["forged/no-checkpoints"] = nil

	_, sameName, err := note.GenerateKey(rand.Reader, p.origin)
	if err != nil {
		return err
	}
	files["forged/vkey-same-name"] = []byte(sameName + "\n")
	// The right key bytes under another name: only the name can be at fault.
	keyText := p.vkey[len(p.vkey)-base64.StdEncoding.EncodedLen(1+ed25519.PublicKeySize):]
	keyBytes, err := base64.StdEncoding.DecodeString(keyText)
	if err != nil {
		return err
	}
	otherName, err := note.NewEd25519VerifierKey(p.origin+"x", keyBytes[1:])
	if err != nil {
		return err
	}
	files["forged/vkey-other-name"] = []byte(otherName + "\n")
	return nil
}

func (p *practice) checkpoint(size int64) (string, error) {
	root, err := tlog.TreeHash(size, p.tree)
	if err != nil {
		return "", err
	}
	return p.sign(p.origin, size, root.String())
}

func (p *practice) sign(origin string, size int64, root string) (string, error) {
	signed, err := note.Sign(&note.Note{Text: fmt.Sprintf("%s\n%d\n%s\n", origin, size, root)}, p.signer)
	return string(signed), err
}

func jsonLines(notes []string) []byte {
	var lines []byte
	for _, text := range notes {
		line, err := json.Marshal(text)
		if err != nil {
			panic(err) // a string always has a JSON form
		}
		lines = append(append(lines, line...), '\n')
	}
	return lines
}

func randomHex() string {
	random := make([]byte, 16)
	if _, err := rand.Read(random); err != nil {
		panic(err) // no randomness, no test
	}
	return hex.EncodeToString(random)
}
