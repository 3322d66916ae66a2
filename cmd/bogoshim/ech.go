package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/trace"
)

// echConfig is what the flags say of Encrypted Client Hello.
type echConfig struct {
	list           []byte // an ECHConfigList
	required       bool
	grease         bool
	configs, keys  [][]byte
	retry          []int // for each of them, whether clients are given it
	rewind         bool  // the callback wants the outer hello answered
	expectAccept   bool
	expectRetry    []byte
	expectNoRetry  bool
	expectName     string // that the server is verified for
	expectNotNamed bool
}

var echFlags = flags{
	"ech-config-list":                encoded(func(c *config) *[]byte { return &c.ech.list }),
	"reject-unusable-ech-config":     yes(func(c *config) *bool { return &c.ech.required }),
	"enable-ech-grease":              yes(func(c *config) *bool { return &c.ech.grease }),
	"ech-server-config":              encodeds(func(c *config) *[][]byte { return &c.ech.configs }),
	"ech-server-key":                 encodeds(func(c *config) *[][]byte { return &c.ech.keys }),
	"ech-is-retry-config":            numbers(func(c *config) *[]int { return &c.ech.retry }),
	"fail-early-callback-ech-rewind": yes(func(c *config) *bool { return &c.ech.rewind }),
	"expect-ech-accept":              yes(func(c *config) *bool { return &c.ech.expectAccept }),
	"expect-ech-retry-configs":       encoded(func(c *config) *[]byte { return &c.ech.expectRetry }),
	"expect-no-ech-retry-configs":    yes(func(c *config) *bool { return &c.ech.expectNoRetry }),
	"expect-ech-name-override":       text(func(c *config) *string { return &c.ech.expectName }),
	"expect-no-ech-name-override":    yes(func(c *config) *bool { return &c.ech.expectNotNamed }),
}

// configure sets what a client encrypts with and a server decrypts with.
func (e *echConfig) configure(h *handshake.Config) error {
	h.ECHConfigs, h.ECHRequired, h.ECHGrease = e.list, e.required, e.grease
	if len(e.keys) != len(e.configs) || len(e.retry) != len(e.configs) {
		return errors.New("the flags for the keys of Encrypted Client Hello do not go together")
	}
	for i := range e.configs {
		key, err := ech.NewKey(e.configs[i], e.keys[i])
		if err != nil {
			return err
		}
		if h.ECH == nil {
			h.ECH = new(ech.Keys)
		}
		h.ECH.Add(key, e.retry[i] != 0)
	}
	return nil
}

// checkName compares the name that a server is to be verified for in place of
// that of the settings.
func (e *echConfig) checkName(a *handshake.Ask) error {
	if e.expectName != "" && a.PublicName != e.expectName || e.expectNotNamed && a.PublicName != "" {
		return fmt.Errorf("the server is to be verified for %q", a.PublicName)
	}
	return nil
}

// check compares what became of it.
func (e *echConfig) check(got *handshake.ECHOutcome) error {
	if accepted := got != nil && got.Status == trace.ECHAccepted; accepted != e.expectAccept {
		return fmt.Errorf("the encrypted ClientHello was accepted: %v", accepted)
	}
	return nil
}

// checkRejected compares the configurations that came with a rejection.
func (e *echConfig) checkRejected(err error, got *handshake.ECHOutcome) error {
	if !errors.Is(err, fault.ECHRejected) {
		return err
	}
	configs := got.RetryConfigs
	if e.expectNoRetry && configs != nil || e.expectRetry != nil && !bytes.Equal(configs.AppendList(nil), e.expectRetry) {
		return fmt.Errorf("the server wants to be tried with %x", configs)
	}
	return err
}
