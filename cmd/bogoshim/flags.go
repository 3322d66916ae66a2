package main

import (
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
)

// A flag of the shim. Flags that take no value have wants unset.
type flag struct {
	wants bool
	set   func(*config, string) error
}

// A flags is the flags of one area by their name without the dash.
type flags map[string]flag

// areas are all flags there are. An area is a file.
var areas = []flags{
	coreFlags, credentialFlags, alpnFlags, schemeFlags, statusFlags, echFlags, compressionFlags, exportFlags, typeFlags, renegotiationFlags,
	earlyFlags, ticketFlags, pskFlags, complianceFlags,
}

// arguments are the settings of the first connection, of those after it, and of
// one that is tried again because its early data was rejected.
type arguments struct {
	initial, resume, retry config
}

// unknownFlag is the name of a flag that is not implemented.
type unknownFlag string

func (f unknownFlag) Error() string { return "the flag " + string(f) + " is not implemented" }

// parseArgs reads the command line. A prefix says for which of the connections
// a flag counts; without one it counts for all.
func parseArgs(args []string) (*arguments, error) {
	a := &arguments{initial: newConfig(), resume: newConfig(), retry: newConfig()}
	for i := 0; i < len(args); i++ {
		name, to, ours := a.scope(args[i])
		f, ok := find(name)
		if !ok {
			return nil, unknownFlag(args[i])
		}
		value := ""
		if f.wants {
			if i++; i == len(args) {
				return nil, fmt.Errorf("%s wants a value", args[i-1])
			}
			value = args[i]
		}
		if !ours {
			continue
		}
		for _, c := range to {
			if err := f.set(c, value); err != nil {
				return nil, fmt.Errorf("-%s %s: %w", name, value, err)
			}
		}
	}
	return a, nil
}

// scope takes the prefix off a flag. ours is unset for the flags of the other
// program of a split handshake.
func (a *arguments) scope(arg string) (name string, to []*config, ours bool) {
	name = strings.TrimPrefix(arg, "-")
	all := []*config{&a.initial, &a.resume, &a.retry}
	for prefix, to := range map[string][]*config{
		"on-initial-": all[:1], "on-resume-": all[1:2], "on-retry-": all[2:], "on-shim-": all,
	} {
		if rest, ok := strings.CutPrefix(name, prefix); ok {
			return rest, to, true
		}
	}
	if rest, ok := strings.CutPrefix(name, "on-handshaker-"); ok {
		return rest, all, false
	}
	return name, all, true
}

func find(name string) (flag, bool) {
	for _, area := range areas {
		if f, ok := area[name]; ok {
			return f, true
		}
	}
	return flag{}, false
}

// The kinds of flags. Each takes where the value goes in a config.

var ignored = flag{set: func(*config, string) error { return nil }}

func yes(at func(*config) *bool) flag {
	return flag{set: func(c *config, _ string) error { *at(c) = true; return nil }}
}

func text(at func(*config) *string) flag {
	return flag{wants: true, set: func(c *config, v string) error { *at(c) = v; return nil }}
}

func number[T ~int | ~int64 | ~uint16 | ~uint8](at func(*config) *T) flag {
	return flag{wants: true, set: func(c *config, v string) error {
		n, err := strconv.ParseInt(v, 0, 64)
		*at(c) = T(n)
		return err
	}}
}

// numbers is a flag that may come several times.
func numbers[T ~int | ~uint16 | ~uint8](at func(*config) *[]T) flag {
	return flag{wants: true, set: func(c *config, v string) error {
		n, err := strconv.ParseInt(v, 0, 64)
		*at(c) = append(*at(c), T(n))
		return err
	}}
}

func encoded(at func(*config) *[]byte) flag {
	return flag{wants: true, set: func(c *config, v string) error {
		b, err := base64.StdEncoding.DecodeString(v)
		if b == nil {
			b = []byte{}
		}
		*at(c) = b
		return err
	}}
}

// encodeds is an encoded flag that may come several times.
func encodeds(at func(*config) *[][]byte) flag {
	return flag{wants: true, set: func(c *config, v string) error {
		b, err := base64.StdEncoding.DecodeString(v)
		*at(c) = append(*at(c), b)
		return err
	}}
}
