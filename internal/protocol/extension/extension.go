// Package extension holds the table of RFC 9846, section 4.3: which extension
// may stand in which message. It is the only place that refuses an extension
// for where it stands, for standing twice, or for not having been asked for.
package extension

import (
	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// A Place is a message that carries extensions.
type Place uint16

const (
	ClientHello         Place = 1 << iota // every version
	ServerHello                           // of TLS 1.3
	HelloRetryRequest                     // of TLS 1.3
	EncryptedExtensions                   // of TLS 1.3
	Certificate                           // of TLS 1.3
	CertificateRequest                    // of TLS 1.3
	NewSessionTicket                      // of TLS 1.3
	LegacyServerHello                     // of TLS 1.2 and below
)

// answers are the places whose extensions answer those of the other side: what
// was not asked for must not stand there. HelloRetryRequest's cookie is the
// one exception.
const answers = ServerHello | HelloRetryRequest | EncryptedExtensions | Certificate | LegacyServerHello

// table is RFC 9846, section 4.3, with the extensions of TLS 1.2 and below.
var table = [...]struct {
	typ    iana.ExtensionType
	places Place
}{
	{iana.ExtServerName, ClientHello | EncryptedExtensions | LegacyServerHello},
	{iana.ExtMaxFragmentLength, ClientHello | EncryptedExtensions | LegacyServerHello},
	{iana.ExtStatusRequest, ClientHello | CertificateRequest | Certificate | LegacyServerHello},
	// Some servers of TLS 1.2 send it, though RFC 8422 has it of clients only.
	{iana.ExtSupportedGroups, ClientHello | EncryptedExtensions | LegacyServerHello},
	{iana.ExtECPointFormats, ClientHello | LegacyServerHello},
	{iana.ExtSignatureAlgorithms, ClientHello | CertificateRequest},
	{iana.ExtALPN, ClientHello | EncryptedExtensions | LegacyServerHello},
	{iana.ExtSCT, ClientHello | CertificateRequest | Certificate | LegacyServerHello},
	{iana.ExtPadding, ClientHello},
	{iana.ExtClientCertificateType, ClientHello | EncryptedExtensions | LegacyServerHello},
	{iana.ExtServerCertificateType, ClientHello | EncryptedExtensions | LegacyServerHello},
	{iana.ExtEncryptThenMAC, ClientHello | LegacyServerHello},
	{iana.ExtExtendedMasterSecret, ClientHello | LegacyServerHello},
	{iana.ExtCompressCertificate, ClientHello | CertificateRequest},
	{iana.ExtRecordSizeLimit, ClientHello | EncryptedExtensions | LegacyServerHello},
	{iana.ExtDelegatedCredential, ClientHello | CertificateRequest | Certificate},
	{iana.ExtSessionTicket, ClientHello | LegacyServerHello},
	{iana.ExtPreSharedKey, ClientHello | ServerHello},
	{iana.ExtEarlyData, ClientHello | EncryptedExtensions | NewSessionTicket},
	{iana.ExtSupportedVersions, ClientHello | ServerHello | HelloRetryRequest},
	{iana.ExtCookie, ClientHello | HelloRetryRequest},
	{iana.ExtPSKKeyExchangeModes, ClientHello},
	{iana.ExtCertificateAuthorities, ClientHello | CertificateRequest},
	{iana.ExtOIDFilters, CertificateRequest},
	{iana.ExtPostHandshakeAuth, ClientHello},
	{iana.ExtSignatureAlgorithmsCert, ClientHello | CertificateRequest},
	{iana.ExtKeyShare, ClientHello | ServerHello | HelloRetryRequest},
	{iana.ExtEncryptedClientHello, ClientHello | HelloRetryRequest | EncryptedExtensions},
	{iana.ExtRenegotiationInfo, ClientHello | LegacyServerHello},
}

// empty are the extensions that have nothing in them in some messages. RFC 9846,
// sections 4.3.6, 4.3.10 and 4.5.1; RFC 6066, sections 3 and 8; RFC 6962, section
// 3.3.1; RFC 7627, section 5.1; RFC 7366, section 2; RFC 5077, section 3.2.
var empty = [...]struct {
	typ    iana.ExtensionType
	places Place
}{
	{iana.ExtServerName, EncryptedExtensions | LegacyServerHello},
	{iana.ExtStatusRequest, CertificateRequest | LegacyServerHello},
	{iana.ExtSCT, ClientHello | CertificateRequest},
	{iana.ExtEncryptThenMAC, ClientHello | LegacyServerHello},
	{iana.ExtExtendedMasterSecret, ClientHello | LegacyServerHello},
	{iana.ExtSessionTicket, LegacyServerHello},
	{iana.ExtEarlyData, ClientHello | EncryptedExtensions},
	{iana.ExtPostHandshakeAuth, ClientHello},
}

func isEmpty(t iana.ExtensionType, where Place) bool {
	for i := range empty {
		if empty[i].typ == t {
			return empty[i].places&where != 0
		}
	}
	return false
}

// A Set is a set of the extensions that the table knows.
type Set uint32

// It has a bit for each; a longer table wants a longer Set.
var _ [32 - len(table)]struct{}

// bit gives the extension's bit, 0 if the table does not know it.
func bit(t iana.ExtensionType) (Set, Place) {
	for i := range table {
		if table[i].typ == t {
			return 1 << i, table[i].places
		}
	}
	return 0, 0
}

// Has reports whether the set holds the extension.
func (s Set) Has(t iana.ExtensionType) bool {
	b, _ := bit(t)
	return s&b != 0
}

// Add puts the extension into the set. One that the table does not know is
// left out.
func (s *Set) Add(t iana.ExtensionType) {
	b, _ := bit(t)
	*s |= b
}

// Of gives the set of a block's extensions.
func Of(block wire.Extensions) Set {
	var s Set
	for t := range block.All() {
		s.Add(t)
	}
	return s
}

// Check refuses a block of extensions that may not stand in the message as it
// is: one twice, one where it is not allowed, one that answers nothing, one that
// has something in it where there is nothing to say. asked
// is what this side sent in the message that is being answered.
func Check(where Place, block wire.Extensions, asked Set) (Set, error) {
	if t, twice := block.Duplicate(); twice {
		return 0, fault.With(fault.DuplicateExtension, "%v", t)
	}
	var found Set
	for t, body := range block.All() {
		b, places := bit(t)
		switch {
		case where&answers != 0 && asked&b == 0 && !(t == iana.ExtCookie && where == HelloRetryRequest):
			// RFC 9846, section 4.3: an answer that nobody asked for. An
			// extension that the table does not know was not asked for either.
			return 0, fault.With(fault.UnsolicitedExtension, "%v", t)
		case b != 0 && places&where == 0 && where == LegacyServerHello:
			// RFC 5246, section 7.4.1.4, knows no other fault; in a ClientHello
			// of its version it would not have been asked for.
			return 0, fault.With(fault.UnsolicitedExtension, "%v", t)
		case places&EncryptedExtensions != 0 && where&(ServerHello|HelloRetryRequest) != 0 && places&where == 0:
			return 0, fault.With(fault.ExtensionInClear, "%v", t)
		case b != 0 && places&where == 0:
			return 0, fault.With(fault.ForbiddenExtension, "%v", t)
		case len(body) > 0 && isEmpty(t, where):
			return 0, fault.With(fault.ExtensionForm, "%v is not empty", t)
		}
		found |= b
	}
	return found, nil
}
