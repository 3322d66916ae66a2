// Command bogoshim lets BoringSSL's test runner drive this module's engine. It
// speaks the runner's shim protocol: it dials the runner, is client or server
// as the flags say, sends back what it receives with every bit turned, and
// tells by its exit code and its standard error how it went.
//
// It stands on internal/protocol/engine, as package tls does, and has no
// protocol code of its own: what the runner sees is what everybody gets.
//
//	runner -shim-path bogoshim -shim-config cmd/bogoshim/config.json
package main

import (
	"errors"
	"fmt"
	"os"
)

// Exit codes that the runner knows.
const (
	exitFailed        = 1
	exitUnimplemented = 89
)

func main() {
	args, err := parseArgs(os.Args[1:])
	var unknown unknownFlag
	switch {
	case errors.As(err, &unknown):
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitUnimplemented)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(exitFailed)
	case args.initial.handshakerSupported:
		fmt.Println("No")
		return
	}
	if err := run(args); err != nil {
		fmt.Fprintln(os.Stderr, describe(err))
		if errors.As(err, &unknown) {
			os.Exit(exitUnimplemented)
		}
		os.Exit(exitFailed)
	}
}

// run makes the connections that the runner wants, one after the other.
func run(args *arguments) error {
	p := newPeer()
	for i := range args.initial.resumeCount + 1 {
		c := &args.initial
		if i > 0 {
			c = &args.resume
		}
		if i > 0 && !c.server && p.session == nil {
			return errors.New("no session to offer")
		}
		if err := p.connect(c, &args.retry, i > 0); err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
		p.clock += c.resumptionDelay
	}
	return nil
}
