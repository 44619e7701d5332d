package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

const (
	proofHeader = "c2sp.org/tlog-proof@v1"
	// proofHashesMax is more than a tree of 2^63 entries needs.
	proofHashesMax = 63
)

// entryProof is a parsed .tlog-proof file (C2SP tlog-proof).
type entryProof struct {
	extra      []byte // unauthenticated
	index      int64
	hashes     tlog.RecordProof
	checkpoint []byte
}

// checkProof verifies that the entry is in the log of the pinned key.
// The entry comes from entryFile, or without one from the proof's extra line.
func checkProof(pinned pinnedKey, proofFile, entryFile string) (string, error) {
	content, err := os.ReadFile(proofFile)
	if err != nil {
		return "", fmt.Errorf("the proof cannot be read: %v", err)
	}
	proof, err := parseProof(string(content))
	if err != nil {
		return "", fmt.Errorf("%s is not a proof: %v", proofFile, err)
	}
	signed, err := pinned.open("the proof's checkpoint", proof.checkpoint)
	if err != nil {
		return "", err
	}
	var entry []byte
	if entryFile != "" {
		entry, err = os.ReadFile(entryFile)
	} else {
		entry, err = proof.carriedEntry()
	}
	if err != nil {
		return "", fmt.Errorf("the entry cannot be read: %v", err)
	}
	leaf := tlog.RecordHash(entry)
	if err := tlog.CheckRecord(proof.hashes, signed.size, signed.root, proof.index, leaf); err != nil {
		return "", fmt.Errorf("the entry with leaf hash %v is not at index %d of the signed log: %v", leaf, proof.index, err)
	}
	return fmt.Sprintf("verified log=%s index=%d size=%d leaf=%x", signed.origin, proof.index, signed.size, leaf[:]), nil
}

func parseProof(text string) (entryProof, error) {
	var proof entryProof
	head, checkpoint, found := strings.Cut(text, "\n\n")
	if !found {
		return proof, errors.New("no blank line before a checkpoint")
	}
	proof.checkpoint = []byte(checkpoint)
	lines := strings.Split(head, "\n")
	if lines[0] != proofHeader {
		return proof, fmt.Errorf("the first line is %q, expected %q", lines[0], proofHeader)
	}
	lines = lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		extra, err := base64.StdEncoding.Strict().DecodeString(strings.TrimPrefix(lines[0], "extra "))
		if err != nil {
			return proof, fmt.Errorf("the extra line is not base64: %v", err)
		}
		proof.extra, lines = extra, lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return proof, errors.New("no index line")
	}
	index, err := parseDecimal(strings.TrimPrefix(lines[0], "index "))
	if err != nil {
		return proof, fmt.Errorf("index: %v", err)
	}
	proof.index, lines = index, lines[1:]
	if len(lines) > proofHashesMax {
		return proof, fmt.Errorf("%d hashes, more than %d", len(lines), proofHashesMax)
	}
	for _, line := range lines {
		hash, err := parseHash(line)
		if err != nil {
			return proof, err
		}
		proof.hashes = append(proof.hashes, hash)
	}
	return proof, nil
}

// carriedEntry takes the entry out of the extra line: a JSON object whose
// member "entry" is the base64 of the entry's bytes.
func (p entryProof) carriedEntry() ([]byte, error) {
	if p.extra == nil {
		return nil, errors.New("the proof carries no extra line and no --entry is given")
	}
	var carried struct {
		Entry *string `json:"entry"`
	}
	if err := json.Unmarshal(p.extra, &carried); err != nil {
		return nil, fmt.Errorf("the extra line is not a JSON object: %v", err)
	}
	if carried.Entry == nil {
		return nil, errors.New("the extra line has no member \"entry\"")
	}
	entry, err := base64.StdEncoding.Strict().DecodeString(*carried.Entry)
	if err != nil {
		return nil, fmt.Errorf("member \"entry\" is not base64: %v", err)
	}
	return entry, nil
}
