//go:build !amd64

package kex

// cleanUpper has nothing to do here: see upper_amd64.go.
func cleanUpper() {}
