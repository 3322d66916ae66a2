//go:build unix

package signer

import (
	"os"
	"os/exec"
	"syscall"
)

// apart has a program be in a process group of its own, so that Ctrl-C is for the
// server, which lets requests finish.
func apart(c *exec.Cmd) { c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// end ends a program with all that it has started.
func end(p *os.Process) { syscall.Kill(-p.Pid, syscall.SIGKILL) }
