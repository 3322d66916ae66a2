//go:build race

package web

func init() { withRace = true }
