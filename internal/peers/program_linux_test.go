package peers

import (
	"os/exec"
	"syscall"
)

// The programs end with the tests even if those are killed.
func init() {
	withParent = func(command *exec.Cmd) {
		command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	}
}
