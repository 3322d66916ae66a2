package main

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/handshake"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// statusConfig is what the flags say of OCSP responses and SCTs.
type statusConfig struct {
	asks, asksSCTs       bool // a client: for an OCSP response, for SCTs
	useCallback          bool
	fail, decline, set   bool // what the callback does
	expect, expectedSCTs []byte
}

var statusFlags = flags{
	"enable-ocsp-stapling":          yes(func(c *config) *bool { return &c.status.asks }),
	"enable-signed-cert-timestamps": yes(func(c *config) *bool { return &c.status.asksSCTs }),
	"use-ocsp-callback":             yes(func(c *config) *bool { return &c.status.useCallback }),
	"fail-ocsp-callback":            yes(func(c *config) *bool { return &c.status.fail }),
	"decline-ocsp-callback":         yes(func(c *config) *bool { return &c.status.decline }),
	"set-ocsp-in-callback":          yes(func(c *config) *bool { return &c.status.set }),
	"expect-ocsp-response":          encoded(func(c *config) *[]byte { return &c.status.expect }),
	"expect-signed-cert-timestamps": encoded(func(c *config) *[]byte { return &c.status.expectedSCTs }),
	"ocsp-response":                 encoded(func(c *config) *[]byte { return &c.current().staple }),
	"signed-cert-timestamps":        encoded(func(c *config) *[]byte { return &c.current().scts }),
}

// configure sets what is asked for, and what a server gives.
func (s *statusConfig) configure(h *handshake.Config, server bool) {
	if server {
		h.NoStatus = s.useCallback && s.decline
		return
	}
	h.NoStatus, h.NoSCTs = !s.asks, !s.asksSCTs
}

// onServer is what the callback of a server says.
func (s *statusConfig) onServer(server bool) error {
	if server && s.useCallback && s.fail {
		return fault.StatusUnavailable
	}
	return nil
}

// errSCTs has the runner's word for a list that nobody may send.
var errSCTs = errors.New(":INVALID_SCT_LIST: the list of SCTs cannot be sent")

func readSCTs(list []byte) ([][]byte, error) {
	if list == nil {
		return nil, nil
	}
	scts, err := wire.ParseSCTs(list)
	if err != nil {
		return nil, errSCTs
	}
	return scts, nil
}

// check compares what came with the peer's certificate.
func (s *statusConfig) check(p *handshake.PeerCertificates) error {
	switch {
	case s.expect == nil && s.expectedSCTs == nil:
		return nil
	case p == nil:
		return errors.New("the peer showed no certificate")
	case s.expect != nil && !bytes.Equal(p.OCSPStaple, s.expect):
		return fmt.Errorf("the OCSP response is %x, not %x", p.OCSPStaple, s.expect)
	}
	if want, err := readSCTs(s.expectedSCTs); err != nil || want != nil && !bytes.Equal(bytes.Join(p.SCTs, []byte{0}), bytes.Join(want, []byte{0})) {
		return fmt.Errorf("the SCTs are %x, not %x", p.SCTs, s.expectedSCTs)
	}
	return nil
}
