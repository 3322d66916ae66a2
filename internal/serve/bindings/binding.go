package bindings

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/policy"
)

// A Binding is one record: what it is bound to and how connections to it are
// served. Bindings in a Table are shared and must not be changed.
type Binding struct {
	Key      Key
	Settings Settings
}

// String gives the key and the site.
func (b *Binding) String() string {
	if b.Settings.Site == "" {
		return b.Key.String()
	}
	return b.Key.String() + " (site " + b.Settings.Site + ")"
}

// Settings say how the connections of a binding are served. The zero value is
// what most bindings want: the default policy, no client certificate, HTTP/2,
// tickets and stapling on.
type Settings struct {
	// Site names the site that requests go to when their Host decides nothing.
	Site string

	// Certificates are thumbprints in a certificate store, the most wanted
	// first: several when a name has a certificate for RSA and one for ECDSA.
	Certificates []string

	// Central names the folder of certificates for a record of KindCentral, in
	// which one is found by the name that the client sends, and CentralPassword the
	// file with the password of those that are encrypted.
	Central         string
	CentralPassword string

	// Policy is the name of a policy, "" for the default. MinVersion and
	// MaxVersion narrow it, 0 is no limit. Suites, if there are any, take the
	// place of the policy's, in this order.
	Policy     string
	MinVersion iana.Version
	MaxVersion iana.Version
	Suites     []iana.Suite

	// ClientAuth says whether the client is asked for a certificate in the
	// handshake, ClientCAs which issuers are trusted for it: names of PEM files
	// or thumbprints.
	ClientAuth ClientAuth
	ClientCAs  []string

	// Revocation says how closely certificates of clients are looked up; nil: they are
	// not.
	Revocation *Revocation

	// AnyUsage accepts certificates of clients that say they are for something
	// else.
	AnyUsage bool

	// RawKey names a PEM file with the key that is shown without a certificate to
	// clients that accept that (RFC 7250). ClientKeys are the raw public keys by
	// which clients are known, if they show one in place of a certificate: PEM
	// files or SHA-256. Where there are any, certificates are accepted only if
	// there are ClientCAs.
	RawKey     string
	ClientKeys []string

	// PSKFile names a file of pre-shared keys, by which clients and server know each
	// other without certificates: see package psks. PSKHint is what clients of
	// TLS 1.2 and below are told to choose their key by.
	PSKFile string
	PSKHint string

	// ClientAuthPaths has clients be asked for their certificate not in the
	// handshake but with their first request for one of these paths or what is
	// below, by renegotiation (TLS 1.2 and below) or post-handshake
	// authentication (TLS 1.3). HTTP/2 forbids both: its clients are told to come
	// again with HTTP/1.1.
	ClientAuthPaths []string

	// Renegotiation allows the client to begin another handshake (TLS 1.2 and
	// below, only with the protection of RFC 5746).
	Renegotiation bool

	NoHTTP2    bool // HTTP/2 is not offered in ALPN
	NoTickets  bool // no session tickets
	NoStapling bool // no OCSP response is stapled

	// NoCompression sends certificates as they are to clients that can
	// decompress them.
	NoCompression bool

	// RecordSizeLimit is the longest protected record that clients may send, as
	// RFC 8449 counts, if they know that extension: 64 to 16385 bytes; 0: what
	// the protocol allows.
	RecordSizeLimit uint16

	// SSL2 speaks SSL 2.0 and nothing else: see package sslv2. Its certificates'
	// keys must not be used by any other binding (DROWN, CVE-2016-0800).
	SSL2 bool

	// EarlyData takes early data (0-RTT) of clients of TLS 1.3 that were here
	// before. Requests that came so, and that may have been sent again by
	// somebody else, are answered if they change nothing by their method; others
	// get 425, and the client sends them again (RFC 8470).
	EarlyData bool

	// Reject ends every connection that this record is found for, as if no
	// record had been found.
	Reject bool
}

// Revocation says how it is found out whether certificates of clients were revoked.
type Revocation struct {
	Check RevocationCheck
	// Lists are files and addresses of CRLs, beside those that certificates name.
	Lists []string
	// CachedOnly has nothing be fetched.
	CachedOnly bool
	// Freshness is how old a fetched list may be, 0: as old as it says. Timeout is how
	// long a client may wait for what is fetched, 0: five seconds.
	Freshness, Timeout time.Duration
}

// RevocationCheck says what becomes of clients.
type RevocationCheck uint8

// The values of RevocationCheck.
const (
	RevocationNone       RevocationCheck = iota // nothing is looked up
	RevocationBestEffort                        // who is known to be revoked is refused
	RevocationStrict                            // so is who is not known not to be
)

var revocationNames = [...]string{"none", "best_effort", "strict"}

// String gives "none", "best_effort" or "strict".
func (c RevocationCheck) String() string { return revocationNames[c] }

// UnmarshalText reads one of the words; nothing is "none".
func (c *RevocationCheck) UnmarshalText(text []byte) error {
	i := slices.Index(revocationNames[:], string(text))
	if len(text) == 0 {
		i = 0
	}
	if i < 0 {
		return fmt.Errorf("%q: write %s", text, strings.Join(revocationNames[:], ", "))
	}
	*c = RevocationCheck(i)
	return nil
}

// OnlyPSK reports whether nobody can connect but who has a pre-shared key: there
// is nothing else by which clients could know the server.
func (s *Settings) OnlyPSK() bool {
	return s.PSKFile != "" && len(s.Certificates) == 0 && s.RawKey == ""
}

// ClientAuth says whether a client is asked for a certificate.
type ClientAuth uint8

// The values of ClientAuth.
const (
	ClientAuthNone    ClientAuth = iota // not asked
	ClientAuthRequest                   // asked; it may have none
	ClientAuthRequire                   // asked; without one the handshake fails
)

var clientAuthNames = [...]string{"none", "request", "require"}

// String gives "none", "request" or "require".
func (c ClientAuth) String() string {
	if int(c) < len(clientAuthNames) {
		return clientAuthNames[c]
	}
	return fmt.Sprintf("clientauth(%d)", uint8(c))
}

// MarshalText writes the value as String does.
func (c ClientAuth) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads "none" or nothing, "request" or "require", in any case.
func (c *ClientAuth) UnmarshalText(text []byte) error {
	name := strings.ToLower(string(text))
	if name == "" {
		name = "none"
	}
	i := slices.Index(clientAuthNames[:], name)
	if i < 0 {
		return fmt.Errorf("client authentication %q: write %s", text, strings.Join(clientAuthNames[:], ", "))
	}
	*c = ClientAuth(i)
	return nil
}

// ParseVersion reads a protocol version as people write it: "TLS 1.2",
// "tls1.2", "TLSv1.2", "1.2", "SSL 3.0", "ssl3".
func ParseVersion(s string) (iana.Version, error) {
	plain := strings.NewReplacer(" ", "", "v", "", "_", "").Replace(strings.ToLower(s))
	switch strings.TrimPrefix(plain, "tls") {
	case "1.3":
		return iana.TLS13, nil
	case "1.2":
		return iana.TLS12, nil
	case "1.1":
		return iana.TLS11, nil
	case "1.0", "1":
		return iana.TLS10, nil
	case "ssl3.0", "ssl3":
		return iana.SSL30, nil
	case "ssl2.0", "ssl2":
		return 0, errors.New("SSL 2.0 is spoken alone and not in a range of versions: write ssl2: true in a binding, --ssl2 in a command")
	}
	return 0, fmt.Errorf("no version is called %q: write 1.2 or 1.3 (or 1.0, 1.1, ssl3)", s)
}

// EffectivePolicy gives the policy that the settings describe. The error says
// which setting leaves nothing to negotiate.
func (s *Settings) EffectivePolicy() (*policy.Policy, error) {
	p := policy.Modern()
	if s.Policy != "" {
		named, err := policy.Named(s.Policy)
		if err != nil {
			return nil, err
		}
		p = named
	}
	if s.MinVersion != 0 && s.MaxVersion != 0 && s.MinVersion > s.MaxVersion {
		return nil, fmt.Errorf("the lowest version %s is above the highest, %s", s.MinVersion, s.MaxVersion)
	}
	if s.MinVersion != 0 || s.MaxVersion != 0 {
		narrowed := p.Between(s.MinVersion, s.MaxVersion)
		if len(narrowed.Versions) == 0 {
			return nil, fmt.Errorf("policy %s has no version %s: it allows %v",
				p.Name, versionRange(s.MinVersion, s.MaxVersion), p.Versions)
		}
		p = narrowed
	}
	for _, id := range s.Suites {
		if slices.Contains(policy.SSL2Suites(), id) != s.SSL2 {
			if s.SSL2 {
				return nil, fmt.Errorf("%v is not of SSL 2.0, which knows %v", id, policy.SSL2Suites())
			}
			return nil, fmt.Errorf("%v is of SSL 2.0", id)
		}
	}
	if len(s.Suites) > 0 {
		own := *p
		own.Suites = s.Suites
		p = &own
	}
	return p, nil
}

// Warnings says what the settings turn on that is weak, each in a sentence
// without its period. What the policy compatible allows is no reason to warn.
func (s *Settings) Warnings() (why []string) {
	if s.SSL2 {
		why = []string{"SSL 2.0 protects nothing, and endangers every other use of its key (DROWN; RFC 6176)"}
		for _, id := range s.Suites {
			why = append(why, policy.Used{Suite: id}.Weak()...)
		}
		return why
	}
	p, err := s.EffectivePolicy()
	if err != nil {
		return nil
	}
	for _, w := range p.Weaknesses() {
		if !slices.Contains(policy.Compatible().Weaknesses(), w) {
			why = append(why, w)
		}
	}
	return why
}

func versionRange(low, high iana.Version) string {
	switch {
	case low == 0:
		return "up to " + high.String()
	case high == 0:
		return "from " + low.String()
	}
	return "from " + low.String() + " to " + high.String()
}
