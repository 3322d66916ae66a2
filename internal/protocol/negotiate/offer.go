// Package negotiate holds the choices of a handshake as pure functions of what
// the peer offers and what the policy allows. Each says every "no" to the log.
// Nothing here sends, keeps or waits, so that a choice can be made again with
// one thing changed, to find out what would have worked.
package negotiate

import (
	"bytes"

	"github.com/handsel-tls/handsel/internal/protocol/ech"
	"github.com/handsel-tls/handsel/internal/protocol/extension"
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// An Offer is what a client offers: its ClientHello with the extensions that
// count here. It is a view of the message's bytes.
type Offer struct {
	Hello   wire.ClientHello
	Present extension.Set

	ServerName   string                          // empty if there is none
	Versions     wire.List[iana.Version]         // supported_versions
	Groups       wire.List[iana.Group]           // supported_groups
	Schemes      wire.List[iana.SignatureScheme] // signature_algorithms
	SchemesCert  wire.List[iana.SignatureScheme] // signature_algorithms_cert
	Protocols    wire.ProtocolNameList           // ALPN
	KeyShares    wire.KeyShareClient
	PSK          wire.PreSharedKeyClient
	PSKModes     []byte
	Ticket       []byte // session_ticket
	Renegotiated []byte // renegotiation_info
	Cookie       []byte
	PointFormats []byte
	Compressions wire.List[iana.CertificateCompression] // compress_certificate
	authorities  []byte                                 // certificate_authorities

	Delegates       wire.List[iana.SignatureScheme] // delegated_credential
	RecordSizeLimit uint16                          // record_size_limit, 0 if there is none
	MaxFragment     wire.MaxFragmentLength          // max_fragment_length, likewise
	ECH             wire.EncryptedClientHello

	ServerTypes []byte // server_certificate_type, one byte each; nil: there is none
	ClientTypes []byte // client_certificate_type
	pskErr      error
	pskLast     bool // pre_shared_key is the last extension
}

// CheckPSK refuses pre_shared_key if its form is wrong or it is not the last
// extension. It does not exist before TLS 1.3. RFC 9846, section 4.3.11.
func (o *Offer) CheckPSK() error {
	ids, binders := o.PSK.Counts()
	switch {
	case !o.Has(iana.ExtPreSharedKey):
		return nil
	case o.pskErr != nil:
		return o.pskErr
	case !o.pskLast:
		return fault.PSKNotLast
	case ids != binders:
		return fault.BinderCount
	}
	return nil
}

// Authorities gives the DER names of certificate_authorities.
func (o *Offer) Authorities() [][]byte {
	if o.authorities == nil {
		return nil
	}
	names, _ := wire.ParseCertificateAuthorities(o.authorities) // it was parsed before
	return names
}

// Has reports whether the client sent the extension.
func (o *Offer) Has(t iana.ExtensionType) bool { return o.Present.Has(t) }

// WithoutBlock forgets the extensions, which the version that was chosen does
// not have, but for that which protects a connection of any version: RFC 5746,
// section 3.
func (o *Offer) WithoutBlock() {
	var left extension.Set
	if o.Has(iana.ExtRenegotiationInfo) {
		left.Add(iana.ExtRenegotiationInfo)
	}
	o.Present = left
}

// ReadOffer reads the body of a ClientHello and refuses what may not stand in
// any (RFC 9846, section 4.2.2, and the sections of the extensions).
func ReadOffer(body []byte) (Offer, error) {
	hello, err := wire.ParseClientHello(body)
	if err != nil {
		return Offer{}, fault.With(fault.HelloForm, "%w", err)
	}
	o := Offer{Hello: hello}
	if o.Present, err = extension.Check(extension.ClientHello, hello.Extensions, 0); err != nil {
		return o, err
	}
	var last iana.ExtensionType
	var ext []byte
	for rest := hello.Extensions; len(rest) > 0; {
		last, ext, rest = rest.Next()
		if err := o.read(last, ext); err != nil {
			return o, err
		}
	}
	o.pskLast = last == iana.ExtPreSharedKey
	return o, o.checkShares()
}

func (o *Offer) read(t iana.ExtensionType, b []byte) (err error) {
	switch t {
	case iana.ExtServerName:
		o.ServerName, err = serverName(b)
	case iana.ExtSupportedVersions:
		o.Versions, err = wire.ParseSupportedVersionsClient(b)
	case iana.ExtSupportedGroups:
		o.Groups, err = wire.ParseSupportedGroups(b)
	case iana.ExtSignatureAlgorithms:
		o.Schemes, err = wire.ParseSignatureAlgorithms(b)
	case iana.ExtSignatureAlgorithmsCert:
		o.SchemesCert, err = wire.ParseSignatureAlgorithms(b)
	case iana.ExtALPN:
		o.Protocols, err = wire.ParseALPN(b)
	case iana.ExtKeyShare:
		o.KeyShares, err = wire.ParseKeyShareClient(b)
	case iana.ExtPreSharedKey:
		o.PSK, o.pskErr = wire.ParsePreSharedKeyClient(b)
	case iana.ExtPSKKeyExchangeModes:
		o.PSKModes, err = wire.ParsePSKKeyExchangeModes(b)
	case iana.ExtSessionTicket:
		o.Ticket = b
	case iana.ExtRenegotiationInfo:
		o.Renegotiated, err = wire.ParseRenegotiationInfo(b)
	case iana.ExtCertificateAuthorities:
		o.authorities = b
		_, err = wire.ParseCertificateAuthorities(b)
	case iana.ExtServerCertificateType:
		o.ServerTypes, err = certificateTypes(b)
	case iana.ExtClientCertificateType:
		o.ClientTypes, err = certificateTypes(b)
	case iana.ExtCookie:
		o.Cookie, err = wire.ParseCookie(b)
	case iana.ExtECPointFormats:
		o.PointFormats, err = wire.ParseECPointFormats(b)
	case iana.ExtDelegatedCredential:
		o.Delegates, err = wire.ParseDelegatedCredentialClient(b)
	case iana.ExtRecordSizeLimit:
		o.RecordSizeLimit, err = readRecordSizeLimit(b)
	case iana.ExtMaxFragmentLength:
		o.MaxFragment, err = readMaxFragment(b)
	case iana.ExtCompressCertificate:
		o.Compressions, err = ReadCompressions(b)
	case iana.ExtEncryptedClientHello:
		o.ECH, err = ech.Parse(b)
	case iana.ExtStatusRequest:
		_, err = wire.ParseStatusRequest(b)
	case iana.ExtQUICTransportParameters:
		err = fault.QUICParameters
	}
	return err
}

func certificateTypes(b []byte) ([]byte, error) {
	list, err := wire.ParseCertificateTypes(b)
	if err != nil {
		return nil, err
	}
	return list, checkTypes(list)
}

// serverName gives the DNS host name. Other name types do not exist (RFC 6066,
// section 3); an address in its place is no name.
func serverName(b []byte) (string, error) {
	name, err := wire.ParseServerNameClient(b)
	return string(name), err
}

// manyShares is more key shares than there are groups.
const manyShares = 32

// checkShares refuses key shares that RFC 9846, section 4.3.8, forbids, in time
// proportional to what was offered.
func (o *Offer) checkShares() error {
	shares := wire.Extensions(o.KeyShares) // the form is the same
	if t, twice := shares.Duplicate(); twice {
		return fault.With(fault.DuplicateKeyShare, "%v", iana.Group(t))
	}
	supports := o.Groups.Has
	if o.KeyShares.Count() > manyShares {
		groups := make(map[iana.Group]bool, o.Groups.Len())
		for i := range o.Groups.Len() {
			groups[o.Groups.At(i)] = true
		}
		supports = func(g iana.Group) bool { return groups[g] }
	}
	for t := range shares.All() {
		if g := iana.Group(t); !supports(g) {
			return fault.With(fault.KeyShareUnsupported, "%v", g)
		}
	}
	return nil
}

// OfferedVersion is the newest version that the client offers.
func (o *Offer) OfferedVersion() iana.Version {
	if !o.Has(iana.ExtSupportedVersions) {
		return o.Hello.Version
	}
	var newest iana.Version
	for i := range o.Versions.Len() {
		if v := o.Versions.At(i); v <= iana.TLS13 && v > newest {
			newest = v
		}
	}
	return newest
}

// SameOffer refuses a second ClientHello that differs from the first in more
// than RFC 9846, section 4.2.2, allows: the key share, the cookie, the
// pre-shared keys, the padding, and early data that is gone.
func SameOffer(first, second *Offer) error {
	a, b := &first.Hello, &second.Hello
	if a.Version != b.Version || !bytes.Equal(a.Random, b.Random) || !bytes.Equal(a.SessionID, b.SessionID) ||
		!bytes.Equal(a.CipherSuites, b.CipherSuites) || !bytes.Equal(a.Compression, b.Compression) {
		return fault.With(fault.HelloChanged, "in a field before the extensions")
	}
	// A block has room for thousands of extensions: none is looked for in it.
	before := make(map[iana.ExtensionType][]byte)
	for t, body := range a.Extensions.All() {
		if !mayChange(t) {
			before[t] = body
		}
	}
	for t, body := range b.Extensions.All() {
		if mayChange(t) {
			continue
		}
		if old, ok := before[t]; !ok || !bytes.Equal(old, body) {
			return fault.With(fault.HelloChanged, "%v", t)
		}
		delete(before, t)
	}
	for t := range before {
		return fault.With(fault.HelloChanged, "%v is gone", t)
	}
	return nil
}

func mayChange(t iana.ExtensionType) bool {
	switch t {
	case iana.ExtKeyShare, iana.ExtCookie, iana.ExtPreSharedKey, iana.ExtPadding, iana.ExtEarlyData,
		iana.ExtEncryptedClientHello: // of a ClientHelloOuter; RFC 9849, section 6.1.5
		return true
	}
	return false
}
