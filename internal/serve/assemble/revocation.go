package assemble

import (
	"context"
	"crypto/x509"
	"fmt"
	"strings"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
	"github.com/handsel-tls/handsel/internal/serve/revocation"
)

// addLists reads the lists of revoked certificates that a binding names. Their
// names become those by which they are found.
func (p *Plan) addLists(at string, s *bindings.Settings) {
	if s.Revocation == nil {
		return
	}
	lists := make([]string, len(s.Revocation.Lists))
	for i, name := range s.Revocation.Lists {
		lists[i] = name
		if !strings.Contains(name, "://") {
			lists[i] = p.file.Abs(name)
		}
		if err := revocation.CheckList(lists[i]); err != nil {
			p.wrong(fmt.Sprintf("%s.client_crls[%d]", at, i), err)
		}
	}
	s.Revocation.Lists = lists
}

// Revoked gives the fault of a client whose certificate was revoked, or of which
// that is not known, if a binding refuses it.
func (d *Data) Revoked(s *bindings.Settings, chain []*x509.Certificate) error {
	if d.Revocation == nil {
		return fault.With(fault.RevocationUnknown, "%s", d.NoStore)
	}
	r := s.Revocation
	err := d.Revocation.Check(context.Background(), chain, &revocation.Policy{Lists: r.Lists, CachedOnly: r.CachedOnly, Freshness: r.Freshness, Timeout: r.Timeout})
	switch err.(type) {
	case nil:
		return nil
	case *revocation.Revoked:
		return fault.With(fault.CertificateRevoked, "%w", err)
	}
	if r.Check == bindings.RevocationBestEffort {
		return nil
	}
	return fault.With(fault.RevocationUnknown, "%w", err)
}
