package main

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// noteBytesMax bounds a signed note: 100 signature lines of the largest kind fit.
const noteBytesMax = 1_000_000

// checkpoint is what a signature by the pinned key vouches for
// (C2SP tlog-checkpoint): a log, its size and its root.
type checkpoint struct {
	origin string
	size   int64
	root   tlog.Hash
}

func (c checkpoint) tree() tlog.Tree { return tlog.Tree{N: c.size, Hash: c.root} }

// pinnedKey is the verifier key the caller trusts, and the text it came as.
type pinnedKey struct {
	verifier note.Verifier
	text     string
}

// readVkey reads a verifier key. A non-empty origin must be the key's name.
func readVkey(file, origin string) (pinnedKey, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return pinnedKey{}, fmt.Errorf("the verifier key cannot be read: %v", err)
	}
	text := strings.TrimSpace(string(content))
	verifier, err := note.NewVerifier(text)
	if err != nil {
		return pinnedKey{}, fmt.Errorf("%s holds no verifier key: %v", file, err)
	}
	if origin != "" && verifier.Name() != origin {
		return pinnedKey{}, fmt.Errorf("the verifier key is for %q, expected origin %q", verifier.Name(), origin)
	}
	return pinnedKey{verifier: verifier, text: text}, nil
}

// open checks the note's signature and then its text. `which` names it in errors.
func (k pinnedKey) open(which string, message []byte) (checkpoint, error) {
	opened, err := note.Open(message, note.VerifierList(k.verifier))
	if err != nil {
		return checkpoint{}, fmt.Errorf("%s does not open with the verifier key: %v", which, err)
	}
	parsed, err := parseCheckpoint(opened.Text)
	if err != nil {
		return checkpoint{}, fmt.Errorf("%s is signed but malformed: %v", which, err)
	}
	if parsed.origin != k.verifier.Name() {
		return checkpoint{}, fmt.Errorf("%s has origin %q but its key is named %q", which, parsed.origin, k.verifier.Name())
	}
	return parsed, nil
}

// parseCheckpoint accepts exactly three lines: Veritrail writes no extension lines.
func parseCheckpoint(text string) (checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[3] != "" {
		return checkpoint{}, fmt.Errorf("expected three lines, found %d", len(lines)-1)
	}
	size, err := parseDecimal(lines[1])
	if err != nil {
		return checkpoint{}, fmt.Errorf("size: %v", err)
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return checkpoint{}, fmt.Errorf("root: %v", err)
	}
	// RFC 6962 section 2.1; x/mod calls the empty tree's root all zeros instead.
	if empty := tlog.Hash(sha256.Sum256(nil)); size == 0 && root != empty {
		return checkpoint{}, fmt.Errorf("size 0 with root %v, expected %v", root, empty)
	}
	return checkpoint{origin: lines[0], size: size, root: root}, nil
}

func parseDecimal(text string) (int64, error) {
	value, err := strconv.ParseInt(text, 10, 64)
	if err != nil || value < 0 || strconv.FormatInt(value, 10) != text {
		return 0, fmt.Errorf("%q is not a decimal number in shortest form", text)
	}
	return value, nil
}

func parseHash(text string) (tlog.Hash, error) {
	content, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || len(content) != tlog.HashSize {
		return tlog.Hash{}, fmt.Errorf("%q is not the base64 of 32 bytes", text)
	}
	return *(*tlog.Hash)(content), nil
}

// readCheckpoints opens every note of a file with one JSON string a line.
// A file without any is an error: it would vouch for nothing.
func readCheckpoints(file string, pinned pinnedKey) ([]checkpoint, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("the older checkpoints cannot be read: %v", err)
	}
	var older []checkpoint
	lines := bufio.NewScanner(bytes.NewReader(content))
	lines.Buffer(nil, 2*noteBytesMax)
	for lines.Scan() {
		which := fmt.Sprintf("older checkpoint %d", len(older)+1)
		var message string
		if err := json.Unmarshal(lines.Bytes(), &message); err != nil {
			return nil, fmt.Errorf("%s is not a JSON string: %v", which, err)
		}
		opened, err := pinned.open(which, []byte(message))
		if err != nil {
			return nil, err
		}
		older = append(older, opened)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("the older checkpoints cannot be read: %v", err)
	}
	if len(older) == 0 {
		return nil, fmt.Errorf("%s holds no checkpoint", file)
	}
	return older, nil
}
