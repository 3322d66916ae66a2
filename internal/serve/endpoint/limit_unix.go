//go:build unix

package endpoint

import "syscall"

// fileLimit is how many files and connections the process may have open. The
// standard library has raised it as far as it may.
func fileLimit() uint64 {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return defaultFileLimit
	}
	return uint64(l.Cur)
}
