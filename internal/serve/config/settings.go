package config

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
	"github.com/handsel-tls/handsel/internal/serve/bindings"
)

// Settings gives the settings of binding i. Certificates and authorities are as
// they stand in the file.
func (f *File) Settings(i int) bindings.Settings {
	return (&checker{File: f}).settings(i) // it was checked
}

// settings reads the settings of binding i, and collects what is wrong.
func (c *checker) settings(i int) bindings.Settings {
	b, at := c.Bindings[i], fmt.Sprintf("$.bindings[%d]", i)
	before := len(c.found)
	s := bindings.Settings{
		Site: b.Site, Certificates: b.Certificates, Central: b.Central, CentralPassword: b.CentralPass, Policy: b.Policy, ClientCAs: b.ClientCAs, RawKey: b.RawKey, ClientKeys: b.ClientKeys, PSKFile: b.PSKFile, PSKHint: b.PSKHint, ClientAuthPaths: b.ClientPaths, Reject: b.Reject, EarlyData: b.EarlyData, SSL2: b.SSL2,
		NoHTTP2: off(b.HTTP2), NoTickets: off(b.Tickets), NoStapling: off(b.Stapling), NoCompression: off(b.Compression), Renegotiation: b.Renegotiate, RecordSizeLimit: b.RecordSize,
		MinVersion: c.version(at+".min_version", b.MinVersion),
		MaxVersion: c.version(at+".max_version", b.MaxVersion),
	}
	if b.Policy != "" {
		if _, err := policy.Named(b.Policy); err != nil {
			c.wrong(at+".policy", "%v", err)
		}
	}
	if b.SSL2 && (b.RawKey != "" || len(b.ClientKeys) > 0 || b.PSKFile != "") {
		c.wrong(at+".ssl2", "SSL 2.0 knows certificates only: leave out raw_key, client_keys and psk_file")
	}
	if b.PSKHint != "" && b.PSKFile == "" {
		c.wrong(at+".psk_hint", "it says which key to use, and there is no psk_file")
	}
	if b.SSL2 && (b.Policy != "" || b.MinVersion != "" || b.MaxVersion != "" || len(b.Suites) > 0) {
		c.wrong(at+".ssl2", "SSL 2.0 is spoken alone: leave out policy, min_version, max_version and suites")
	}
	if n := b.RecordSize; n != 0 && (n < 64 || n > 1<<14+1) {
		c.wrong(at+".record_size_limit", "it is %d, and has to be from 64 to 16385", n)
	}
	for j, name := range b.Suites {
		s.Suites = append(s.Suites, c.suite(fmt.Sprintf("%s.suites[%d]", at, j), name))
	}
	if err := s.ClientAuth.UnmarshalText([]byte(b.ClientAuth)); err != nil {
		c.wrong(at+".client_auth", "%v", err)
	}
	switch {
	case s.ClientAuth != bindings.ClientAuthNone && len(b.ClientCAs)+len(b.ClientKeys) == 0:
		c.wrong(at+".client_auth", "client_cas has to name the PEM files of the authorities whose certificates are accepted, or client_keys the keys")
	case s.ClientAuth == bindings.ClientAuthNone && len(b.ClientKeys) > 0:
		c.wrong(at+".client_keys", "client_auth has to be request or require, or clients are not asked for a key")
	case s.ClientAuth == bindings.ClientAuthNone && len(b.ClientCAs) > 0:
		c.wrong(at+".client_cas", "client_auth has to be request or require, or clients are not asked for a certificate")
	}
	s.Revocation = c.revocation(at, &b)
	if s.AnyUsage = off(b.UsageCheck); s.AnyUsage && len(b.ClientCAs) == 0 {
		c.wrong(at+".client_usage_check", "there are no client_cas whose certificates could be checked")
	}
	c.clientPaths(at, &b, s.ClientAuth)
	if len(c.found) == before { // or it would be said twice
		if _, err := s.EffectivePolicy(); err != nil {
			c.wrong(at, "%v", err)
		}
	}
	return s
}

// revocation reads how certificates of clients are looked up.
func (c *checker) revocation(at string, b *Binding) *bindings.Revocation {
	var r bindings.Revocation
	if err := r.Check.UnmarshalText([]byte(b.Revocation)); err != nil {
		c.wrong(at+".client_revocation", "%v", err)
	}
	if r.Check != bindings.RevocationNone && len(b.ClientCAs) == 0 {
		c.wrong(at+".client_revocation", "there are no client_cas whose certificates could be looked up")
	}
	r.Lists, r.CachedOnly = b.RevokedLists, b.CachedOnly
	r.Freshness, r.Timeout = time.Duration(b.Freshness)*time.Second, time.Duration(b.LookupLimit)*time.Millisecond
	for _, x := range []struct {
		key   string
		given bool
	}{{"client_crls", len(b.RevokedLists) > 0}, {"client_revocation_cached", b.CachedOnly}, {"client_revocation_freshness", b.Freshness != 0}, {"client_revocation_timeout", b.LookupLimit != 0}} {
		if x.given && r.Check == bindings.RevocationNone {
			c.wrong(at+"."+x.key, "nothing is looked up: write client_revocation: best_effort, or strict")
		}
	}
	if b.Freshness < 0 {
		c.wrong(at+".client_revocation_freshness", "%d: write seconds", b.Freshness)
	}
	const most = 8000 // a handshake has ten seconds
	if b.LookupLimit < 0 || b.LookupLimit > most {
		c.wrong(at+".client_revocation_timeout", "%d: write milliseconds, up to %d: clients do not wait longer", b.LookupLimit, most)
	}
	if r.Check == bindings.RevocationNone {
		return nil
	}
	return &r
}

// clientPaths looks at the paths for which clients are asked for a certificate.
func (c *checker) clientPaths(at string, b *Binding, auth bindings.ClientAuth) {
	if len(b.ClientPaths) == 0 {
		return
	}
	if auth == bindings.ClientAuthNone {
		c.wrong(at+".client_auth_paths", "client_auth has to be request or require, or clients are not asked for a certificate")
	}
	if len(b.ClientKeys) > 0 {
		c.wrong(at+".client_keys", "with client_auth_paths there are certificates only: whether a client shows a raw key is agreed on in the handshake")
	}
	for i, p := range b.ClientPaths {
		if p != "/" && path.Clean("/"+p) != strings.TrimSuffix(p, "/") {
			c.wrong(fmt.Sprintf("%s.client_auth_paths[%d]", at, i), "%q is not a path such as /private/", p)
		}
	}
}

func (c *checker) version(at, text string) iana.Version {
	if text == "" {
		return 0
	}
	v, err := bindings.ParseVersion(text)
	if err != nil {
		c.wrong(at, "%v", err)
	}
	return v
}

func (c *checker) suite(at, name string) iana.Suite {
	all := append(policy.Suites(), policy.SSL2Suites()...)
	known := names(all, iana.Suite.String)
	id, err := iana.SuiteNamed(name)
	switch {
	case err != nil:
		c.wrong(at, "no cipher suite is called %q%s", name, didYouMean(name, known))
	case !slices.Contains(all, id):
		c.wrong(at, "%v cannot be used here%s", id, didYouMean("", known))
	}
	return id
}

func off(b *bool) bool { return b != nil && !*b }
