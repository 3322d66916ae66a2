//go:build !unix

package signer

import (
	"os"
	"os/exec"
)

// apart does nothing here.
func apart(*exec.Cmd) {}

// end ends a program.
func end(p *os.Process) { p.Kill() }
