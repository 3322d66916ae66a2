// Command handsel hosts HTTPS sites with a TLS stack of its own, shows every
// handshake, and connects to others to show theirs.
package main

import (
	"os"

	"github.com/handsel-tls/handsel/internal/ui/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
