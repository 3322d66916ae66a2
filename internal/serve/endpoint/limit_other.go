//go:build !unix

package endpoint

// fileLimit is how many connections the process may have open.
func fileLimit() uint64 { return defaultFileLimit }
