package extension

import (
	"strings"
	"testing"

	"github.com/handsel-tls/handsel/internal/protocol/fault"
	"github.com/handsel-tls/handsel/internal/protocol/iana"
	"github.com/handsel-tls/handsel/internal/protocol/wire"
)

// The places in the letters of RFC 9846, section 4.3; SH12 is a ServerHello of
// TLS 1.2 and below, which that table leaves to older documents.
var letters = map[string]Place{
	"CH": ClientHello, "SH": ServerHello, "HRR": HelloRetryRequest, "EE": EncryptedExtensions,
	"CT": Certificate, "CR": CertificateRequest, "NST": NewSessionTicket, "SH12": LegacyServerHello,
}

// allowed says where an extension may stand: RFC 9846, section 4.3, RFC 8449,
// RFC 8879, RFC 9345 and RFC 9849 for TLS 1.3; the document of each extension
// for older versions.
var allowed = map[iana.ExtensionType]string{
	iana.ExtServerName:              "CH EE SH12",
	iana.ExtMaxFragmentLength:       "CH EE SH12",
	iana.ExtStatusRequest:           "CH CR CT SH12",
	iana.ExtSupportedGroups:         "CH EE SH12",
	iana.ExtECPointFormats:          "CH SH12",
	iana.ExtSignatureAlgorithms:     "CH CR",
	iana.ExtALPN:                    "CH EE SH12",
	iana.ExtSCT:                     "CH CR CT SH12",
	iana.ExtPadding:                 "CH",
	iana.ExtEncryptThenMAC:          "CH SH12",
	iana.ExtExtendedMasterSecret:    "CH SH12",
	iana.ExtCompressCertificate:     "CH CR",
	iana.ExtRecordSizeLimit:         "CH EE SH12",
	iana.ExtDelegatedCredential:     "CH CR CT",
	iana.ExtSessionTicket:           "CH SH12",
	iana.ExtPreSharedKey:            "CH SH",
	iana.ExtEarlyData:               "CH EE NST",
	iana.ExtSupportedVersions:       "CH SH HRR",
	iana.ExtCookie:                  "CH HRR",
	iana.ExtPSKKeyExchangeModes:     "CH",
	iana.ExtCertificateAuthorities:  "CH CR",
	iana.ExtOIDFilters:              "CR",
	iana.ExtPostHandshakeAuth:       "CH",
	iana.ExtSignatureAlgorithmsCert: "CH CR",
	iana.ExtKeyShare:                "CH SH HRR",
	iana.ExtEncryptedClientHello:    "CH HRR EE",
	iana.ExtRenegotiationInfo:       "CH SH12",
	iana.ExtClientCertificateType:   "CH EE SH12",
	iana.ExtServerCertificateType:   "CH EE SH12",
}

// TestEveryPlace puts every extension into every message, asked for and not.
func TestEveryPlace(t *testing.T) {
	if len(allowed) != len(table) {
		t.Errorf("%d extensions here, %d in the table", len(allowed), len(table))
	}
	for typ, places := range allowed {
		var asked Set
		asked.Add(typ)
		block := wire.Extensions(wire.AppendExtension(nil, typ, nil))
		for letter, place := range letters {
			here := strings.Contains(" "+places+" ", " "+letter+" ")
			found, err := Check(place, block, asked)
			want := fault.ForbiddenExtension
			switch {
			case place == LegacyServerHello:
				want = fault.UnsolicitedExtension
			case (place == ServerHello || place == HelloRetryRequest) && strings.Contains(places, "EE"):
				want = fault.ExtensionInClear
			}
			if here && (err != nil || !found.Has(typ)) || !here && !is(err, want) {
				t.Errorf("%v in %s: %v", typ, letter, err)
			}
			_, err = Check(place, block, 0)
			unasked := place&answers != 0 && !(typ == iana.ExtCookie && place == HelloRetryRequest)
			if unasked && !is(err, fault.UnsolicitedExtension) || !unasked && here && err != nil {
				t.Errorf("%v in %s, not asked for: %v", typ, letter, err)
			}
		}
	}
}

func is(err error, want fault.Code) bool {
	code, ok := fault.Of(err)
	return ok && code == want
}

// Extensions that nobody knows, and GREASE, may stand where a side begins, and
// not in an answer. RFC 9846, section 4.3; RFC 8701, sections 3 and 4.
func TestUnknown(t *testing.T) {
	for _, typ := range []iana.ExtensionType{0x1a1a, 9999} {
		block := wire.Extensions(wire.AppendExtension(nil, typ, []byte{1}))
		for letter, place := range letters {
			_, err := Check(place, block, ^Set(0))
			if answer := place&answers != 0; answer != is(err, fault.UnsolicitedExtension) || !answer && err != nil {
				t.Errorf("%v in %s: %v", typ, letter, err)
			}
			twice := wire.AppendExtension(append(wire.Extensions{}, block...), typ, nil)
			if _, err := Check(place, twice, 0); !is(err, fault.DuplicateExtension) {
				t.Errorf("%v twice in %s: %v", typ, letter, err)
			}
		}
	}
}

func TestSet(t *testing.T) {
	var s Set
	var block wire.Extensions
	for i, row := range table {
		if s.Has(row.typ) {
			t.Errorf("%v is in before it was added", row.typ)
		}
		s.Add(row.typ)
		block = wire.AppendExtension(block, row.typ, nil)
		if !s.Has(row.typ) || Of(block) != s {
			t.Errorf("%v, extension %d", row.typ, i)
		}
	}
	if s.Add(9999); s.Has(9999) {
		t.Error("an unknown extension is in the set")
	}
}
