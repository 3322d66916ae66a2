package eventlog

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/handsel-tls/handsel/internal/observe/explain"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// Keep says what becomes of something that names a person.
type Keep uint8

// What there is.
const (
	KeepAll  Keep = iota // it is stored as it is
	KeepHash             // a keyed hash of it is: the same is the same, and can be looked for
	KeepNone             // it is not stored
)

var keeps = []string{"keep", "hash", "drop"}

func (k Keep) String() string { return keeps[k] }

// UnmarshalText reads keep, hash or drop; nothing stands for keep.
func (k *Keep) UnmarshalText(text []byte) error {
	for i, word := range keeps {
		if word == string(text) || i == 0 && len(text) == 0 {
			*k = Keep(i)
			return nil
		}
	}
	return fmt.Errorf("%q: write keep, hash or drop", text)
}

// hasher makes hashes with a key that stands beside the log, so that who has the
// log alone cannot try all addresses.
type hasher struct{ key []byte }

const keyBytes = 32

// openHasher reads the key of a log, or makes it.
func openHasher(path string) (*hasher, error) {
	key, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		key = make([]byte, keyBytes)
		rand.Read(key)
		err = os.WriteFile(path, key, 0o600)
	}
	if err == nil && len(key) != keyBytes {
		err = fmt.Errorf("%s: it has to have %d bytes", path, keyBytes)
	}
	return &hasher{key}, err
}

// hashPrefix begins a hash, so that it is not taken for a name or an address.
const hashPrefix = "#"

// hash gives 64 bits of a keyed hash as text, empty for nothing.
func (h *hasher) hash(kind, s string) string {
	if s == "" {
		return ""
	}
	m := hmac.New(sha256.New, h.key)
	m.Write([]byte(kind + "\x00" + s))
	return hashPrefix + hex.EncodeToString(m.Sum(nil)[:8])
}

func (h *hasher) name(s string) string {
	return h.hash("name", strings.ToLower(strings.TrimSuffix(s, ".")))
}
func (h *hasher) address(s string) string { return h.hash("address", s) }

func (k Keep) apply(s string, hash func(string) string) string {
	switch k {
	case KeepHash:
		return hash(s)
	case KeepNone:
		return ""
	}
	return s
}

// keepOut takes out of an event what is not to be stored: its names and
// addresses, wherever they stand. What a certificate says of a client is a name
// as well, and stands in what speaks against it.
func (p *Privacy) keepOut(e *Event, h *hasher) {
	if p.Names != KeepAll {
		for _, name := range []*string{&e.ServerName, &e.OuterName} {
			shown := p.Names.apply(*name, h.name)
			e.withhold(*name, shown)
			*name = shown
		}
		if e.Whose == trust {
			e.Detail = ""
			for i, f := range e.Findings {
				e.Findings[i] = explain.Finding{ID: f.ID, Confidence: f.Confidence, EndedBy: f.EndedBy, Cause: "withheld"}
			}
		}
	}
	if p.Addresses != KeepAll {
		shown := p.Addresses.apply(e.Peer, h.address)
		e.withhold(e.Peer, shown)
		e.Peer, e.Port = shown, 0
	}
}

// trust is a Whose: somebody could not prove who they are.
var trust = fault.Trust.String()

// withhold replaces a text wherever an event tells of it.
func (e *Event) withhold(text, by string) {
	if text == "" {
		return
	}
	if by == "" {
		by = "(withheld)"
	}
	of := regexp.MustCompile("(?i)" + regexp.QuoteMeta(text))
	e.Detail = of.ReplaceAllLiteralString(e.Detail, by)
	if len(e.Findings) == 0 {
		return
	}
	// The findings are a tree of texts: as JSON they are one. A name with
	// characters that JSON writes in another way is of no honest client.
	quoted, err := json.Marshal(text)
	b, bad := json.Marshal(e.Findings)
	if err != nil || bad != nil || string(quoted) != `"`+text+`"` {
		e.Findings = nil
		return
	}
	e.Findings = nil
	json.Unmarshal(of.ReplaceAllLiteral(b, []byte(by)), &e.Findings)
}

// Privacy says what is kept of peers.
type Privacy struct {
	Names     Keep // server names that clients ask for
	Addresses Keep // of peers
}

// withheldName stands in a ClientHello for a name that is not to be stored.
const withheldName = "withheld.invalid"

// offers are the extensions whose content says what a client can do, and nothing
// of who it is or of any secret.
var offers = map[iana.ExtensionType]bool{
	iana.ExtMaxFragmentLength: true, iana.ExtStatusRequest: true, iana.ExtSupportedGroups: true,
	iana.ExtECPointFormats: true, iana.ExtSignatureAlgorithms: true, iana.ExtALPN: true, iana.ExtClientCertificateType: true,
	iana.ExtServerCertificateType: true, iana.ExtCompressCertificate: true, iana.ExtRecordSizeLimit: true,
	iana.ExtDelegatedCredential: true, iana.ExtSupportedVersions: true, iana.ExtPSKKeyExchangeModes: true,
	iana.ExtCertificateAuthorities: true, iana.ExtSignatureAlgorithmsCert: true,
}

// Redact gives a ClientHello, with its header, as it may be stored: the random,
// the session ID, keys, tickets, binders, cookies and whatever is not known to be
// harmless are zeros. Lengths stay, so that it reads as before. It gives nil if
// the message cannot be read.
func Redact(hello []byte, withName bool) []byte {
	if len(hello) < wire.HeaderLen {
		return nil
	}
	b := append([]byte(nil), hello...)
	m, err := wire.ParseClientHello(b[wire.HeaderLen:])
	if err != nil {
		return nil
	}
	clear(m.Random)
	clear(m.SessionID)
	var extensions []byte
	for t, body := range m.Extensions.All() {
		if t == iana.ExtServerName && !withName {
			extensions = wire.AppendServerNameClient(extensions, withheldName)
			continue
		}
		redactExtension(t, body)
		extensions = wire.AppendExtension(extensions, t, body)
	}
	m.Extensions = extensions
	return m.Append(nil)
}

// redactExtension overwrites what is not to be stored.
func redactExtension(t iana.ExtensionType, body []byte) {
	switch {
	case offers[t]:
	case t == iana.ExtServerName:
		if _, err := wire.ParseServerNameClient(body); err != nil {
			clear(body)
		}
	case t == iana.ExtKeyShare:
		shares, err := wire.ParseKeyShareClient(body)
		if err != nil {
			clear(body)
		}
		for _, key := range shares.All() {
			clear(key)
		}
	case t == iana.ExtPreSharedKey:
		redactPSK(body)
	default:
		clear(body)
	}
}

// redactPSK overwrites tickets, identities, ages and binders.
func redactPSK(body []byte) {
	if _, err := wire.ParsePreSharedKeyClient(body); err != nil {
		clear(body)
		return
	}
	r := wire.NewReader("", body)
	identities := wire.NewReader("", r.Vec(2, "", 0))
	for !identities.Empty() {
		clear(identities.Vec(2, "", 0))
		clear(identities.Bytes(4, ""))
	}
	binders := wire.NewReader("", r.Vec(2, "", 0))
	for !binders.Empty() {
		clear(binders.Vec(1, "", 0))
	}
}
