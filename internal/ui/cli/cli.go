// Package cli is the command line: a file for each command.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, the same for all commands.
const (
	exitOK      = 0
	exitFailed  = 1 // the command did what it was told, and the answer is no
	exitUsage   = 2 // the command or the configuration is wrong
	exitNetwork = 3 // the other side could not be reached, or an address not be had
)

// An exitError ends the command with a code.
type exitError struct {
	code int
	err  error // nil: everything was said
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// app is what the commands share.
type app struct {
	in       io.Reader
	out, err io.Writer
}

// Main runs the command line and gives the exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second Ctrl-C ends at once
	a := &app{in, out, errOut}
	root := a.root()
	root.SetArgs(negative(args))
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var exit *exitError
	if !errors.As(err, &exit) {
		exit = &exitError{exitUsage, fmt.Errorf("%w\n(handsel --help says what there is)", err)}
	}
	if text := exit.Error(); text != "" {
		fmt.Fprintln(errOut, "handsel: "+text)
	}
	return exit.code
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "handsel",
		Short: "HTTPS sites, and every handshake explained",
		Long: `handsel hosts HTTPS sites with a TLS stack of its own and shows every handshake;
it connects to other servers and shows theirs.

Exit codes: 0 it worked; 1 the handshake failed; 2 the command or the
configuration is wrong; 3 the other side could not be reached, or an address to
listen on not be had.

Colors are for terminals only, and not with NO_COLOR set.`,
		Example: `  handsel serve
  handsel serve --config handsel.yaml
  handsel connect www.example.com`,
		Version:       version(),
		Args:          cobra.NoArgs,
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(a.serveCommand(), a.connectCommand(), a.traceCommand(), a.explainCommand(), a.logCommand(), a.bindCommand(), a.certCommand(), a.siteCommand(), a.applyCommand(), a.echCommand(), a.versionCommand(), a.completionCommand())
	return root
}

// isTerminal reports whether what is written is for a terminal.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// colors are the escapes for a terminal, empty elsewhere and with NO_COLOR.
type colors struct{ red, green, yellow, dim, off string }

func colorsFor(w io.Writer) colors {
	if os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" || !isTerminal(w) {
		return colors{}
	}
	return colors{"\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[2m", "\x1b[0m"}
}
