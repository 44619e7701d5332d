// Logcheck verifies a Veritrail log with software nobody on the project wrote:
// the note and tlog packages of golang.org/x/mod, as Debian ships them.
//
// It promises that "verified" is printed only after every named check has run
// over bytes read from the log, and that anything else exits 1 with one
// sentence naming what failed (2: wrong usage).
// It must never import, call or copy code of the project: agreement between
// two programs proves something only while they share nothing but the format.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"strconv"
)

const usage = `usage:
  logcheck check --vkey FILE (--url BASE --key TOKEN --log ID [--tenant NAME] | --dir EXPORTED_LOG_DIR)
                 [--checkpoints FILE] [--older-tiles] [--origin ORIGIN]
  logcheck proof --vkey FILE --proof FILE.tlog-proof [--entry FILE] [--origin ORIGIN]
  logcheck make DIR ENTRIES      write a log to practise on (selftest.sh)
  logcheck serve DIR TOKEN ID    serve DIR as GET /v1/logs/ID/... (selftest.sh)
`

// errUsage marks a command line that names nothing to check.
var errUsage = errors.New("wrong usage")

func main() {
	report, err := run(os.Args[1:])
	if errors.Is(err, errUsage) {
		fmt.Fprintf(os.Stderr, "logcheck: %v\n%s", err, usage)
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "logcheck: %v\n", err)
		os.Exit(1)
	}
	fmt.Println(report)
}

func run(arguments []string) (string, error) {
	if len(arguments) == 0 {
		return "", fmt.Errorf("%w: no subcommand", errUsage)
	}
	rest := arguments[1:]
	switch arguments[0] {
	case "check":
		return runCheck(rest)
	case "proof":
		return runProof(rest)
	case "make":
		return runMake(rest)
	case "serve":
		if len(rest) != 3 {
			return "", fmt.Errorf("%w: serve takes DIR TOKEN ID", errUsage)
		}
		return "", serve(rest[0], rest[1], rest[2])
	}
	return "", fmt.Errorf("%w: unknown subcommand %q", errUsage, arguments[0])
}

func runCheck(arguments []string) (string, error) {
	flags := flag.NewFlagSet("check", flag.ContinueOnError)
	vkeyFile := flags.String("vkey", "", "file with the pinned verifier key")
	base := flags.String("url", "", "server to read from")
	key := flags.String("key", "", "API key for the server")
	log := flags.String("log", "", "log id on the server")
	tenant := flags.String("tenant", "", "tenant, where the key is a platform key")
	directory := flags.String("dir", "", "exported log directory")
	checkpoints := flags.String("checkpoints", "", "file of older checkpoints, one JSON string a line")
	olderTiles := flags.Bool("older-tiles", false, "also read the tiles of every older checkpoint")
	origin := flags.String("origin", "", "expected origin")
	if err := parse(flags, arguments); err != nil {
		return "", err
	}
	overHTTP := *base != "" && *key != "" && *log != ""
	if *vkeyFile == "" || overHTTP == (*directory != "") {
		return "", fmt.Errorf("%w: check needs --vkey and either --dir or all of --url --key --log", errUsage)
	}
	if *olderTiles && *checkpoints == "" {
		return "", fmt.Errorf("%w: --older-tiles needs --checkpoints", errUsage)
	}
	pinned, err := readVkey(*vkeyFile, *origin)
	if err != nil {
		return "", err
	}
	checked := &logCheck{pinned: pinned, olderTiles: *olderTiles}
	if *checkpoints != "" {
		if checked.older, err = readCheckpoints(*checkpoints, pinned); err != nil {
			return "", err
		}
	}
	if overHTTP {
		checked.source = newServer(*base, *key, *log, *tenant)
		checked.logID = *log
	} else {
		checked.source = exportedDirectory(*directory)
	}
	return checked.run()
}

func runProof(arguments []string) (string, error) {
	flags := flag.NewFlagSet("proof", flag.ContinueOnError)
	vkeyFile := flags.String("vkey", "", "file with the pinned verifier key")
	proofFile := flags.String("proof", "", "file with the proof")
	entryFile := flags.String("entry", "", "file with the entry's bytes")
	origin := flags.String("origin", "", "expected origin")
	if err := parse(flags, arguments); err != nil {
		return "", err
	}
	if *vkeyFile == "" || *proofFile == "" {
		return "", fmt.Errorf("%w: proof needs --vkey and --proof", errUsage)
	}
	pinned, err := readVkey(*vkeyFile, *origin)
	if err != nil {
		return "", err
	}
	return checkProof(pinned, *proofFile, *entryFile)
}

func runMake(arguments []string) (string, error) {
	if len(arguments) != 2 {
		return "", fmt.Errorf("%w: make takes DIR ENTRIES", errUsage)
	}
	count, err := strconv.ParseInt(arguments[1], 10, 64)
	if err != nil || count < 1 || count > practiceEntriesMax {
		return "", fmt.Errorf("%w: ENTRIES must be 1 to %d", errUsage, practiceEntriesMax)
	}
	return makePractice(arguments[0], count)
}

func parse(flags *flag.FlagSet, arguments []string) error {
	flags.SetOutput(os.Stderr)
	flags.Usage = func() {}
	if err := flags.Parse(arguments); err != nil {
		return fmt.Errorf("%w: %v", errUsage, err)
	}
	if flags.NArg() != 0 {
		return fmt.Errorf("%w: unexpected argument %q", errUsage, flags.Arg(0))
	}
	return nil
}
