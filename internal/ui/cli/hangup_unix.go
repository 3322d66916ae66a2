//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyHangup has SIGHUP sent to a channel.
func notifyHangup(c chan<- os.Signal) { signal.Notify(c, syscall.SIGHUP) }
