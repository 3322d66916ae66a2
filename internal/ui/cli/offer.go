package cli

import (
	"fmt"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/negotiate"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// offerView is what a ClientHello offers.
type offerView struct {
	ServerName string   `json:"server_name,omitempty"`
	Versions   []string `json:"versions"`
	Suites     []string `json:"cipher_suites"`
	Groups     []string `json:"groups,omitempty"`
	KeyShares  []string `json:"key_shares,omitempty"`
	Schemes    []string `json:"signature_schemes,omitempty"`
	Protocols  []string `json:"alpn,omitempty"`
	Extensions []string `json:"extensions"`
	Sessions   int      `json:"sessions,omitempty"`
}

// newOffer reads a ClientHello with its header, nil if it cannot be read.
func newOffer(hello []byte) *offerView {
	if len(hello) < wire.HeaderLen {
		return nil
	}
	o, err := negotiate.ReadOffer(hello[wire.HeaderLen:])
	if err != nil {
		return nil
	}
	v := &offerView{
		ServerName: o.ServerName,
		Suites:     names(o.Hello.CipherSuites),
		Groups:     names(o.Groups),
		Schemes:    names(o.Schemes),
		Versions:   names(o.Versions),
	}
	if !o.Has(iana.ExtSupportedVersions) {
		v.Versions = []string{o.Hello.Version.String() + " and below"}
	}
	for g := range o.KeyShares.All() {
		if !g.IsGREASE() {
			v.KeyShares = append(v.KeyShares, g.String())
		}
	}
	for p := range o.Protocols.All() {
		v.Protocols = append(v.Protocols, string(p))
	}
	for t := range o.Hello.Extensions.All() {
		if !t.IsGREASE() {
			v.Extensions = append(v.Extensions, t.String())
		}
	}
	v.Sessions, _ = o.PSK.Counts()
	return v
}

// names gives the names of a list without the values of GREASE (RFC 8701).
func names[T interface {
	~uint16
	fmt.Stringer
	IsGREASE() bool
}](l wire.List[T]) (all []string) {
	for i := range l.Len() {
		if v := l.At(i); !v.IsGREASE() {
			all = append(all, v.String())
		}
	}
	return all
}
